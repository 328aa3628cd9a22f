//! Rules of operations that nobody asks for.

use super::*;

#[wasm_bindgen_test(unsupported = test)]
fn a_rule_of_operations_that_nothing_recognises_is_refused() {
    let unfed = |operations: Value| {
        let (all, own) = errors(&changed(|it| {
            it["coalesce"] = json!([{"name": "it", "mode": "interval", "operations": operations}]);
        }));
        assert_eq!(own, Vec::<String>::new(), "chunk-flush does not see operations' rules");
        all
    };
    let says = "streams.coalesce[0].operations: no rule recognises such an operation; add one to `operations`, or leave this out";
    assert_eq!(unfed(json!(["tts.sing"])), [says]);
    assert_eq!(unfed(json!(["face.animate", "tts.sing"])), [says]);
    assert_eq!(unfed(json!(["tts.*"])), Vec::<String>::new(), "one of them is");
    assert_eq!(unfed(json!(["face.animate", "llm.chat"])), Vec::<String>::new());
}
