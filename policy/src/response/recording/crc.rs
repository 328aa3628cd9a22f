//! The checksums of FLAC (RFC 9639 §9.1.8 and §9.3), most significant bit first, from 0. Over bytes
//! and their checksum each is 0.

const TABLE_8: [u8; 256] = table_8();
const TABLE_16: [u16; 256] = table_16();

/// x⁸ + x² + x + 1.
pub(super) fn crc_8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |crc, it| entry(&TABLE_8, crc ^ it))
}

/// x¹⁶ + x¹⁵ + x² + 1.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Crc16(u16);

// === impl Crc16 ===

impl Crc16 {
    /// Goes through more bytes. How many of them follow the last one behind which the checksum fitted, if
    /// it did behind any.
    pub(super) fn add(&mut self, bytes: &[u8]) -> Option<u64> {
        let mut fitted = None;
        for (at, byte) in bytes.iter().enumerate() {
            let [high, low] = self.0.to_be_bytes();
            self.0 = entry(&TABLE_16, high ^ byte) ^ u16::from_be_bytes([low, 0]);
            if self.fits() {
                fitted = Some(at);
            }
        }
        Some(bytes.len().saturating_sub(fitted?.saturating_add(1)) as u64)
    }

    /// Whether the last two bytes are the checksum of those before.
    pub(super) fn fits(self) -> bool {
        self.0 == 0
    }
}

fn entry<T: Copy + Default>(table: &[T; 256], at: u8) -> T {
    table.get(usize::from(at)).copied().unwrap_or_default()
}

#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "the compiler evaluates it: what is wrong does not build"
)]
const fn table_8() -> [u8; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut crc = i as u8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x80 == 0 { crc << 1 } else { crc << 1 ^ 0x07 };
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
}

#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "the compiler evaluates it: what is wrong does not build"
)]
const fn table_16() -> [u16; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut crc = (i as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x8005 };
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
}
