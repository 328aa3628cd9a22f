//! The few protobuf fields that Envoy's foreign functions speak, by hand: a protobuf library would
//! be larger than the filter. Encoding: protobuf.dev/programming-guides/encoding.

/// A message being written.
#[derive(Default)]
pub(crate) struct Message(Vec<u8>);

impl Message {
    /// Adds a length-delimited field: a string or bytes.
    pub(crate) fn bytes(mut self, field: u8, value: &[u8]) -> Self {
        self.key(field, 2);
        self.varint(value.len());
        self.0.extend_from_slice(value);
        self
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }

    /// Field numbers here are below 16, so a key is one byte.
    fn key(&mut self, field: u8, wire_type: u8) {
        self.0.push((field & 0x0f) << 3 | wire_type);
    }

    fn varint(&mut self, mut value: usize) {
        while value >= 0x80 {
            self.0.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

/// Whether boolean field 1 of a message is true; proto3 leaves a false one out, and Envoy writes
/// fields in order, so nothing before it need be skipped.
pub(crate) fn first_field_is_true(message: &[u8]) -> bool {
    message.starts_with(&[0x08, 0x01])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_field_has_its_length_as_a_varint() {
        let encoded = Message::default().bytes(1, b"ab").bytes(4, &[7; 300]).finish();
        assert_eq!(&encoded[..4], &[0x0a, 2, b'a', b'b']);
        assert_eq!(&encoded[4..7], &[0x22, 0xac, 0x02]);
        assert_eq!(encoded.len(), 7 + 300);
    }

    #[test]
    fn only_an_explicit_true_is_true() {
        assert!(first_field_is_true(&[0x08, 0x01]));
        assert!(!first_field_is_true(&[0x08, 0x00]));
        assert!(!first_field_is_true(&[]));
        assert!(!first_field_is_true(&[0x12, 0x02, 0x08, 0x01]));
    }
}
