//! Answers of language models.

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;

/// By any cutting.
fn tokens(content_type: &str, body: &str) -> Option<u64> {
    let whole = delivered(content_type, body.as_bytes());
    assert_eq!(whole.audio, None);
    for size in [1, 2, 3, 5, 16] {
        assert_eq!(in_pieces(content_type, body.as_bytes(), size), whole, "by {size}: {body}");
    }
    whole.tokens
}

#[wasm_bindgen_test(unsupported = test)]
fn a_document_says_what_it_used() {
    for (body, expected) in [
        (
            r#"{"choices":[{"message":{"content":"hi"}}],"usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21,"prompt_tokens_details":{"cached_tokens":0}}}"#,
            Some(21),
        ),
        (
            r#"{"usage":{"input_tokens":10,"output_tokens":15,"cache_read_input_tokens":3}}"#,
            Some(25),
        ),
        (r#"{"usage":{"prompt_tokens":9,"completion_tokens":12}}"#, Some(21)),
        (
            r#"{"usage":{"prompt_tokens":8,"total_tokens":8},"data":[{"embedding":[0.1,-2e-3]}]}"#,
            Some(8),
        ),
        (r#"{"model":"llama3.2","done":true,"prompt_eval_count":26,"eval_count":259}"#, Some(285)),
        (r#"{"done":true,"eval_count":259}"#, Some(259)),
        (r#"{"usage":null}"#, None),
        (r#"{"usage":{}}"#, None),
        (r#"{"usage":{"total_tokens":0}}"#, Some(0)),
        (r#"{"text":"\"usage\":{\"total_tokens\":5}","a":{"usage":{"total_tokens":6}}}"#, None),
        // Neither half a number nor one in disguise.
        (r#"{"usage":{"total_tokens":1.5,"input_tokens":-1,"output_tokens":1e3}}"#, None),
        (r#"{"usage":{"total_tokens":"5","input_tokens":[5],"output_tokens":{"a":5}}}"#, None),
        (r#"{"usage":{"total_tokens":{"a":[{"b":5}]},"output_tokens":3}}"#, Some(3)),
        (r#"{"usage":{"total_tokens":5}, broken"#, Some(5)),
        (r#"{"usage":{"total_tokens":5"#, None),
        ("", None),
        ("not JSON", None),
    ] {
        for content_type in
            ["application/json", "Application/JSON; charset=utf-8", "application/problem+json"]
        {
            assert_eq!(tokens(content_type, body), expected, "{body}");
        }
        assert_eq!(tokens("text/plain", body), None);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_figure_that_no_model_used_is_not_believed() {
    for (figure, expected) in [
        ("1000000000", Some(1_000_000_000)),
        ("1000000001", Some(7)),
        ("18446744073709551616", Some(7)),
        ("99999999999999999999999999999999999999999999", Some(7)),
    ] {
        let body = format!(r#"{{"usage":{{"total_tokens":{figure},"output_tokens":7}}}}"#);
        assert_eq!(tokens("application/json", &body), expected, "{figure}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_last_line_of_ollama_says_it() {
    let body = "{\"response\":\"a\",\"done\":false}\n\n{\"response\":\"b\"}\r\nbroken {\"eval_count\":1}\n{\"done\":true,\"prompt_eval_count\":26,\"eval_count\":259}";
    assert_eq!(tokens("application/x-ndjson", body), Some(285));
    assert_eq!(tokens("application/jsonl", &format!("{body}\n")), Some(285));
}

#[wasm_bindgen_test(unsupported = test)]
fn the_last_event_of_openai_says_it() {
    let body = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":null}\n\n\
                data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":3,\"total_tokens\":12}}\n\n\
                data: [DONE]\n\n";
    assert_eq!(tokens("text/event-stream", body), Some(12));
    // vLLM's continuous_usage_stats: each event says what was used so far.
    let each: String =
        (1..=20).map(|it| format!("data: {{\"usage\":{{\"total_tokens\":{it}}}}}\n\n")).collect();
    assert_eq!(tokens("text/event-stream; charset=utf-8", &each), Some(20));
    let responses = "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"usage\":{\"input_tokens\":37,\"output_tokens\":11,\"total_tokens\":48}}}\n\n";
    assert_eq!(tokens("text/event-stream", responses), Some(48));
}

#[wasm_bindgen_test(unsupported = test)]
fn the_events_of_anthropic_add_what_came_and_what_went() {
    let body = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}}\n\n\
                event: ping\ndata: {\"type\": \"ping\"}\n\n\
                event: message_delta\ndata: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":15}}\n\n\
                event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    assert_eq!(tokens("text/event-stream", body), Some(40));
}

#[wasm_bindgen_test(unsupported = test)]
fn events_are_read_as_browsers_read_them() {
    let usage = "{\"usage\":{\"total_tokens\":7}}";
    for (body, expected) in [
        (format!("data:{usage}\r\n\r\n"), Some(7)),
        (format!("data: {usage}\r\r"), Some(7)),
        (format!("\u{feff}data: {usage}\n"), Some(7)),
        (format!(": comment\n:\nid: 1\nretry: 5\ndata: {usage}\n\n"), Some(7)),
        // Several lines are one document.
        ("data: {\"usage\":\ndata:{\"total_tokens\"\r\ndata\ndata: :7}}\n\n".to_owned(), Some(7)),
        (format!("data: {{\"a\":1}}\ndata: {usage}\n\n"), None),
        (format!("data: broken {usage}\n\ndata: {usage}\n\n"), Some(7)),
        (format!("data: {{\"a\":[{{\n\ndata: {usage}\n\n"), Some(7)),
        (format!("data : {usage}\n\n"), None),
        (format!("Data: {usage}\n\n"), None),
        (format!(" data: {usage}\n\n"), None),
        (format!("x\u{feff}data: {usage}\n\n"), None),
        (format!("dat\na: {usage}\n\n"), None),
    ] {
        assert_eq!(tokens("text/event-stream", &body), expected, "{body:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_line_of_any_length_is_read() {
    let audio = "UklGRg".repeat(100_000);
    let body = format!("data: {{\"picture\":\"{audio}\",\"usage\":{{\"total_tokens\":7}}}}\n\n");
    let whole = in_pieces("text/event-stream", body.as_bytes(), 1000);
    assert_eq!((whole.tokens, whole.audio), (Some(7), None));
}
