//! Which script a character belongs to, as far as it matters for how long it takes to speak.

#[cfg(test)]
mod tests;

/// A script, or a kind of character that is spoken at a rate of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Script {
    /// Chinese characters, Japanese kanji and Korean hanja.
    Han,
    /// Hiragana and katakana.
    Kana,
    /// Korean syllables and their letters.
    Hangul,
    /// Latin letters; also all of ASCII but digits, so the spaces between words too.
    Latin,
    /// Cyrillic letters.
    Cyrillic,
    /// Greek letters.
    Greek,
    /// Arabic letters.
    Arabic,
    /// Hebrew letters.
    Hebrew,
    /// Devanagari.
    Devanagari,
    /// The other scripts of India and Sri Lanka: Bengali to Sinhala.
    Indic,
    /// Thai and Lao.
    Thai,
    /// Decimal digits of all these scripts.
    Digit,
    /// Punctuation and spaces beyond ASCII: a pause.
    Punctuation,
    /// Anything else: other scripts, symbols, emoji, and bytes that are no UTF-8.
    Other,
}

/// Every script, in the order of the documentation.
pub const SCRIPTS: [Script; 14] = [
    Script::Han,
    Script::Kana,
    Script::Hangul,
    Script::Latin,
    Script::Cyrillic,
    Script::Greek,
    Script::Arabic,
    Script::Hebrew,
    Script::Devanagari,
    Script::Indic,
    Script::Thai,
    Script::Digit,
    Script::Punctuation,
    Script::Other,
];

/// From which scalar value on which script is, up to the next row (Unicode 16.0, `Blocks.txt`; a
/// block is taken as a whole but for digits and punctuation).
const FIRST: [(u32, Script); 71] = {
    use Script::*;
    [
        (0x0000, Latin),
        (0x0030, Digit),
        (0x003a, Latin),
        (0x0080, Punctuation),
        (0x00c0, Latin),
        (0x0370, Greek),
        (0x0400, Cyrillic),
        (0x0530, Other),
        (0x0590, Hebrew),
        (0x0600, Arabic),
        (0x0660, Digit),
        (0x066a, Arabic),
        (0x06f0, Digit),
        (0x06fa, Arabic),
        (0x0700, Other),
        (0x0750, Arabic),
        (0x0780, Other),
        (0x0870, Arabic),
        (0x0900, Devanagari),
        (0x0966, Digit),
        (0x0970, Devanagari),
        (0x0980, Indic),
        (0x09e6, Digit),
        (0x09f0, Indic),
        (0x0e00, Thai),
        (0x0e50, Digit),
        (0x0e5a, Thai),
        (0x0f00, Other),
        (0x1100, Hangul),
        (0x1200, Other),
        (0x1c80, Cyrillic),
        (0x1c90, Other),
        (0x1d00, Latin),
        (0x1f00, Greek),
        (0x2000, Punctuation),
        (0x2070, Other),
        (0x2c60, Latin),
        (0x2c80, Other),
        (0x2de0, Cyrillic),
        (0x2e00, Punctuation),
        (0x2e80, Han),
        (0x2fe0, Other),
        (0x3000, Punctuation),
        (0x3005, Han),
        (0x3008, Punctuation),
        (0x3040, Kana),
        (0x3100, Other),
        (0x3130, Hangul),
        (0x3190, Other),
        (0x31f0, Kana),
        (0x3200, Other),
        (0x3400, Han),
        (0x4dc0, Other),
        (0x4e00, Han),
        (0xa000, Other),
        (0xa640, Cyrillic),
        (0xa6a0, Other),
        (0xa720, Latin),
        (0xa800, Other),
        (0xa8e0, Devanagari),
        (0xa900, Other),
        (0xa960, Hangul),
        (0xa980, Other),
        (0xac00, Hangul),
        (0xd800, Other),
        (0xf900, Han),
        (0xfb00, Latin),
        (0xfb1d, Hebrew),
        (0xfb50, Arabic),
        (0xfe00, Other),
        (0xfe70, Arabic),
    ]
};

/// The rows above [`FIRST`]'s: forms for East Asian widths, and the planes beyond the first.
const FIRST_OF_FORMS: [(u32, Script); 12] = {
    use Script::*;
    [
        (0xff00, Punctuation),
        (0xff10, Digit),
        (0xff1a, Punctuation),
        (0xff21, Latin),
        (0xff5b, Punctuation),
        (0xff66, Kana),
        (0xffa0, Hangul),
        (0xffe0, Other),
        (0x1b000, Kana),
        (0x1b170, Other),
        (0x20000, Han),
        (0x323b0, Other),
    ]
};

// === impl Script ===

impl Script {
    /// The script of a scalar value.
    pub fn of(scalar: u32) -> Self {
        match scalar {
            // The commonest, for speed; the tables say the same.
            0x4e00..=0x9fff => Self::Han,
            0xac00..=0xd7ff => Self::Hangul,
            0x3040..=0x30ff => Self::Kana,
            0x0400..=0x052f => Self::Cyrillic,
            0x0000..=0x002f | 0x003a..=0x007f | 0x00c0..=0x036f => Self::Latin,
            0xff00.. => find(&FIRST_OF_FORMS, scalar),
            _ => find(&FIRST, scalar),
        }
    }

    /// Its name in the policy file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Han => "han",
            Self::Kana => "kana",
            Self::Hangul => "hangul",
            Self::Latin => "latin",
            Self::Cyrillic => "cyrillic",
            Self::Greek => "greek",
            Self::Arabic => "arabic",
            Self::Hebrew => "hebrew",
            Self::Devanagari => "devanagari",
            Self::Indic => "indic",
            Self::Thai => "thai",
            Self::Digit => "digit",
            Self::Punctuation => "punctuation",
            Self::Other => "other",
        }
    }
}

fn find(rows: &[(u32, Script)], scalar: u32) -> Script {
    let after = rows.partition_point(|(first, _)| *first <= scalar);
    after.checked_sub(1).and_then(|it| rows.get(it)).map_or(Script::Other, |(_, script)| *script)
}
