//! A listener's arithmetic, written a second time: on its own, and after the fact.

use std::time::Duration;

/// Audio that a listener gathers before it plays: the policy's default.
pub const START: Duration = Duration::from_millis(100);

/// What was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// How often there was nothing to play before more came.
    pub underruns: u32,
    /// How long it was silent for that.
    pub missing: Duration,
}

/// What is heard of audio that comes so: at each time, so much since the beginning.
///
/// Once it has begun, what came is played `begun + missing` later than it would be by a listener who had
/// all from the start; each arrival behind the end of what was there makes `missing` longer.
pub fn hear(arrivals: &[(Duration, Duration)]) -> Heard {
    let mut heard = Heard { underruns: 0, missing: Duration::ZERO };
    let begun = arrivals.iter().position(|(_, audio)| *audio >= START);
    let Some(first) = begun else { return heard };
    let begun = arrivals[first].0;
    for pair in arrivals[first..].windows(2) {
        let ((_, before), (at, after)) = (pair[0], pair[1]);
        let dry = begun + heard.missing + before;
        if after > before && at > dry {
            heard.underruns += 1;
            heard.missing += at - dry;
        }
    }
    heard
}

#[test]
fn a_pause_is_missed_as_far_as_nothing_was_left() {
    let ms = Duration::from_millis;
    let even = [(ms(0), ms(200)), (ms(150), ms(400)), (ms(390), ms(600))];
    assert_eq!(hear(&even), Heard { underruns: 0, missing: ms(0) });
    let paused = [(ms(0), ms(50)), (ms(100), ms(200)), (ms(500), ms(300)), (ms(550), ms(400))];
    assert_eq!(hear(&paused), Heard { underruns: 1, missing: ms(200) });
    // Behind a hole all is later, so the next pause may do no harm.
    let twice = [(ms(0), ms(100)), (ms(300), ms(600)), (ms(790), ms(700)), (ms(1000), ms(800))];
    assert_eq!(hear(&twice), Heard { underruns: 2, missing: ms(300) });
}
