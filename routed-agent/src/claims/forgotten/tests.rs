//! Which claims are made again.

use tartan_model::{Affinity, BlockRecord, BootId};
use tartan_store::Revision;

use super::*;

/// One claim for each `PREFIX EPOCH`.
fn claims(all: &[(&str, u64)]) -> Vec<Claimed> {
    let claim = |(prefix, epoch): &(&str, u64)| Claimed {
        prefix: prefix.parse().unwrap(),
        record: BlockRecord {
            v: BlockRecord::VERSION,
            pool: "default".parse().unwrap(),
            host: "ambre".parse().unwrap(),
            epoch: Epoch(*epoch),
            boot: BootId::new("b-1"),
            affinity: Affinity::Any,
            slots: Default::default(),
        },
        revision: Revision(1),
    };
    all.iter().map(claim).collect()
}

const A: &str = "10.77.0.0/28";
const B: &str = "10.77.0.16/28";

#[test]
fn what_the_store_lacks_is_made_again_unless_the_epoch_was_raised() {
    type All<'a> = &'a [(&'a str, u64)];
    type Row<'a> = (All<'a>, All<'a>, All<'a>, &'a [&'a str], &'a [&'a str]);
    // Held, remembered, found; made again, void. The epoch is 2.
    let table: &[Row<'_>] = &[
        (&[], &[], &[], &[], &[]),
        (&[(A, 2)], &[], &[(A, 2)], &[], &[]),
        (&[(A, 2)], &[], &[], &[A], &[]),
        (&[(A, 1)], &[], &[], &[], &[A]),
        (&[(A, 2), (B, 1)], &[], &[], &[A], &[B]),
        // Restored: what is remembered counts too, whatever its epoch.
        (&[], &[(A, 2)], &[], &[A], &[]),
        (&[], &[(A, 3)], &[], &[A], &[]),
        (&[(A, 3)], &[(A, 3)], &[], &[A], &[]),
        (&[(A, 2)], &[(A, 2), (B, 2)], &[], &[A, B], &[]),
        (&[(A, 2)], &[(A, 2), (B, 2)], &[(B, 2)], &[A], &[]),
        (&[(A, 2)], &[(B, 2)], &[(A, 2), (B, 2)], &[], &[]),
    ];
    for (held, remembered, found, again, void) in table {
        let said = forgotten(
            &claims(held),
            &claims(remembered),
            &claims(found),
            Epoch(2),
        );
        let mut ours = Vec::new();
        let mut voided = Vec::new();
        for one in said {
            match one {
                Forgotten::Ours(c) => ours.push(c.prefix.to_string()),
                Forgotten::Void(prefix) => voided.push(prefix.to_string()),
            }
        }
        assert_eq!(
            (&ours[..], &voided[..]),
            (&said_of(again)[..], &said_of(void)[..]),
            "{held:?} {remembered:?} {found:?}"
        );
    }
}

fn said_of(prefixes: &[&str]) -> Vec<String> {
    prefixes.iter().map(|prefix| (*prefix).to_owned()).collect()
}
