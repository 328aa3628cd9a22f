use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::Policy;
use crate::quota::Terms;
use crate::spec::PolicySpec;
use crate::testing;

fn policy_with(change: impl FnOnce(&mut Value)) -> Policy {
    let jwks: Value = serde_json::from_str(testing::jwks()).unwrap();
    let mut spec = json!({
        "version": 1,
        "identity": {"issuers": [
            {"issuer": "https://issuer.test", "jwks": {"inline": jwks}},
        ]},
        "operations": {"presets": ["openai-audio"]},
        "tiers": [
            {"name": "premium", "scopes": ["tts.premium"], "allow": ["tts.*"]},
            {"name": "basic", "scopes": ["tts.basic"], "allow": ["tts.synthesize"]},
        ],
        "quotas": {"rules": [
            {"name": "chars", "meter": "text.chars", "per": "month", "default": {"limit": 1000}},
            {"name": "speech", "meter": "audio.seconds", "per": "1h", "default": {"limit": 60}},
            {
                "name": "all", "meter": "requests", "per": "1s", "scope": "service",
                "default": {"limit": 100},
            },
        ]},
    });
    change(&mut spec);
    Policy::try_from(PolicySpec::from_json(spec.to_string().as_bytes()).unwrap()).unwrap()
}

fn policy() -> Policy {
    policy_with(|_| ())
}

fn read(policy: &Policy, document: &str) -> Result<TenantTable, TenantDocumentError> {
    read_in(policy, document, usize::MAX)
}

fn read_in(
    policy: &Policy,
    document: &str,
    size: usize,
) -> Result<TenantTable, TenantDocumentError> {
    let mut reader = TenantReader::new(policy.tiers(), policy.quotas());
    document.as_bytes().chunks(size).for_each(|it| reader.feed(it));
    reader.finish()
}

fn refused(document: &str) -> String {
    read(&policy(), document).unwrap_err().to_string()
}

fn terms(policy: &Policy, table: &TenantTable, tenant: &str, rule: &str) -> Option<Terms> {
    table.get(tenant)?.of(policy.quotas().named(rule).unwrap().0)
}

fn limited(units: u64) -> Option<Terms> {
    Some(Terms::Limited { units, burst: units })
}

const DOCUMENT: &str = r#"
{"id":"acme","max_tier":"basic","quotas":{"chars":{"limit":5000}}}

{"id":"bell","quotas":{"speech":{"limit":10,"burst":20},"chars":{"unlimited":true}}}
{"id":"äöü 声"}"#;

#[wasm_bindgen_test(unsupported = test)]
fn each_line_is_a_tenant_and_empty_ones_are_nothing() {
    let policy = policy();
    let windows = DOCUMENT.replace('\n', "\r\n");
    for document in [DOCUMENT, &format!("{DOCUMENT}\n \n"), &windows] {
        let table = read(&policy, document).unwrap();
        assert_eq!(table.len(), 3);
        let basic = policy.tiers().get("basic");
        assert_eq!(table.get("acme").unwrap().max_tier, basic);
        assert_eq!(terms(&policy, &table, "acme", "chars"), limited(5000));
        assert_eq!(terms(&policy, &table, "acme", "speech"), None);
        assert_eq!(terms(&policy, &table, "bell", "chars"), Some(Terms::Unlimited));
        // Milliseconds.
        let speech = Some(Terms::Limited { units: 10_000, burst: 20_000 });
        assert_eq!(terms(&policy, &table, "bell", "speech"), speech);
        assert_eq!(table.get("äöü 声"), Some(&TenantTerms::default()));
        assert_eq!(table.get("Acme"), None);
        assert_eq!(table.get(""), None);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn however_it_is_split_a_document_is_the_same() {
    let policy = policy();
    for size in 1..70 {
        let table = read_in(&policy, DOCUMENT, size).unwrap();
        assert_eq!(table.len(), 3, "in pieces of {size}");
        assert_eq!(terms(&policy, &table, "acme", "chars"), limited(5000));
        let broken =
            format!("{DOCUMENT}\n{{\"id\":\"x\",\"max_tier\":\"gold\"}}\n{{\"id\":\"y\"}}");
        assert_eq!(read_in(&policy, &broken, size).unwrap_err().line, 6, "in pieces of {size}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_error_says_the_line_the_path_and_what_is_accepted_and_no_value() {
    let cases = [
        (
            r#"{"id":"b","max_tier":"secret"}"#,
            "max_tier: there is no such tier; accepted: premium, basic",
        ),
        (
            r#"{"id":"b","quotas":{"charz":{"limit":1}}}"#,
            "quotas.charz: there is no such quota rule; accepted: chars, speech, all",
        ),
        (
            r#"{"id":"b","quotas":{"all":{"limit":1}}}"#,
            "quotas.all: rule `all` limits all tenants together, so none has terms of its own",
        ),
        (
            r#"{"id":"b","quotas":{"chars":{"limit":1,"burst":2}}}"#,
            "quotas.chars: only a rolling window has a `burst`",
        ),
        (
            r#"{"id":"b","quotas":{"chars":{}}}"#,
            "quotas.chars: say `limit: N` or `unlimited: true`",
        ),
        (
            r#"{"id":"b","quotas":{"chars":{"limit":"secret"}}}"#,
            "quotas.chars.limit: expected a whole number that is not negative",
        ),
        (
            r#"{"id":"b","quotas":{"chars":{"limit":-1}}}"#,
            "quotas.chars.limit: expected a whole number that is not negative",
        ),
        (r#"{"id":"b","quotas":"secret"}"#, "quotas: expected an object"),
        (
            r#"{"id":"b","max_teir":"secret"}"#,
            "max_teir: unknown field; accepted: `id`, `max_tier`, `quotas`",
        ),
        (r#"{"max_tier":"basic"}"#, "missing field `id`"),
        (r#"{"id":"b","id":"b"}"#, "id: duplicate field `id`"),
        (r#"{"id":"a"}"#, "id: a second line of the tenant `a`; one is accepted"),
        (
            r#"{"id":" secret"}"#,
            "id: no tenant has this id; write 1 to 256 bytes without control characters, and without spaces at its ends",
        ),
        (r#""secret""#, "expected an object"),
    ];
    for (line, expected) in cases {
        let document = format!("{{\"id\":\"a\"}}\n\n{line}\n{{\"id\":\"c\"}}");
        assert_eq!(refused(&document), format!("line 3: {expected}"), "{line}");
    }
    for line in [r#"{"id":"secret"#, r#"{"id":"secret",}"#, "secret", r#"{"id":"secret"} x"#] {
        let error = refused(&format!("{{\"id\":\"a\"}}\n{line}\n"));
        assert!(error.starts_with("line 2: not JSON, by character "), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_name_in_an_error_cannot_break_or_fill_the_log() {
    let long = "x".repeat(10_000);
    let error = refused(&format!("{{\"id\":\"a\",\"{long}\":1}}"));
    assert!(error.len() < 200, "{error}");
    let error =
        refused("{\"id\":\"a\",\"quotas\":{\"\\u000aINFO all is well\\u000a\":{\"limit\":1}}}");
    assert!(!error.contains('\n'), "{error}");
}

#[wasm_bindgen_test(unsupported = test)]
fn bytes_that_are_not_utf_8_are_refused() {
    let policy = policy();
    let mut reader = TenantReader::new(policy.tiers(), policy.quotas());
    reader.feed(b"{\"id\":\"a\"}\n{\"id\":\"\xff\"}\n");
    let error = reader.finish().unwrap_err().to_string();
    assert!(error.starts_with("line 2: not JSON"), "{error}");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_line_has_a_longest_length_and_no_more_of_it_is_kept() {
    let policy = policy();
    let padded = |length: usize| format!("{{\"id\":\"a\"{}}}", " ".repeat(length - 10));
    assert_eq!(read(&policy, &padded(MAX_LINE_BYTES)).unwrap().len(), 1);
    let error = refused(&padded(MAX_LINE_BYTES + 1));
    assert_eq!(error, "line 1: longer than 65536 bytes; one tenant a line");

    let mut reader = TenantReader::new(policy.tiers(), policy.quotas());
    for _ in 0..100 {
        reader.feed(&[b' '; 64 * 1024]);
    }
    let kept = reader.kept_bytes();
    assert!(kept <= 2 * (MAX_LINE_BYTES + 1), "{kept}");
    assert_eq!(reader.finish().unwrap_err().line, 1);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_document_without_a_tenant_is_an_accident() {
    for document in ["", "\n\n", " "] {
        assert!(refused(document).starts_with("line 1: no tenant;"), "{document:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn lines_that_differ_in_the_id_alone_are_read_as_if_they_did_not() {
    let policy = policy();
    let rest = r#","max_tier":"basic","quotas":{"chars":{"limit":7}}}"#;
    let ids = ["a", "b", "c\\u0064", "e\\\"f", "g\\\\", "ä", "h i"];
    let lines =
        ids.iter().map(|it| format!("{{\"id\":\"{it}\"{rest}\n{{\"id\": \"2{it}\"{rest}\n"));
    let table = read(&policy, &lines.collect::<String>()).unwrap();
    assert_eq!(table.len(), 2 * ids.len());
    for id in ["a", "b", "cd", "e\"f", "g\\", "ä", "h i"] {
        for id in [id, &format!("2{id}")] {
            assert_eq!(terms(&policy, &table, id, "chars"), limited(7), "{id}");
            assert_eq!(table.get(id).unwrap().max_tier, policy.tiers().get("basic"));
        }
    }
    for (id, expected) in [
        ("a", "line 2: id: a second line of the tenant `a`; one is accepted"),
        ("", "line 2: id: no tenant has this id;"),
        (" b", "line 2: id: no tenant has this id;"),
        ("b\u{7f}", "line 2: id: no tenant has this id;"),
        ("b\t", "line 2: not JSON"),
        ("b\\", "line 2: not JSON"),
        ("b\\x", "line 2: not JSON"),
    ] {
        let error = refused(&format!("{{\"id\":\"a\"{rest}\n{{\"id\":\"{id}\"{rest}"));
        assert!(error.starts_with(expected), "{id:?}: {error}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn more_terms_than_are_remembered_are_read_all_the_same() {
    let policy = policy();
    let line = |at: usize| {
        let limit = at % 3000;
        json!({"id": at.to_string(), "quotas": {"chars": {"limit": limit}}}).to_string() + "\n"
    };
    let table = read(&policy, &(0..6000).map(line).collect::<String>()).unwrap();
    for at in 0..6000 {
        let limit = limited(at % 3000);
        assert_eq!(terms(&policy, &table, &at.to_string(), "chars"), limit, "{at}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn ids_of_every_length_are_kept_apart() {
    let policy = policy();
    let ids: Vec<String> = (1..=MAX_TENANT_BYTES).map(|it| "a".repeat(it)).collect();
    let many = (0..20_000).map(|it| format!("tenant-{it}"));
    let ids: Vec<String> = ids.into_iter().chain(many).collect();
    let lines = ids.iter().enumerate();
    let lines = lines.map(|(at, id)| {
        json!({"id": id, "quotas": {"chars": {"limit": at % 1000}}}).to_string() + "\n"
    });
    let table = read(&policy, &lines.collect::<String>()).unwrap();
    assert_eq!(table.len(), ids.len());
    for (at, id) in ids.iter().enumerate() {
        assert_eq!(terms(&policy, &table, id, "chars"), limited(at as u64 % 1000), "{id}");
    }
    assert_eq!(table.get(&"a".repeat(MAX_TENANT_BYTES + 1)), None);
    assert_eq!(table.get("tenant-20000"), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_table_goes_over_to_a_policy_in_which_its_names_mean_the_same() {
    let before = policy();
    let table = read(&before, DOCUMENT).unwrap();
    let after = policy_with(|spec| {
        // Every id moves by one.
        let tiers = spec["tiers"].as_array_mut().unwrap();
        tiers.insert(0, json!({"name": "gold", "scopes": ["gold"], "allow": ["*"]}));
        let rules = spec["quotas"]["rules"].as_array_mut().unwrap();
        rules.remove(2);
        rules[1]["default"] = json!({"limit": 61});
        rules.insert(
            0,
            json!({"name": "new", "meter": "requests", "per": "day", "default": {"limit": 9}}),
        );
    });
    assert_ne!(before.tenant_basis(), after.tenant_basis());
    let moved = table.rebased(&before.tenant_basis(), &after.tenant_basis()).unwrap();
    let fresh = read(&after, DOCUMENT).unwrap();
    for tenant in ["acme", "bell", "äöü 声", "else"] {
        assert_eq!(moved.get(tenant), fresh.get(tenant), "{tenant}");
    }
    assert_eq!(moved.get("acme").unwrap().max_tier, after.tiers().get("basic"));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_table_does_not_go_over_to_a_policy_in_which_its_names_mean_something_else() {
    let before = policy();
    let table = read(&before, DOCUMENT).unwrap();
    let changes: [fn(&mut Value); 4] = [
        |spec| spec["tiers"][1]["name"] = json!("standard"),
        |spec| spec["quotas"]["rules"][0]["name"] = json!("characters"),
        |spec| spec["quotas"]["rules"][1]["per"] = json!("day"),
        |spec| spec["quotas"]["rules"][1]["meter"] = json!("llm.tokens"),
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let after = policy_with(|spec| {
            // Of the meters, only those that some operation feeds are accepted.
            spec["operations"]["presets"] = json!(["openai-audio", "openai-chat"]);
            spec["tiers"][0]["allow"] = json!(["*"]);
            change(spec);
        });
        let moved = table.rebased(&before.tenant_basis(), &after.tenant_basis());
        assert!(moved.is_none(), "change {at}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_a_policy_changes_beside_tiers_and_rules_is_nothing_to_a_table() {
    let after = policy_with(|spec| {
        spec["shadow"] = json!(["tiers"]);
        spec["tiers"][1]["allow"] = json!(["*"]);
        spec["quotas"]["rules"][0]["default"] = json!({"limit": 2000});
    });
    assert_eq!(policy().tenant_basis(), after.tenant_basis());
}
