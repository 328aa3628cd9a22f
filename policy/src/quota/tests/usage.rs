//! What was used, as tenants and operators are told.

use serde_json::json;

use super::policies::{policy_of, subject};
use super::*;
use crate::Policy;
use crate::subject::Subject;

fn rules() -> Policy {
    policy_of(|spec| {
        spec["quotas"]["rules"] = json!([
            {"name": "chars", "meter": "text.chars", "per": "day", "default": {"limit": 1000},
             "tiers": {"premium": {"limit": 5000}}},
            {"name": "audio", "meter": "audio.seconds", "per": "1h", "default": {"limit": 600}},
            {"name": "streams", "meter": "streams", "default": {"limit": 3}},
            {"name": "free", "meter": "requests", "per": "day", "default": {"unlimited": true}},
            {"name": "mine", "meter": "requests", "per": "1m", "scope": "user", "default": {"limit": 2}},
            {"name": "all", "meter": "requests", "per": "1m", "scope": "service", "default": {"limit": 9}},
        ]);
        spec["tenants"] = json!({"inline": [{"id": "own", "quotas": {"chars": {"limit": 7}}}]});
    })
}

fn use_all(policy: &Policy, store: &LocalStore<impl Cells>, subject: &Subject) -> Reservation {
    let terms = subject.tenant.as_deref().and_then(|it| policy.tenants().get(it));
    let demand = policy.quotas().demand(subject, policy, terms);
    granted(ready(store.reserve(0, &demand, NOW, NOW.plus(LEASE))).unwrap())
}

fn rows(
    policy: &Policy,
    store: &LocalStore<impl Cells>,
    id: &AccountId,
    subject: Option<&Subject>,
) -> Vec<UsageRow> {
    let usage = ready(store.usage(0, &UsageQuery::Tenant(id)));
    let (id, mut account) = usage.accounts.into_iter().next().unwrap();
    let terms = match &id {
        AccountId::Tenant(name) => policy.tenants().get(name),
        _ => None,
    };
    policy.quotas().rows(&id, &mut account, subject, terms, policy, NOW)
}

fn speech() -> Subject {
    Subject { text_chars: 40, speech_ms: 2500, ..subject(&["tts.synthesize"]) }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_tenant_sees_each_of_its_rules() {
    let (policy, store) = (rules(), store());
    let mut first = use_all(&policy, &store, &speech());
    let found = rows(&policy, &store, &tenant("acme"), Some(&speech()));
    let row = |rule: &str, meter, limit, used, reserved, remaining, resets_in| UsageRow {
        rule: rule.to_owned(),
        meter,
        limit,
        used,
        reserved,
        remaining,
        resets_in,
    };
    assert_eq!(
        found,
        [
            row("chars", "text.chars", Some(5000), 40, 40, Some(4960), Some(86_400)),
            // Used is rounded up, what is left down.
            row("audio", "audio.seconds", Some(600), 3, 3, Some(597), Some(15)),
            row("streams", "streams", Some(3), 1, 1, Some(2), None),
            row("free", "requests", None, 1, 1, None, None),
        ]
    );
    settle(&store, &mut first, &[1, 40, 2500, 0, 1, 1], NOW);
    let after = rows(&policy, &store, &tenant("acme"), Some(&speech()));
    assert!(after.iter().all(|it| it.reserved == 0), "{after:?}");
    assert_eq!(after.iter().map(|it| it.used).collect::<Vec<_>>(), [40, 3, 0, 1]);
}

#[wasm_bindgen_test(unsupported = test)]
fn who_has_used_nothing_has_all_of_it() {
    let (policy, store) = (rules(), store());
    for row in rows(&policy, &store, &tenant("acme"), Some(&speech())) {
        assert_eq!((row.used, row.reserved), (0, 0));
        assert_eq!(row.remaining, row.limit);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_limit_is_the_tenants_then_the_tiers_then_that_of_the_last_request() {
    let (policy, store) = (rules(), store());
    let limit = |id: &AccountId, subject: Option<&Subject>| {
        rows(&policy, &store, id, subject)[0].limit.unwrap()
    };
    assert_eq!(limit(&tenant("acme"), Some(&speech())), 5000);
    assert_eq!(limit(&tenant("acme"), None), 1000, "the default, of whom nothing is known");
    let _running = use_all(&policy, &store, &speech());
    assert_eq!(limit(&tenant("acme"), None), 5000);
    assert_eq!(limit(&tenant("own"), Some(&speech())), 7);
    assert_eq!(limit(&tenant("own"), None), 7);
}

#[wasm_bindgen_test(unsupported = test)]
fn users_and_the_service_have_accounts_of_their_own() {
    let (policy, store) = (rules(), store());
    let _running = use_all(&policy, &store, &speech());
    let [own, user] = QuotaRules::own_accounts(&speech());
    assert_eq!(own, tenant("acme"));
    let told = |id: &AccountId| -> Vec<(String, u64)> {
        rows(&policy, &store, id, None).into_iter().map(|it| (it.rule, it.used)).collect()
    };
    assert_eq!(told(&user), [("mine".to_owned(), 1)]);
    assert_eq!(told(&AccountId::Service), [("all".to_owned(), 1)]);
    let other = QuotaRules::own_accounts(&Subject { user: Some("bob".to_owned()), ..speech() });
    assert_eq!(told(&other[1]), [("mine".to_owned(), 0)]);
    assert_eq!(told(&AccountId::Anonymous).len(), 4);
}

#[wasm_bindgen_test(unsupported = test)]
fn pages_tell_each_tenant_once_and_no_user() {
    let store = store();
    let names: Vec<String> = (0..300).map(|it| format!("tenant-{it}")).collect();
    for name in &names {
        let subject = Subject {
            tenant: Some(name.clone()),
            user: Some(name.clone()),
            ..subject(&["voice.delete"])
        };
        let charge = exact(3, &DAY, limit(1), 1);
        let [own, user] = QuotaRules::own_accounts(&subject);
        let demand = demand_of(vec![(user, vec![charge.clone()]), (own, vec![charge])]);
        assert!(is_granted(&ready(store.reserve(0, &demand, NOW, NOW.plus(LEASE))).unwrap()));
    }
    let (mut told, mut from, mut pages) = (Vec::new(), Some(0), 0);
    while let Some(first) = from {
        let page = ready(store.usage(0, &UsageQuery::All { from: first, at_least: 50 }));
        assert!(page.next.is_none() || page.accounts.len() >= 50);
        assert!(page.accounts.len() < 60, "a page is not much longer than was asked for");
        told.extend(page.accounts.into_iter().map(|(id, _)| id));
        from = page.next;
        pages += 1;
    }
    let mut expected: Vec<AccountId> = names.iter().map(|it| tenant(it)).collect();
    told.sort();
    expected.sort();
    assert_eq!(told, expected);
    assert!((5..=7).contains(&pages), "{pages}");
    let beyond = UsageQuery::All { from: u32::MAX, at_least: 50 };
    assert_eq!(ready(store.usage(0, &beyond)), Usage::default());
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_reserved_is_never_more_than_what_is_used() {
    let store = store();
    // Drained, or of another day, though still reserved.
    for (window, later) in [(rolling(10), 30), (DAY, 86_400)] {
        let mut charge = exact(0, &window, limit(10), 10);
        charge.key = CounterKey(later);
        let demand = demand_of(vec![(tenant("acme"), vec![charge.clone()])]);
        let now = NOW.plus(Duration::from_secs(later));
        let _ = ready(store.reserve(0, &demand, NOW, now.plus(LEASE))).unwrap();
        let at = standing(&store, &tenant("acme"), &charge, now);
        assert_eq!((at.used, at.reserved), (0, 0));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn only_listed_tenants_are_told_apart_in_metrics() {
    let policy = policy_of(|spec| spec["quotas"] = json!({"label_tenants": ["acme"]}));
    let label = |tenant| policy.quotas().tenant_label(tenant);
    assert_eq!([label(Some("acme")), label(Some("zen")), label(None)], ["acme", "other", "none"]);
}
