//! Durations as people write them.
//!
//! By hand, because `humantime` would be 6 KB of a 400 KB module, and takes "1 month" for a time.

use std::fmt;
use std::time::Duration;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The units with their lengths in milliseconds, longest first.
const UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// A length of time such as `500ms`, `60s`, `5m`, `1h 30m`, `7d`; whole milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DurationSpec(pub Duration);

impl DurationSpec {
    /// `seconds` seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    pub(super) fn parse(written: &str) -> Option<Self> {
        let mut rest = written.trim();
        let mut millis = 0_u64;
        loop {
            let (number, after) = rest.split_at(rest.find(|it: char| !it.is_ascii_digit())?);
            let end = after.find(|it: char| !it.is_ascii_alphabetic()).unwrap_or(after.len());
            let (unit, after) = after.split_at(end);
            let (_, length) = UNITS.iter().find(|(name, _)| *name == unit)?;
            let part = number.parse::<u64>().ok()?.checked_mul(*length)?;
            millis = millis.checked_add(part)?;
            rest = after.trim_start();
            if rest.is_empty() {
                return Some(Self(Duration::from_millis(millis)));
            }
        }
    }
}

impl fmt::Display for DurationSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        if rest == 0 {
            return f.write_str("0s");
        }
        let mut gap = "";
        for (unit, length) in UNITS {
            let count = rest.checked_div(length).unwrap_or_default();
            rest = rest.checked_rem(length).unwrap_or_default();
            if count > 0 {
                write!(f, "{gap}{count}{unit}")?;
                gap = " ";
            }
        }
        Ok(())
    }
}

impl Serialize for DurationSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DurationSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A visitor, because only errors from within one know where in the document they are.
        struct Written;

        impl Visitor<'_> for Written {
            type Value = DurationSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as `500ms`, `60s`, `5m`, `1h`")
            }

            fn visit_str<E: serde::de::Error>(self, written: &str) -> Result<DurationSpec, E> {
                DurationSpec::parse(written).ok_or_else(|| {
                    E::custom(format!(
                        "`{written}` is not a duration; write for example `500ms`, `60s`, `5m`, `1h 30m`, `7d`"
                    ))
                })
            }
        }

        deserializer.deserialize_str(Written)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for DurationSpec {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A length of time such as `500ms`, `60s`, `5m`, `1h 30m`, `7d`.",
            "pattern": r"^\s*(\d+(d|h|m|s|ms)\s*)+$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(written: &str) -> Option<u128> {
        DurationSpec::parse(written).map(|it| it.0.as_millis())
    }

    #[test]
    fn a_duration_is_the_sum_of_its_parts() {
        for (written, expected) in [
            ("0s", 0),
            ("500ms", 500),
            ("60s", 60_000),
            ("5m", 300_000),
            (" 1h 30m ", 5_400_000),
            ("1h30m", 5_400_000),
            ("7d", 604_800_000),
        ] {
            assert_eq!(millis(written), Some(expected), "{written:?}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        let too_long = "213503982335d";
        for written in ["", " ", "5", "m", "5 m", "-5m", "1.5h", "5M", "1month", "5m x", too_long] {
            assert_eq!(millis(written), None, "{written:?}");
        }
    }

    #[test]
    fn it_is_shown_as_it_can_be_read() {
        for shown in ["0s", "1ms", "1s 500ms", "1m", "1h 30m", "7d 2h"] {
            assert_eq!(DurationSpec::parse(shown).unwrap().to_string(), shown);
        }
    }
}
