use super::*;

fn tiers() -> Vec<Rc<str>> {
    vec!["premium".into(), "basic".into()]
}

fn scenario(shape: Shape, seconds: u64) -> Scenario {
    Scenario::new(shape, Duration::from_secs(seconds), 40.0, &tiers())
}

#[test]
fn the_same_seed_gives_the_same_arrivals() {
    let flood = scenario(Shape::Flood(3.0), 300);
    let of = |seed| flood.arrivals(seed).collect::<Vec<_>>();
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
}

#[test]
fn as_much_is_asked_for_as_the_load_says() {
    let steady = scenario(Shape::Steady(0.5), 20_000);
    let all: Vec<Arrival> = steady.arrivals(7).collect();
    let seconds: f64 = all.iter().map(|it| it.audio.0 as f64 / 1000.0).sum();
    let load = seconds / 20_000.0 / 40.0;
    assert!((0.45..0.55).contains(&load), "{load}");
    let long = all.iter().filter(|it| it.is_long()).count() as f64 / all.len() as f64;
    assert!((0.005..0.02).contains(&long), "{long}");
    let premium = all.iter().filter(|it| &*it.tier == "premium").count() as f64 / all.len() as f64;
    assert!((0.48..0.52).contains(&premium), "{premium}");
    assert!(all.is_sorted_by_key(|it| it.at));
}

#[test]
fn a_flood_comes_after_a_calm_minute_and_is_followed_by_one() {
    let flood = scenario(Shape::Flood(3.0), 300);
    let mut minutes = [0; 5];
    for arrival in flood.arrivals(3) {
        minutes[(arrival.at.as_secs() / 60) as usize] += 1;
    }
    let [before, .., after] = minutes;
    assert!(minutes[1..4].iter().all(|it| *it > 6 * before && *it > 6 * after), "{minutes:?}");
}

#[test]
fn afternoons_are_busy_and_nights_are_not() {
    let week = scenario(Shape::Days(0.3), 7 * 86_400);
    let mut hours = [0; 24];
    for arrival in week.arrivals(3) {
        hours[(arrival.at.as_secs() / 3_600 % 24) as usize] += 1;
    }
    assert!(hours[16] > 8 * hours[4], "{hours:?}");
}

#[test]
fn a_trace_is_read_as_csv_or_json_lines() {
    let csv = "time,tenant,tier,text_chars,sample_rate\n10.5,a,premium,30,32000\n10,b,basic,60,\n";
    let json = concat!(
        r#"{"time": 10.5, "tenant": "a", "tier": "premium", "text_chars": 30, "sample_rate": 32000}"#,
        "\n\n",
        r#"{"time": 10, "tenant": "b", "tier": "basic", "text_chars": 60}"#,
    );
    let arrivals = read_trace(csv).unwrap();
    assert_eq!(arrivals, read_trace(json).unwrap());
    let of = |it: &Arrival| (it.at.as_millis(), it.tenant.to_string(), it.audio.0, it.sample_rate);
    let all: Vec<_> = arrivals.iter().map(of).collect();
    assert_eq!(all, [(0, "b".to_owned(), 4_000, 16_000), (500, "a".to_owned(), 2_000, 32_000)]);
}

#[test]
fn what_is_wrong_with_a_trace_is_told_with_its_line() {
    let error = |text: &str| read_trace(text).unwrap_err().to_string();
    assert!(error("time,text_chars\n1,2\n1,x\n").starts_with("line 3: "));
    assert!(error("{\"time\": 1, \"text_chars\": 1}\n{\"time\": 1}\n").starts_with("line 2: "));
    assert!(error("{\"time\": 1, \"text_chars\": 1, \"text\": \"hi\"}").contains("unknown field"));
    assert_eq!(error("time,text_chars\nNaN,2\n"), "line 2: `time` is not a number of seconds");
    assert_eq!(error("time,text_chars\n"), "the trace has no requests");
}
