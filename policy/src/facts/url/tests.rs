use wasm_bindgen_test::wasm_bindgen_test;

use super::*;

fn told(url: &str) -> String {
    let target = UrlTarget::parse(url.as_bytes());
    let mut told = target.host.unwrap_or_else(|| "-".to_owned());
    for (is, word) in [
        (target.is_insecure, " insecure"),
        (target.is_private, " private"),
        (target.is_ambiguous, " ambiguous"),
    ] {
        told += if is { word } else { "" };
    }
    told
}

#[wasm_bindgen_test(unsupported = test)]
fn the_plain_form_is_accepted() {
    for (url, host) in [
        ("https://example.com", "example.com"),
        ("HTTPS://Example.COM/a.wav?x=http://127.0.0.1/@b#c", "example.com"),
        ("https://example.com.:8443/a", "example.com"),
        ("https://example.com?a", "example.com"),
        ("https://example.com#a", "example.com"),
        ("https://[2606:4700::1111]:443/", "[2606:4700::1111]"),
        ("https://8.8.8.8/", "8.8.8.8"),
    ] {
        assert_eq!(told(url), host, "{url}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn other_schemes_are_insecure() {
    for (url, expected) in [
        ("http://example.com/a", "example.com insecure"),
        ("ftp://example.com", "example.com insecure"),
        ("s3://bucket/key", "bucket insecure private"),
        ("//example.com/a", "example.com insecure"),
        ("file:///etc/passwd", "- insecure"),
        ("file:/etc/passwd", "- insecure"),
        ("https:example.com", "- insecure"),
        ("https:/example.com//b.c/", "b.c insecure"),
        ("gopher://127.0.0.1:25/_x", "127.0.0.1 insecure private"),
    ] {
        assert_eq!(told(url), expected, "{url}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn private_hosts_are_told() {
    for url in [
        "https://169.254.169.254/latest/meta-data/",
        "https://2852039166/",
        "https://0xa9fea9fe/",
        "https://LOCALHOST:8443",
        "https://db/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://metadata.google.internal./",
    ] {
        assert!(told(url).ends_with(" private"), "{url}: {}", told(url));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_can_be_read_in_two_ways_is_ambiguous() {
    for url in [
        "https://good.example@evil.example/",
        "https://evil.example\\@good.example/",
        "https://good.example\\.evil.example/",
        "https://good.example%2eevil.example/",
        "https://good.example%00/",
        "https://g\u{3002}example/",
        "https://ｇood.example/",
        "https:///good.example/",
        "https://",
        "https://good.example:/",
        "https://good.example:0/",
        "https://good.example:99999/",
        "https://good.example:+443/",
        "https://good.example:443:80/",
        "https://[::1%25eth0]/",
        "https://[::1",
        "https://[v1.x]/",
        "https://a[b]/",
        "https://[::1]x/",
        " https://good.example/",
        "https://good.example/a b",
        "https://good.example/\n",
        "https://good.ex\tample/",
        "https://good..example/",
        "https://good_example.com/",
        "https://1.2.3.4.5/",
    ] {
        assert!(told(url).ends_with(" ambiguous"), "{url}: {}", told(url));
    }
    let long = format!("https://good.example/{}", "a".repeat(MAX_URL_BYTES));
    assert_eq!(told(&long), "good.example ambiguous");
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_host_that_is_told_is_what_stands_between_slashes(url in "(https?:)?//[a-z0-9.:@/\\\\%\\[\\]-]{0,24}") {
            let target = UrlTarget::parse(url.as_bytes());
            let is_accepted = !target.is_insecure && !target.is_ambiguous;
            if let Some(host) = target.host.as_ref().filter(|_| is_accepted) {
                let after = &url[url.find("//").unwrap() + 2..];
                let authority = after.split(['/', '?', '#']).next().unwrap();
                prop_assert!(!authority.contains(['@', '%', '\\']));
                prop_assert!(authority.starts_with(host.as_str()));
            }
        }
    }
}
