//! A class id survives its text form and keeps its fields apart.

use proptest::prelude::*;

use super::*;

#[test]
fn the_contracts_example_reads_as_cluster_1_team_42_app_7() {
    let class: ClassId = "102a:0007".parse().unwrap();
    assert_eq!(class.cluster().get(), 1);
    assert_eq!(class.team().get(), 0x2a);
    assert_eq!(class.app(), AppNumber(7));
    assert_eq!(class.to_string(), "102a:0007");
}

#[test]
fn what_is_not_a_class_id_is_refused() {
    for text in
        ["", ":", "102a", "102a:", ":7", "12345:1", "1:12345", "g:1", "+1:1"]
    {
        assert!(text.parse::<ClassId>().is_err(), "{text:?} was accepted");
    }
}

#[test]
fn numbers_beyond_their_field_are_refused() {
    assert!(ClusterNumber::new(16).is_err());
    assert!(TeamNumber::new(4096).is_err());
    assert_eq!(TeamNumber::new(4095).unwrap().get(), 4095);
}

proptest! {
    #[test]
    fn a_class_survives_text_and_fields(bits: u32) {
        let class = ClassId::from_bits(bits);
        prop_assert_eq!(class.to_string().parse(), Ok(class));
        prop_assert_eq!(
            ClassId::new(class.cluster(), class.team(), class.app()),
            class
        );
    }
}
