use super::*;

fn wanted(names: &[&str]) -> Vec<MetricName> {
    names.iter().map(|name| MetricName::try_from((*name).to_owned()).unwrap()).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn a_service_says_its_load_as_text_or_json() {
    let metrics = wanted(&["cpu_utilization", "named_metrics.queue"]);
    for (value, permille) in [
        ("TEXT cpu_utilization=0.3", Some(300)),
        ("TEXT cpu_utilization=0.3,named_metrics.queue=0.85,mem_utilization=0.99", Some(850)),
        ("TEXT cpu_utilization = 0.3 , named_metrics.queue = 0.1", Some(300)),
        (r#"JSON {"cpu_utilization": 0.3, "named_metrics": {"queue": 1.2}}"#, Some(1_200)),
        (r#"JSON {"named_metrics": {"cpu_utilization": 0.9}}"#, None),
        ("TEXT mem_utilization=0.9", None),
        ("TEXT cpu_utilization=NaN", None),
        ("TEXT cpu_utilization=-1", None),
        ("TEXT cpu_utilization=inf", Some(100_000)),
        ("TEXT cpu_utilization=1e300", Some(100_000)),
        ("TEXT cpu_utilization=high,named_metrics.queue=0", Some(0)),
        ("TEXT", None),
        ("JSON", None),
        ("JSON [", None),
        ("BIN CAE=", None),
        ("cpu_utilization=0.3", None),
        ("", None),
    ] {
        assert_eq!(orca(value.as_bytes(), &metrics), permille, "{value}");
    }
    assert_eq!(orca(b"TEXT cpu_utilization=0.3\xff", &metrics), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_metrics_name_is_a_field_or_an_entry_of_a_map() {
    for name in ["cpu_utilization", "application_utilization", "utilization.gpu"] {
        assert_eq!(wanted(&[name])[0].as_ref(), name);
    }
    for name in ["", "named_metrics.", "metrics.queue", "named_metrics.a,b", "a=b", "a b"] {
        assert!(MetricName::try_from(name.to_owned()).is_err(), "{name}");
    }
}
