//! A target for recordings, and what stands in place of one.

use std::rc::Rc;

use crate::body::{Field, FieldTree, Kind, Sink, Value};
use crate::facts::{Collector, CollectorRules, RequestFacts};

/// A recording, behind two bytes that say how it is sent and split: the facts are those of any
/// other split, and only grow while it comes.
pub fn audio_header(bytes: &[u8]) {
    let [how, size, recording @ ..] = bytes else { return };
    let whole = read(*how, recording, usize::MAX);
    assert_eq!(read(*how, recording, usize::from(*size).max(1)), whole, "by {size}");
    assert_eq!(read(*how, recording, 1), whole, "by one");
    let reference = &whole.reference;
    let count = reference.inline.count + reference.urls.count + whole.audio.count;
    assert!(count <= 1, "one value is {count} recordings");
    assert!(how & 2 == 0 || count == u64::from(!recording.is_empty()), "a file hides");
}

/// One value: of a recording or a voice, as a string or a file.
fn read(how: u8, recording: &[u8], size: usize) -> RequestFacts {
    let field = [Field::Reference, Field::Voice, Field::Audio][usize::from(how >> 2) % 3];
    let kind = if how & 2 == 0 { Kind::String } else { Kind::File };
    let mut tree = FieldTree::new();
    tree.add("", field).unwrap();
    let leaf = tree.leaf(FieldTree::ROOT).unwrap();
    let rules = CollectorRules { hash_references: how & 1 != 0, ..CollectorRules::default() };
    let mut collector = Collector::new(Rc::new(tree), rules);
    collector.begin(Value { leaf, kind, replaces: false });
    let mut before = collector.facts();
    for piece in recording.chunks(size) {
        collector.piece(piece);
        let now = collector.facts();
        check_grown(&before, &now);
        before = now;
    }
    collector.end();
    collector.end_of_job();
    let all = collector.facts();
    check_grown(&before, &all);
    all
}

fn check_grown(before: &RequestFacts, now: &RequestFacts) {
    let brought =
        |it: &RequestFacts| it.reference.inline.count + it.reference.urls.count + it.audio.count;
    assert!(brought(before) <= brought(now));
    for (before, now) in
        [(&before.reference.inline, &now.reference.inline), (&before.audio, &now.audio)]
    {
        assert!(before.largest_bytes <= now.largest_bytes);
        assert!(before.longest <= now.longest && before.sample_rate_hz <= now.sample_rate_hz);
    }
}
