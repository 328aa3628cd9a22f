//! Plain scalars by YAML 1.2's core schema (YAML 1.2.2 §10.3.2).

use super::{Value, YamlErrorReason};

/// The value of a plain scalar.
///
/// # Errors
/// `.inf` and `.nan`, which JSON cannot say.
pub fn plain(text: &str) -> Result<Value, YamlErrorReason> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ if is_not_finite(text) => return Err(not_a(text, "finite number")),
        _ => match number(text) {
            Some(number) => Value::Number(number),
            None => Value::String(text.to_owned()),
        },
    })
}

/// The value of a scalar with a core tag (`!!str`, `!!int`, …).
///
/// # Errors
/// A value that the tag does not fit.
pub fn tagged(text: &str, tag: &str) -> Result<Value, YamlErrorReason> {
    let value = plain(text)?;
    match (tag, value) {
        ("str", _) => Ok(Value::String(text.to_owned())),
        ("null", Value::Null) => Ok(Value::Null),
        ("bool", value @ Value::Bool(_)) => Ok(value),
        ("int", Value::Number(it)) if !it.is_f64() => Ok(Value::Number(it)),
        ("float", value @ Value::Number(_)) => Ok(value),
        ("null", _) => Err(not_a(text, "null")),
        ("bool", _) => Err(not_a(text, "boolean")),
        ("int", _) => Err(not_a(text, "whole number")),
        ("float", _) => Err(not_a(text, "number")),
        _ => Err(YamlErrorReason::Tag(format!("!!{tag}"))),
    }
}

fn not_a(value: &str, expected: &'static str) -> YamlErrorReason {
    YamlErrorReason::NotA { value: value.to_owned(), expected }
}

fn is_not_finite(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

fn number(text: &str) -> Option<serde_json::Number> {
    let digits_of = |text: &str, radix| {
        let all_digits = !text.is_empty() && text.chars().all(|it| it.is_digit(radix));
        all_digits.then(|| u64::from_str_radix(text, radix).ok()).flatten()
    };
    if let Some(octal) = text.strip_prefix("0o") {
        return digits_of(octal, 8).map(Into::into);
    }
    if let Some(hex) = text.strip_prefix("0x") {
        return digits_of(hex, 16).map(Into::into);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !is_decimal(unsigned) {
        return None;
    }
    let without_plus = text.strip_prefix('+').unwrap_or(text);
    if let Ok(number) = without_plus.parse::<u64>() {
        return Some(number.into());
    }
    if let Ok(number) = without_plus.parse::<i64>() {
        return Some(number.into());
    }
    serde_json::Number::from_f64(without_plus.parse().ok()?)
}

/// `12`, `1.5`, `.5`, `1.`, `1e3`.
fn is_decimal(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |it: &str| it.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mantissa_fits =
        digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    let exponent_fits = exponent.is_none_or(|it| {
        let it = it.strip_prefix(['-', '+']).unwrap_or(it);
        !it.is_empty() && digits(it)
    });
    mantissa_fits && exponent_fits
}
