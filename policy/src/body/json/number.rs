//! A number (RFC 8259 §6).

/// How far a number was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    /// Behind the sign, where a digit must come.
    Minus,
    /// Behind a zero that nothing but a fraction or an exponent may follow.
    Zero,
    /// In the digits before the point.
    Integer,
    /// Behind the point, where a digit must come.
    Point,
    /// In the digits behind the point.
    Fraction,
    /// Behind `e`, where a sign or a digit must come.
    E,
    /// Behind the sign of the exponent, where a digit must come.
    ExponentSign,
    /// In the digits of the exponent.
    Exponent,
}

// === impl Number ===

impl Number {
    /// A number that begins with `byte`.
    pub(super) fn begin(byte: u8) -> Option<Self> {
        match byte {
            b'-' => Some(Self::Minus),
            b'0' => Some(Self::Zero),
            b'1'..=b'9' => Some(Self::Integer),
            _ => None,
        }
    }

    /// The number with `byte`; `None` if the byte belongs to no number that began so.
    pub(super) fn with(self, byte: u8) -> Option<Self> {
        match (self, byte) {
            (Self::Minus, _) => Self::begin(byte).filter(|it| *it != Self::Minus),
            (Self::Integer, b'0'..=b'9') => Some(Self::Integer),
            (Self::Zero | Self::Integer, b'.') => Some(Self::Point),
            (Self::Point | Self::Fraction, b'0'..=b'9') => Some(Self::Fraction),
            (Self::Zero | Self::Integer | Self::Fraction, b'e' | b'E') => Some(Self::E),
            (Self::E, b'+' | b'-') => Some(Self::ExponentSign),
            (Self::E | Self::ExponentSign | Self::Exponent, b'0'..=b'9') => Some(Self::Exponent),
            _ => None,
        }
    }

    /// Whether it may end here.
    pub(super) fn is_complete(self) -> bool {
        matches!(self, Self::Zero | Self::Integer | Self::Fraction | Self::Exponent)
    }
}
