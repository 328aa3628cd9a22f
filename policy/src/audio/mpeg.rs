//! MPEG-1 and MPEG-2 audio layer III (ISO/IEC 11172-3 §2.4.1.3, 13818-3 §2.4.2.3, and the customary
//! "2.5" below 16 kHz), ID3v2 tags (id3.org, v2.4.0 §3.1), and the frame counts that encoders leave
//! in a first frame without sound (LAME's `Xing` and `Info`, Fraunhofer's `VBRI`).

use super::be;

/// A frame's header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    /// With the header, in bytes.
    pub(crate) len: u64,
    pub(crate) samples: u64,
    pub(crate) sample_rate: u32,
    /// Where an encoder's count stands.
    xing: usize,
}

/// What of a first frame is looked at for a count of frames.
pub(crate) const FIRST: u64 = 56;

/// kbit/s, by the header's index; 0 is the free format, which nothing here can measure.
const BITRATES_1: [u64; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const BITRATES_2: [u64; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

const SAMPLE_RATES: [u32; 3] = [44_100, 48_000, 32_000];

// === impl Header ===

impl Header {
    pub(crate) fn parse(block: &[u8]) -> Option<Self> {
        let [0xff, b, c, d] = *block.get(..4)? else { return None };
        // Eleven bits of sync, two of version, two of layer (01 is III).
        if b & 0xe6 != 0xe2 {
            return None;
        }
        let (is_mpeg_1, divisor) = match b >> 3 & 3 {
            3 => (true, 1),
            2 => (false, 2),
            0 => (false, 4),
            _ => return None,
        };
        let bitrates = if is_mpeg_1 { BITRATES_1 } else { BITRATES_2 };
        let bitrate = *bitrates.get(usize::from(c >> 4)).filter(|it| **it > 0)?;
        let sample_rate = SAMPLE_RATES.get(usize::from(c >> 2 & 3))?.checked_div(divisor)?;
        let samples: u64 = if is_mpeg_1 { 1152 } else { 576 };
        let bytes = (samples / 8).saturating_mul(bitrate).saturating_mul(1000);
        let len = bytes.checked_div(sample_rate.into())?.saturating_add((c >> 1 & 1).into());
        let is_mono = d >> 6 == 3;
        let xing = match (is_mpeg_1, is_mono) {
            (true, false) => 36,
            (true, true) | (false, false) => 21,
            (false, true) => 13,
        };
        Some(Self { len, samples, sample_rate, xing })
    }

    /// What a first frame says that is there only to say it.
    pub(crate) fn claimed_frames(&self, frame: &[u8]) -> Option<u64> {
        let xing = frame.get(self.xing..)?;
        if xing.starts_with(b"Xing") || xing.starts_with(b"Info") {
            let has_frames = be(xing, 4, 4)? & 1 != 0;
            return if has_frames { be(xing, 8, 4) } else { Some(0) };
        }
        let vbri = frame.get(36..)?;
        if vbri.starts_with(b"VBRI") { be(vbri, 14, 4) } else { None }
    }

    pub(crate) fn micros(&self) -> u64 {
        let micros = self.samples.saturating_mul(1_000_000);
        micros.checked_div(self.sample_rate.into()).unwrap_or_default()
    }
}

/// Whether four bytes are a frame's header.
pub(crate) fn is_frame(block: &[u8]) -> bool {
    Header::parse(block).is_some()
}

/// How long the ID3v2 tag is that begins with `block`: a size of four times seven bits, without
/// the header of ten bytes, and a footer of ten more.
pub(crate) fn id3_len(block: &[u8]) -> u64 {
    let [b'I', b'D', b'3', _, _, flags, size @ ..] = block else { return 0 };
    let size = size.iter().take(4).fold(0_u64, |value, it| value << 7 | u64::from(it & 0x7f));
    size.saturating_add(if flags & 0x10 == 0 { 10 } else { 20 })
}
