//! Keys of blocks sort as their addresses do.

use proptest::prelude::*;

use super::*;

#[test]
fn the_contracts_example_is_the_key_of_its_block() {
    let key = BlockKey("10.77.0.0/28".parse().unwrap());
    assert_eq!(key.to_string(), "4/0a4d0000-28");
    assert_eq!("4/0a4d0000-28".parse(), Ok(key));
}

#[test]
fn what_is_no_key_is_refused() {
    for text in
        ["", "4/", "4/a4d0000-28", "5/0a4d0000-28", "4/0a4d0001-28", "4/zz-1"]
    {
        assert!(text.parse::<BlockKey>().is_err(), "{text:?}");
    }
}

#[test]
fn a_record_survives_json() {
    let text = r#"{"v":1,"pool":"default","host":"node-1","epoch":3,
        "boot":"b-1","affinity":{"team":"002a:0000"},
        "slots":{"5":{"attachment":{"network":"shop","container":"c1",
        "interface":"eth0"},"generation":17,"class":"002a:0007","boot":"b-1",
        "state":{"resting":{"since_millis":9}}}}}"#;
    let record: BlockRecord = serde_json::from_str(text).unwrap();
    let again = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<BlockRecord>(&again).unwrap(), record);
}

proptest! {
    #[test]
    fn order_of_keys_is_order_of_addresses(a: u128, b: u128, length in 64u8..=128) {
        let key = |number| {
            BlockKey(Prefix::containing(Family::V6.address(number), length).unwrap())
        };
        let (a, b) = (key(a), key(b));
        prop_assert_eq!(
            a.0.first().cmp(&b.0.first()),
            a.to_string().cmp(&b.to_string())
        );
    }
}
