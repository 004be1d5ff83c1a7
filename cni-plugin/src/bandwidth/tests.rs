//! Limits of each runtime, and limits that cannot be had.

use serde_json::json;

use super::*;

fn limit(rate: u64, burst: Option<u64>) -> Option<Limit> {
    Some(Limit { rate, burst })
}

fn of(value: &Value) -> Result<Limits, BandwidthError> {
    requested(value, None)
}

#[test]
fn ingress_is_to_the_container_in_either_spelling() {
    let wanted = Limits {
        from_container: limit(2_000, None),
        to_container: limit(1_000_000, Some(8_000)),
    };
    for value in [
        json!({"ingressRate": 1_000_000, "ingressBurst": 8_000,
               "egressRate": 2_000, "egressBurst": 0}),
        // containerd
        json!({"IngressRate": 1_000_000, "IngressBurst": 8_000,
               "EgressRate": 2_000, "EgressBurst": 4_294_967_295_u64}),
        json!({"IngressRate": 1_000_000, "ingressRate": 1_000_000,
               "ingressBurst": 8_000, "egressRate": 2_000, "colour": "red"}),
    ] {
        assert_eq!(of(&value), Ok(wanted), "{value}");
    }
}

#[test]
fn nothing_asked_is_no_limit() {
    for value in [
        json!(null),
        json!({}),
        json!({"ingressRate": 0, "ingressBurst": 0}),
        json!({"IngressRate": 0, "IngressBurst": 4_294_967_295_u64}),
        json!({"ingressRate": null}),
    ] {
        assert_eq!(of(&value), Ok(Limits::default()), "{value}");
    }
}

#[test]
fn annotations_count_where_the_capability_is_absent() {
    let both: BTreeMap<String, String> =
        ANNOTATIONS.iter().map(|key| (key.to_string(), "10M".into())).collect();
    let ten = limit(10_000_000, None);
    assert_eq!(
        requested(&Value::Null, Some(&both)),
        Ok(Limits { from_container: ten, to_container: ten })
    );
    let capability = json!({"ingressRate": 5_000});
    let by_capability = requested(&capability, Some(&both)).unwrap();
    assert_eq!(by_capability.to_container, limit(5_000, None));
    assert_eq!(by_capability.from_container, None);
}

#[test]
fn what_cannot_be_had_is_refused_with_key_and_value() {
    for (value, said) in [
        (json!([1]), "\"bandwidth\" of runtimeConfig is [1], which is not"),
        (
            json!({"ingressRate": -1}),
            "\"ingressRate\" of bandwidth of runtimeConfig is -1",
        ),
        (
            json!({"EgressBurst": "8"}),
            "\"EgressBurst\" of bandwidth of runtimeConfig is \"8\"",
        ),
        (
            json!({"egressRate": 1.5}),
            "\"egressRate\" of bandwidth of runtimeConfig is 1.5",
        ),
        (
            json!({"egressRate": 999}),
            "\"egressRate\" of runtimeConfig asks for 999 bit/s",
        ),
        (
            json!({"ingressRate": u64::MAX}),
            "\"ingressRate\" of runtimeConfig asks for",
        ),
        (
            json!({"ingressBurst": 8}),
            "\"ingressBurst\" of bandwidth of runtimeConfig is 8, but",
        ),
        (
            json!({"ingressRate": 1000, "IngressRate": 2000}),
            "\"IngressRate\" of bandwidth of runtimeConfig is 2000, which contradicts",
        ),
    ] {
        let error = of(&value).unwrap_err().to_string();
        assert!(error.starts_with(said), "{value}: {error}");
    }
    let bad = BTreeMap::from([(ANNOTATIONS[1].to_owned(), "fast".to_owned())]);
    let error = requested(&Value::Null, Some(&bad)).unwrap_err().to_string();
    assert!(error.contains("egress-bandwidth is \"fast\""), "{error}");
}
