//! CRC-32 of RFC 1952 §8.

/// One byte at a time: `crc32fast` is twice as fast, with 17 KB of tables in the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Crc32(u32);

static TABLE: [u32; 256] = table();

#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)] // Evaluated by the compiler.
const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut crc = i as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 };
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
}

// === impl Crc32 ===

impl Crc32 {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let [low, ..] = self.0.to_le_bytes();
            let entry = TABLE.get(usize::from(low ^ byte)).copied().unwrap_or_default();
            self.0 = entry ^ self.0.wrapping_shr(8);
        }
    }

    pub(super) fn value(self) -> u32 {
        !self.0
    }
}

impl Default for Crc32 {
    fn default() -> Self {
        Self(u32::MAX)
    }
}
