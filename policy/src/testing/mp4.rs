//! Boxes of MP4, as packagers write them.

/// A box.
pub fn plain(kind: &str, body: &[u8]) -> Vec<u8> {
    let size = u32::try_from(body.len() + 8).unwrap().to_be_bytes();
    [&size[..], kind.as_bytes(), body].concat()
}

/// One with a version and flags.
pub fn full(kind: &str, flags: u32, body: &[u8]) -> Vec<u8> {
    plain(kind, &[&flags.to_be_bytes()[..], body].concat())
}

/// What a file begins with.
pub fn ftyp() -> Vec<u8> {
    plain("ftyp", b"iso5\0\0\x02\0iso5dash")
}

/// A track with a handler of `soun` or `vide`; a duration of 0 if it is in fragments.
pub fn track(id: u32, handler: &[u8; 4], timescale: u32, duration: u32) -> Vec<u8> {
    let header = full("tkhd", 7, &[&[0; 8][..], &id.to_be_bytes(), &[0; 68]].concat());
    let times = [&[0; 8][..], &timescale.to_be_bytes(), &duration.to_be_bytes(), &[0; 4]].concat();
    let handler = full("hdlr", 0, &[&[0; 4][..], handler, &[0; 13]].concat());
    let media = plain("mdia", &[full("mdhd", 0, &times), handler, plain("minf", &[0; 9])].concat());
    plain("trak", &[header, media].concat())
}

/// A header; `duration` is that of samples of track 1 that do not say it.
pub fn movie(tracks: &[Vec<u8>], duration: Option<u32>) -> Vec<u8> {
    let defaults = duration.map(|duration| {
        let fields = [1, 1, duration, 0, 0].map(u32::to_be_bytes).concat();
        plain("mvex", &full("trex", 0, &fields))
    });
    let header = full("mvhd", 0, &[0; 96]);
    plain("moov", &[header, tracks.concat(), defaults.unwrap_or_default()].concat())
}

/// A fragment of one track; `runs` may begin with its head.
pub fn moof(track: u32, runs: &[u8]) -> Vec<u8> {
    let head =
        if runs.get(4..8) == Some(b"tfhd") { Vec::new() } else { fragment_head(track, None) };
    let count = full("mfhd", 0, &[0; 4]);
    plain("moof", &[count, plain("traf", &[&head[..], runs].concat())].concat())
}

/// The head of a track's fragment.
pub fn fragment_head(track: u32, duration: Option<u32>) -> Vec<u8> {
    let flags = if duration.is_some() { 0x02_0008 } else { 0x02_0000 };
    let duration = duration.map(u32::to_be_bytes).into_iter().flatten();
    full("tfhd", flags, &track.to_be_bytes().into_iter().chain(duration).collect::<Vec<u8>>())
}

/// A run of samples with their sizes, and with durations if there are any.
pub fn run(samples: u32, durations: Option<&[u32]>) -> Vec<u8> {
    let flags = if durations.is_some() { 0x301 } else { 0x201 };
    let entries = (0..samples).flat_map(|it| {
        let duration = durations.map(|durations| durations[it as usize].to_be_bytes());
        duration.into_iter().flatten().chain([0, 0, 0, 9])
    });
    let head = [samples, 100].map(u32::to_be_bytes).concat();
    full("trun", flags, &head.into_iter().chain(entries).collect::<Vec<u8>>())
}
