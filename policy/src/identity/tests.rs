use wasm_bindgen_test::wasm_bindgen_test;

use super::*;

#[wasm_bindgen_test(unsupported = test)]
fn headers_that_say_who_asks_are_ours_with_underscores_too() {
    for ours in [
        "x-user-tier",
        "x_user_tier",
        "x-voxgate-tenant",
        "x_voxgate-operation",
        "x-voxgate-lane",
        "x-voxgate-",
    ] {
        assert!(is_reserved_header(ours), "{ours}");
    }
    for others in ["x-user-tiers", "x-voxgate", "user-tier", "x-request-id", ""] {
        assert!(!is_reserved_header(others), "{others}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_client_may_say_by_when_it_wants_its_answer_in_one_spelling() {
    assert!(!is_reserved_header("x-voxgate-deadline"));
    assert!(!is_reserved_header("x-voxgate-stages"));
    assert!(is_reserved_header("x_voxgate_stages"), "nobody reads that");
    for spelling in ["x_voxgate_deadline", "x-voxgate_deadline", "x-voxgate-deadlines"] {
        assert!(is_reserved_header(spelling), "{spelling}");
    }
}
