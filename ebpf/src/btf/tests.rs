//! Descriptions of types, whole and ruined.

use proptest::prelude::*;

use super::{Btf, BtfError};

/// A description of `struct pair { u32 one; u16 two[3]; }`, typedef'd.
fn description() -> Vec<u8> {
    let strings = b"\0u32\0u16\0pair\0one\0two\0pair_t\0";
    let word = |it: u32| it.to_ne_bytes();
    let types: Vec<[u8; 4]> = vec![
        // 1: int u32; 2: int u16
        word(1),
        word(1 << 24),
        word(4),
        word(32),
        word(5),
        word(1 << 24),
        word(2),
        word(16),
        // 3: u16[3]
        word(0),
        word(3 << 24),
        word(0),
        word(2),
        word(1),
        word(3),
        // 4: struct pair
        word(9),
        word(4 << 24 | 2),
        word(12),
        word(14),
        word(1),
        word(0),
        word(18),
        word(3),
        word(32),
        // 5: typedef; 6: pointer
        word(22),
        word(8 << 24),
        word(4),
        word(0),
        word(2 << 24),
        word(4),
    ];
    let types = types.concat();
    let mut all = 0xeb9f_u16.to_ne_bytes().to_vec();
    all.extend([1, 0]);
    for number in [24, 0, types.len(), types.len(), strings.len()] {
        all.extend(word(number as u32));
    }
    all.extend(types);
    all.extend(strings);
    all
}

#[test]
fn types_are_followed_to_their_fields() {
    let bytes = description();
    let types = Btf::parse(&bytes).unwrap();
    let mut text = String::new();
    types.shape(5).unwrap().describe(&mut text);
    assert_eq!(text, "12{one@0:4;two@4:2[3];}");
    for none in [0, 6, 7, u32::MAX] {
        let error = types.shape(none).unwrap_err();
        assert_eq!(error, BtfError::Kind { id: none });
    }
}

proptest! {
    #[test]
    fn ruined_descriptions_are_errors(at in 0..200_usize, to: u8, cut: usize) {
        let mut bytes = description();
        let index = at % bytes.len();
        bytes[index] = to;
        bytes.truncate(cut % (bytes.len() + 1));
        if let Ok(types) = Btf::parse(&bytes) {
            for id in 0..8 {
                // Whatever it says, it ends.
                let _ = types.shape(id).map(|shape| shape.size());
            }
        }
    }
}
