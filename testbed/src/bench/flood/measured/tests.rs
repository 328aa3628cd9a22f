use super::super::seen::Sound;
use super::*;

fn ask(tier: Tier, at: u64, chars: usize) -> Ask {
    Ask { at: Duration::from_secs(at), tier, tenant: 0, chars, sample_rate: 16_000 }
}

fn sound(seconds: u64, lane: Option<&str>, degraded: bool) -> End {
    let length = Duration::from_secs(seconds);
    End::Completed(Sound { length, lane: lane.map(str::to_owned), degraded })
}

fn seen(ask: Ask, first_byte: Option<u64>, at: u64, end: End) -> Seen {
    Seen {
        ask,
        late: Duration::ZERO,
        first_byte: first_byte.map(Duration::from_millis),
        at: Duration::from_secs(at),
        end,
    }
}

fn run(seen: Vec<Seen>) -> Run {
    Run { name: String::new(), length: Duration::from_secs(10), seen, crashes: 0 }
}

const ALL: Class = Class { tier: None, long: None };

#[test]
fn goodput_is_what_came_completely_by_the_end_of_the_flood_lane_by_lane() {
    let run = run(vec![
        seen(ask(Tier::Basic, 1, 50), Some(1), 3, sound(20, None, false)),
        seen(ask(Tier::Basic, 1, 50), Some(1), 3, sound(10, Some("online"), true)),
        seen(ask(Tier::Basic, 1, 50), Some(1), 3, sound(50, Some("batch"), false)),
        seen(ask(Tier::Basic, 9, 50), Some(1), 11, sound(500, None, false)),
        seen(ask(Tier::Basic, 1, 50), Some(1), 5, End::Failed),
    ]);
    assert_eq!((run.goodput(false), run.goodput(true)), (3.0, 5.0));
}

#[test]
fn ends_are_those_of_the_floods_requests_of_a_class() {
    let refused = |why: &str| End::Refused(Refusal { status: 503, why: why.to_owned() });
    let run = run(vec![
        seen(ask(Tier::Premium, 1, 50), Some(1), 3, sound(1, None, false)),
        seen(ask(Tier::Premium, 1, 50), None, 3, refused("busy")),
        seen(ask(Tier::Premium, 1, 500), Some(1), 3, sound(1, Some("batch"), false)),
        seen(ask(Tier::Basic, 1, 50), None, 3, refused("busy")),
        seen(ask(Tier::Basic, 1, 50), None, 3, End::GaveUp),
        seen(ask(Tier::Basic, 1, 50), Some(1), 3, End::Failed),
        seen(ask(Tier::Basic, 10, 50), None, 12, refused("after")),
    ]);
    let premium = Ends { completed: 1, refused: 1, ..Ends::default() };
    assert_eq!(run.ends(Class::short(Tier::Premium)), premium);
    let long = Ends { completed: 1, diverted: 1, ..Ends::default() };
    assert_eq!(run.ends(Class::long(Tier::Premium)), long);
    let all = Ends { completed: 2, diverted: 1, degraded: 0, refused: 2, failed: 1, gave_up: 1 };
    assert_eq!((run.ends(ALL), run.ends(ALL).all()), (all, 6));
    let busy = Refusal { status: 503, why: "busy".to_owned() };
    assert_eq!(run.refusals(), BTreeMap::from([(&busy, 2)]));
}

#[test]
fn first_bytes_are_of_the_ordinary_lane_also_of_what_broke_off() {
    let mut all: Vec<_> = (1..=199)
        .map(|millis| seen(ask(Tier::Basic, 1, 50), Some(millis), 3, sound(1, None, false)))
        .collect();
    all.push(seen(ask(Tier::Basic, 1, 50), Some(200), 3, End::Failed));
    all.push(seen(ask(Tier::Basic, 1, 50), Some(9000), 3, sound(1, Some("batch"), false)));
    all.push(seen(ask(Tier::Basic, 1, 50), None, 3, End::GaveUp));
    let millis = Duration::from_millis;
    let found = run(all).first_byte(Class::short(Tier::Basic));
    assert_eq!(found, Some(FirstByte { p50: millis(100), p99: millis(198) }));
    assert_eq!(run(Vec::new()).first_byte(ALL), None);
}

#[test]
fn it_is_well_again_after_the_last_request_that_was_not_served_well() {
    let slow = Duration::from_millis(500);
    let well = |at| seen(ask(Tier::Basic, at, 50), Some(100), at, sound(1, None, false));
    let mut all = vec![seen(ask(Tier::Basic, 9, 50), None, 30, End::GaveUp), well(11)];
    assert_eq!(run(all.clone()).recovery(slow), Duration::ZERO);
    all.push(seen(ask(Tier::Basic, 14, 50), Some(600), 15, sound(1, None, false)));
    all.push(well(16));
    assert_eq!(run(all.clone()).recovery(slow), Duration::from_secs(4));
    all.push(seen(ask(Tier::Basic, 17, 50), None, 18, End::Failed));
    assert_eq!(run(all).recovery(slow), Duration::from_secs(7));
}
