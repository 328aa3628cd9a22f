//! Text in UTF-8 that comes in slices.

/// Checks a text, and hands it on in whole characters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Utf8Text {
    /// The beginning of a character whose rest is to come.
    partial: [u8; 4],
    partial_len: usize,
    /// Bytes handed on.
    valid: u64,
}

/// A text that is not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotUtf8 {
    /// How many bytes of it are, from its beginning.
    pub(crate) valid: u64,
}

// === impl Utf8Text ===

impl Utf8Text {
    /// More of the text: `piece` gets all of it that is valid, the bytes before an error too.
    pub(crate) fn feed(
        &mut self,
        mut bytes: &[u8],
        piece: &mut impl FnMut(&[u8]),
    ) -> Result<(), NotUtf8> {
        while self.partial_len > 0
            && let Some((first, rest)) = bytes.split_first()
        {
            self.hold(&[*first]);
            bytes = rest;
            let character = self.partial.get(..self.partial_len).unwrap_or_default();
            match std::str::from_utf8(character) {
                Ok(_) => {
                    piece(character);
                    self.valid = self.valid.saturating_add(character.len() as u64);
                    self.partial_len = 0;
                }
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return Err(self.error()),
            }
        }
        let (valid, error) = match std::str::from_utf8(bytes) {
            Ok(_) => (bytes, None),
            Err(error) => {
                (bytes.get(..error.valid_up_to()).unwrap_or_default(), Some(error.error_len()))
            }
        };
        if !valid.is_empty() {
            piece(valid);
            self.valid = self.valid.saturating_add(valid.len() as u64);
        }
        match error {
            None => Ok(()),
            Some(None) => {
                self.hold(bytes.get(valid.len()..).unwrap_or_default());
                Ok(())
            }
            Some(Some(_)) => Err(self.error()),
        }
    }

    /// The text has ended.
    pub(crate) fn finish(&self) -> Result<(), NotUtf8> {
        if self.partial_len == 0 { Ok(()) } else { Err(self.error()) }
    }

    fn hold(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if let Some(place) = self.partial.get_mut(self.partial_len) {
                *place = *byte;
                self.partial_len = self.partial_len.saturating_add(1);
            }
        }
    }

    fn error(&self) -> NotUtf8 {
        NotUtf8 { valid: self.valid }
    }
}

#[cfg(test)]
mod tests;
