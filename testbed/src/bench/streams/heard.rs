//! What a listener heard of one stream.

use super::connection::Received;
use super::pace::{CHUNK, CHUNK_BYTES};
use super::sound::{AUDIBLE_FROM, Moment, times};
use anyhow::{Context, Result};
use std::time::Duration;

/// Audio that a listener gathers before it begins to play.
const START: Duration = Duration::from_millis(100);

/// What a listener heard of one stream.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    /// From the request to the first audible sample, without the time that the service took for it.
    pub first_sound: Duration,
    /// From when each audible chunk was made to when all of it was there.
    pub delays: Vec<Duration>,
    /// How often the listener ran dry, and for how long in all.
    pub underruns: u32,
    pub missing: Duration,
    /// Chunks of HTTP/1.1, DATA frames of HTTP/2.
    pub frames: u64,
    pub wakes: u64,
    pub wire_bytes: u64,
    pub audio: Duration,
}

// === impl Heard ===

impl Heard {
    pub fn of(received: &Received) -> Result<Self> {
        // When so many bytes were there.
        let there = |bytes: usize| {
            let place = received.arrivals.partition_point(|(_, total)| *total < bytes);
            received.arrivals.get(place).map(|(when, _)| *when).context("bytes that never came")
        };
        let audible = received.bytes.get(AUDIBLE_FROM..).context("a stream without sound")?;
        let mut delays = Vec::new();
        // A player does not know that the first chunk is silent.
        let mut whole = vec![there(AUDIBLE_FROM)?];
        for (number, chunk) in audible.chunks_exact(CHUNK_BYTES).enumerate() {
            let (made, _) = times(chunk).context("a chunk without a time")?;
            let arrived = there(AUDIBLE_FROM + (number + 1) * CHUNK_BYTES)?;
            delays.push(arrived.since(made));
            whole.push(arrived);
        }
        let (made, asked) = times(audible).context("a stream without a chunk")?;
        let first = there(AUDIBLE_FROM + 1)?.since(received.sent);
        let (underruns, missing) = played(&whole);
        Ok(Self {
            first_sound: first.saturating_sub(made.since(asked)),
            delays,
            underruns,
            missing,
            frames: received.arrivals.len() as u64,
            wakes: received.wakes,
            wire_bytes: received.wire_bytes,
            audio: received.wanted.audio(),
        })
    }
}

/// How often, and how long, a player was silent that begins with [`START`] of audio and plays what
/// comes late at once. `arrivals` is when each chunk was there.
fn played(arrivals: &[Moment]) -> (u32, Duration) {
    let mut dry: Option<(Moment, Duration)> = None; // since its beginning
    let (mut underruns, mut missing) = (0, Duration::ZERO);
    let mut gathered = Duration::ZERO;
    for arrived in arrivals {
        gathered += CHUNK;
        dry = match dry {
            None if gathered < START => None,
            None => Some((*arrived, gathered)),
            Some((begun, until)) => {
                let hole = arrived.since(begun).saturating_sub(until);
                if !hole.is_zero() {
                    underruns += 1;
                    missing += hole;
                }
                Some((begun, until + hole + CHUNK))
            }
        };
    }
    (underruns, missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_player_that_runs_dry_waits_for_the_next_chunk_and_plays_on() {
        let at =
            |millis: &[u64]| millis.iter().map(|it| Moment::at_millis(*it)).collect::<Vec<_>>();
        // It plays from 80 on, and has enough until 180.
        assert_eq!(played(&at(&[0, 20, 40, 60, 80, 180])), (0, Duration::ZERO));
        let late = at(&[0, 20, 40, 60, 80, 210, 229, 260]);
        assert_eq!(played(&late), (2, Duration::from_millis(40)));
    }
}
