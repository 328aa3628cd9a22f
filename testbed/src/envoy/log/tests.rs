use super::*;

fn line(level: &str, text: &str) -> LogLine {
    LogLine { level: level.to_owned(), logger: "wasm".to_owned(), text: text.to_owned() }
}

#[test]
fn a_line_without_a_prefix_continues_the_one_before() {
    let lines = parse(
        "[10:00:00.001][error][wasm] Function: proxy_on_tick failed\n#0 abort\n[10:00:00.002][info][main] ok\n",
    );
    assert_eq!(
        lines,
        [
            line("error", "Function: proxy_on_tick failed\n#0 abort"),
            LogLine { level: "info".into(), logger: "main".into(), text: "ok".into() },
        ]
    );
}

#[test]
fn a_panic_is_trouble_at_any_level() {
    assert!(line("info", "panicked at src/lib.rs:1").is_trouble());
    assert!(line("debug", "Function: proxy_on_request_headers failed: Uncaught").is_trouble());
    assert!(line("critical", "wasm log: refused").is_trouble());
    assert!(!line("info", "wasm log: started").is_trouble());
}

#[test]
fn an_expected_line_is_no_failure_and_any_other_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("envoy.log");
    std::fs::write(
        &file,
        "[10:00:00.001][warning][wasm] keys are late\n[10:00:00.002][error][wasm] other\n",
    )
    .unwrap();
    let mut log = Log::new(file, &["keys are .*".to_owned()]).unwrap();
    assert_eq!(log.judge().unwrap_err().lines, [line("error", "other")]);
    log.allow("^other$").unwrap();
    log.judge().unwrap();
}

#[test]
fn a_log_that_cannot_be_read_is_a_failure() {
    let log = Log::new(PathBuf::from("/nonexistent/envoy.log"), &[]).unwrap();
    assert!(log.judge().is_err());
}
