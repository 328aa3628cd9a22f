//! What one who sends little may count on, whatever others send.

use proptest::prelude::*;

use crate::shed::gate::tests::*;

/// The one that sends little.
const LITTLE: u64 = 1000;

/// Whose leaving is next, of those in flight; and what the others send then.
type Step = (prop::sample::Index, Vec<(u64, u64)>);

/// Lets those in flight leave one by one while others send, until the request is admitted; then
/// says who was before it.
fn wait(gate: &mut Gate, id: u64, terms: &GateTerms, steps: &[Step]) -> Vec<u64> {
    let at_first = gate.ids();
    let mut before = Vec::new();
    let mut sent = 5000..;
    for (leaving, sending) in steps {
        let in_flight = gate.ids();
        gate.leave(in_flight[leaving.index(in_flight.len())]);
        gate.advance(terms, NOW);
        for (tenant, work) in sending {
            gate.arrive(&of(*tenant, sent.next().unwrap(), BASIC, *work), terms, NOW);
        }
        // By admission, but for who took the place of one that left.
        before.extend(gate.in_flight.iter().map(|it| it.id).take_while(|it| *it != id));
        if gate.standing(id, terms) == Standing::Admitted {
            before.sort_unstable();
            before.dedup();
            before.retain(|it| !at_first.contains(it));
            return before;
        }
    }
    panic!("it starves");
}

fn steps(tenants: std::ops::Range<u64>) -> impl Strategy<Value = Vec<Step>> {
    let sent = prop::collection::vec((tenants, 1..=30_u64), 0..6);
    prop::collection::vec((any::<prop::sample::Index>(), sent), 100)
}

/// What three tenants send that flood the service, twenty requests each.
fn flood() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(1..=30_u64, 60)
}

proptest! {
    /// Of those that flood the service nothing more is admitted before it: it waits for jobs that
    /// were in flight when it came, which run side by side, and so no longer than the longest.
    #[test]
    fn one_that_sends_little_waits_for_what_is_in_flight_only(
        flood in flood(), work in 1..=30_u64, steps in steps(1..4),
    ) {
        let terms = basic(30);
        let all: Vec<Ask> =
            flood.iter().zip(0..).map(|(work, id)| of(1 + id % 3, id, BASIC, *work)).collect();
        let mut gate = gate(&all, &terms);
        while !gate.queue.iter().all(|it| it.is_further) {
            let id = gate.ids()[0];
            gate.leave(id);
            gate.advance(&terms, NOW);
        }
        prop_assume!(gate.arrive(&of(LITTLE, LITTLE, BASIC, work), &terms, NOW) == Arrival::Queued);
        prop_assert_eq!(wait(&mut gate, LITTLE, &terms, &steps), [0; 0]);
    }

    /// Among tenants that send one request each, a long one is overtaken so often and no more.
    #[test]
    fn a_long_request_is_overtaken_so_often_and_no_more(
        max_overtakes in 0..9_u8, steps in steps(5000..1_000_000),
    ) {
        let terms = GateTerms { max_overtakes, ..basic(30) };
        let mut gate = gate(&[ask(1, BASIC, 20), ask(LITTLE, BASIC, 30)], &terms);
        let before = wait(&mut gate, LITTLE, &terms, &steps);
        prop_assert!(before.len() <= usize::from(max_overtakes), "{:?}", before);
    }
}
