//! Quantities of every form, and what is none.

use super::*;

#[test]
fn quantities_of_every_form_are_read() {
    for (text, value) in [
        ("0", 0),
        ("10M", 10_000_000),
        ("+1k", 1_000),
        ("1.5Gi", 1_610_612_736),
        (".5k", 500),
        ("5.", 5),
        ("2e6", 2_000_000),
        ("2E-1", 1),
        ("1500m", 2),
        ("1P", 1_000_000_000_000_000),
        ("12E", 12_000_000_000_000_000_000),
    ] {
        assert_eq!(parse(text), Some(value), "{text}");
    }
}

#[test]
fn what_is_no_quantity_is_none() {
    for text in [
        "",
        ".",
        "M",
        "-1M",
        "10MB",
        "10 M",
        "1.2.3",
        "ten",
        "1e99",
        "99E",
        "0x10",
        "１０M",
        "1e",
        "10K",
        "1000000000000000000000000000000000000000000000",
    ] {
        assert_eq!(parse(text), None, "{text}");
    }
}
