use super::*;

fn all() -> impl Iterator<Item = Content> {
    Content::ORDINARY.into_iter().chain([Content::Grpc])
}

#[test]
fn both_sides_make_the_same_of_a_script_that_went_by_a_header() {
    for content in all() {
        let script = Script {
            seed: 7,
            content,
            damaged: true,
            trailers: true,
            ending: Ending::Breaks(5),
            hold: Some(Hold { at: 3, name: "here".to_owned() }),
            ..Script::default()
        };
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, script.to_header().parse().unwrap());
        let read = Script::of_request(&headers).unwrap().unwrap();
        assert_eq!(read, script);
        assert_eq!(read.body(), script.body());
        assert_eq!(read.pieces(10_000), script.pieces(10_000));
    }
}

#[test]
fn a_body_is_as_long_as_it_was_asked_to_be() {
    for content in all().filter(|it| *it != Content::Deflated) {
        for bytes in [0, 1, 44, 5000, 30_001] {
            let script = Script { content, bytes, ..Script::default() };
            assert_eq!(script.body().len(), bytes, "{content:?}");
        }
    }
}

#[test]
fn the_pieces_are_the_whole_whatever_they_are() {
    for cuts in [Cuts::Mixed, Cuts::Bytes, Cuts::Frames, Cuts::Large, Cuts::Whole] {
        for seed in 0..20 {
            let script = Script { seed, cuts, longest_pause_ms: 5, ..Script::default() };
            for length in [0, 1, 10_000, 100_000] {
                let pieces = script.pieces(length);
                assert_eq!(pieces.iter().map(|it| it.bytes).sum::<usize>(), length);
                assert!(pieces.iter().all(|it| it.bytes > 0));
            }
        }
    }
}

#[test]
fn a_misspelt_script_is_no_script() {
    let mut headers = HeaderMap::new();
    assert_eq!(Script::of_request(&headers).unwrap(), None);
    headers.insert(HEADER, HeaderValue::from_static(r#"{"sed":7}"#));
    assert!(Script::of_request(&headers).is_err());
}
