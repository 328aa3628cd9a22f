//! Recordings of silence, as encoders write them.

/// A chunk of RIFF.
pub fn chunk(id: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let size = u32::try_from(body.len()).unwrap().to_le_bytes();
    let padding = &[0][..body.len() % 2];
    [id.as_slice(), &size, body, padding].concat()
}

/// `fmt ` of PCM with the byte rate that follows from it.
pub fn pcm(sample_rate: u32, channels: u16, bits: u16) -> Vec<u8> {
    let align = channels * bits / 8;
    let byte_rate = sample_rate * u32::from(align);
    let fields = [&1_u16.to_le_bytes()[..], &channels.to_le_bytes(), &sample_rate.to_le_bytes()];
    let rest = [&byte_rate.to_le_bytes()[..], &align.to_le_bytes(), &bits.to_le_bytes()];
    [fields.concat(), rest.concat()].concat()
}

/// A file of these chunks.
pub fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = [b"WAVE".as_slice(), &chunks.concat()].concat();
    chunk(b"RIFF", &body)
}

/// Mono of 16 bits.
pub fn wav(sample_rate: u32, millis: u32) -> Vec<u8> {
    let bytes = vec![0; (sample_rate * 2 / 1000 * millis) as usize];
    riff(&[chunk(b"fmt ", &pcm(sample_rate, 1, 16)), chunk(b"data", &bytes)])
}

/// Its header, and `audio` bytes that are no frames.
pub fn flac(sample_rate: u64, samples: u64, picture: usize, audio: usize) -> Vec<u8> {
    // Mono of 16 bits.
    let packed = sample_rate << 44 | 15 << 36 | samples;
    let mut info = [0; 34];
    info[10..18].copy_from_slice(&packed.to_be_bytes());
    let size = u32::try_from(picture).unwrap().to_be_bytes();
    let blocks = [&[0, 0, 0, 34], &info[..], &[0x86], &size[1..], &vec![1; picture]].concat();
    [b"fLaC".as_slice(), &blocks, &vec![0xff; audio]].concat()
}

/// Frames of MPEG-1 at 128 kbit/s and 44.1 kHz, 1152 samples each, mono.
pub fn mp3(frames: usize) -> Vec<u8> {
    let mut frame = vec![0; 417];
    frame[..4].copy_from_slice(&[0xff, 0xfb, 0x90, 0xc0]);
    frame.repeat(frames)
}

/// A first frame that says how many follow.
pub fn xing(frames: u32) -> Vec<u8> {
    let mut frame = mp3(1);
    frame[21..25].copy_from_slice(b"Xing");
    frame[28] = 1;
    frame[29..33].copy_from_slice(&frames.to_be_bytes());
    frame
}

/// An empty tag of so many bytes.
pub fn id3(size: usize) -> Vec<u8> {
    let size_bytes = [(size >> 14) as u8 & 0x7f, (size >> 7) as u8 & 0x7f, size as u8 & 0x7f];
    [b"ID3\x04\0\0\0".as_slice(), &size_bytes, &vec![0xff; size]].concat()
}

/// A page of Ogg.
pub fn page(flags: u8, granule: u64, serial: u32, body: &[u8]) -> Vec<u8> {
    let mut table = vec![255; body.len() / 255];
    table.push((body.len() % 255) as u8);
    let head = [b"OggS\0".as_slice(), &[flags], &granule.to_le_bytes(), &serial.to_le_bytes()];
    [head.concat(), vec![0; 8], vec![table.len() as u8], table, body.to_vec()].concat()
}

/// The first packet of Opus.
pub fn opus_head(pre_skip: u16) -> Vec<u8> {
    let rate = 16_000_u32.to_le_bytes();
    [b"OpusHead\x01\x01".as_slice(), &pre_skip.to_le_bytes(), &rate, &[0; 3]].concat()
}

/// Opus of so many samples at 48 kHz, a page a second.
pub fn opus(serial: u32, samples: u64) -> Vec<u8> {
    let mut pages = [page(2, 0, serial, &opus_head(312)), page(0, 0, serial, b"OpusTags")].concat();
    for second in 1..=samples / 48_000 {
        pages.extend(page(0, second * 48_000, serial, &[0x5a; 700]));
    }
    pages.extend(page(4, samples + 312, serial, &[0x5a; 10]));
    pages
}

/// AAC in ADTS: frames of 40 bytes, 1024 samples each at 24 kHz, mono.
pub fn adts(frames: usize) -> Vec<u8> {
    let len = 40_u16;
    let head = [0xff, 0xf1, 0x58, 0x40 | (len >> 11) as u8, (len >> 3) as u8, (len << 5) as u8];
    let frame = [&head[..], &[0xfc], &[0x21; 33]].concat();
    frame.repeat(frames)
}

/// A frame of FLAC of so many samples of silence, mono, 16 bits: fixed sizes, and `number` below 128.
pub fn flac_frame(number: u8, samples: u16) -> Vec<u8> {
    let size = (samples - 1).to_be_bytes();
    let mut frame = vec![0xff, 0xf8, 0x70, 0x08, number, size[0], size[1]];
    frame.push(crc(&frame, 8, 0x07) as u8);
    // A constant subframe.
    frame.extend([0, 0, 0]);
    frame.extend((crc(&frame, 16, 0x8005) as u16).to_be_bytes());
    frame
}

/// FLAC whose header knows no length, of frames of 4096 samples.
pub fn flac_frames(sample_rate: u64, frames: u8) -> Vec<u8> {
    let frames = (0..frames).flat_map(|it| flac_frame(it, 4096));
    flac(sample_rate, 0, 0, 0).into_iter().chain(frames).collect()
}

/// Of `bits` bits, the most significant first, from 0.
pub fn crc(bytes: &[u8], bits: u32, polynomial: u32) -> u32 {
    let top = 1_u32 << (bits - 1);
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte) << (bits - 8), |crc, _| {
            let shifted = crc << 1 & (top << 1).wrapping_sub(1);
            if crc & top == 0 { shifted } else { shifted ^ polynomial }
        })
    })
}
