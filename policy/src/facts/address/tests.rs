use wasm_bindgen_test::wasm_bindgen_test;

use super::*;

#[wasm_bindgen_test(unsupported = test)]
fn names_of_the_internet_are_public() {
    for host in ["example.com", "a-b.example.", "1.example.com", "xn--fsq.example", "8.8.8.8"] {
        assert_eq!(name(host), Host::Public, "{host}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn names_of_a_network_are_private() {
    for host in [
        "localhost",
        "a.localhost",
        "x.local",
        "metadata.google.internal",
        "internal",
        "db",
        "printer.lan.",
        "tts.default.svc.cluster.local",
        "nas.home.arpa",
    ] {
        assert_eq!(name(host), Host::Private, "{host}");
    }
    assert_eq!(name("notlocal.example"), Host::Public);
    assert_eq!(name("mylocalhost.com"), Host::Public);
}

#[wasm_bindgen_test(unsupported = test)]
fn loopback_is_private_in_every_spelling() {
    for host in [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.1.",
        "0",
        "0x",
        "0x7f.0.0.0x1",
    ] {
        assert_eq!(name(host), Host::Private, "{host}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_ends_in_a_number_and_is_no_address_is_odd() {
    for host in ["1.2.3.4.5", "256.1.1.1", "1.2.3.256", "4294967296", "a.1", "09", "a.0x1", "1.08"]
    {
        assert_eq!(name(host), Host::Odd, "{host}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_no_name_is_odd() {
    let long = "a.".repeat(128);
    for host in
        ["", ".", "a..b", ".a", "-a.b", "a-.b", "a_b.c", "é.com", "a b", "a..", "A.b", &long]
    {
        assert_eq!(name(host), Host::Odd, "{host}");
    }
    assert_eq!(name(&"a".repeat(64)), Host::Odd);
}

#[wasm_bindgen_test(unsupported = test)]
fn special_networks_are_private() {
    for address in [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "100.100.100.200",
        "127.9.9.9",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "168.63.129.16",
    ] {
        assert_eq!(ipv4(address.parse().unwrap()), Host::Private, "{address}");
    }
    for address in
        ["1.1.1.1", "100.63.0.1", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.167.1.1"]
    {
        assert_eq!(ipv4(address.parse().unwrap()), Host::Public, "{address}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_ipv6_address_is_what_is_in_it() {
    for address in [
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "::8.8.8.8",
        "64:ff9b::a00:1",
        "64:ff9b:1::808:808",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "2001:0:1::1",
        "2001:db8::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "100::1",
        "3fff::1",
        "4000::1",
    ] {
        assert_eq!(ipv6(address.parse().unwrap()), Host::Private, "{address}");
    }
    for address in ["2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"] {
        assert_eq!(ipv6(address.parse().unwrap()), Host::Public, "{address}");
    }
}
