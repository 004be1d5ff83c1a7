//! Which pieces come up, in which order, and what a claim compares.

use proptest::prelude::*;
use tartan_model::{Affinity, BootId, Epoch};

use super::*;

fn pool(cidr: &str, block_length: u8) -> Pool {
    Pool {
        v: Pool::VERSION,
        name: "default".parse().unwrap(),
        cidrs: vec![cidr.parse().unwrap()],
        block_length4: block_length,
        block_length6: block_length,
        affinity: tartan_model::pool::PoolAffinity::Host,
        nat_outgoing: false,
        draining: false,
    }
}

fn want(family: Family, length: u8) -> Want {
    Want {
        pool: "default".parse().unwrap(),
        family,
        length,
        affinity: Affinity::Any,
        within: None,
    }
}

fn claimant() -> Claimant {
    Claimant {
        host: "node-1".parse().unwrap(),
        epoch: Epoch(3),
        boot: BootId::new("b-1"),
    }
}

fn prefix(text: &str) -> Prefix {
    text.parse().unwrap()
}

/// Every piece that comes up, until none is left.
fn all(pool: &Pool, want: &Want, seed: u64) -> Vec<Prefix> {
    let mut taken = BTreeSet::new();
    let mut found = Vec::new();
    let windows = windows(pool, want, seed);
    for window in windows {
        while let Some(piece) = candidate(pool, want, window, &taken, seed) {
            assert!(window.covers(piece));
            assert!(taken.insert(BlockKey(piece)));
            found.push(piece);
        }
    }
    found
}

#[test]
fn i_018_every_block_comes_up_once_in_an_order_that_the_host_decides() {
    let pool = pool("10.77.0.0/18", 26);
    let want = want(Family::V4, 26);
    let mut orders = BTreeSet::new();
    for host in ["node-1", "node-2", "ambre"] {
        let seed = seed(&host.parse().unwrap());
        let order = all(&pool, &want, seed);
        assert_eq!(order, all(&pool, &want, seed), "the same each time");
        let once: BTreeSet<Prefix> = order.iter().copied().collect();
        assert_eq!((order.len(), once.len()), (256, 256));
        orders.insert(order);
    }
    assert_eq!(orders.len(), 3, "hosts begin at different places");
}

#[test]
fn i_040_two_hosts_seldom_begin_at_the_same_block() {
    let pool = pool("10.77.0.0/16", 26);
    let want = want(Family::V4, 26);
    let firsts: BTreeSet<Prefix> = (0..32)
        .map(|n| {
            let seed = seed(&format!("node-{n}").parse().unwrap());
            let window = windows(&pool, &want, seed)[0];
            candidate(&pool, &want, window, &BTreeSet::new(), seed).unwrap()
        })
        .collect();
    assert!(firsts.len() >= 29, "{} of 32 are alone", firsts.len());
}

#[test]
fn i_015_the_first_window_of_a_huge_pool_is_small() {
    for (cidr, length, window) in [
        ("10.0.0.0/8", 26, 22),
        ("fd00::/64", 122, 118),
        ("fd00::/8", 122, 118),
    ] {
        let pool = pool(cidr, length);
        let want = want(pool.cidrs[0].family(), length);
        let windows = windows(&pool, &want, u64::MAX);
        assert_eq!(windows[0].length(), window);
        assert_eq!(windows.last(), Some(&pool.cidrs[0]));
        let none = BTreeSet::new();
        for window in windows {
            assert!(candidate(&pool, &want, window, &none, 77).is_some());
        }
    }
}

#[test]
fn i_014_pools_of_one_or_two_addresses_are_claimed_whole() {
    for (cidr, length, pieces) in [
        ("10.77.0.0/32", 26, 1),
        ("10.77.0.0/31", 26, 1),
        ("10.77.0.0/31", 32, 2),
        ("10.77.0.0/30", 32, 2),
        ("10.77.0.0/30", 26, 1),
        ("fd00::/127", 122, 1),
        ("fd00::/127", 128, 2),
        ("fd00::/126", 128, 3),
        ("fd00::/128", 122, 1),
    ] {
        let pool = pool(cidr, length);
        let family = pool.cidrs[0].family();
        let want = want(family, pool.block_length(family));
        assert_eq!(all(&pool, &want, 5).len(), pieces, "{cidr} /{length}");
    }
}

#[test]
fn a_smaller_piece_is_taken_where_the_wanted_does_not_fit() {
    let mut pool = pool("10.77.0.0/26", 26);
    pool.affinity = tartan_model::pool::PoolAffinity::HostTeam;
    let taken: BTreeSet<BlockKey> =
        ["10.77.0.0/28", "10.77.0.32/28"].map(|t| BlockKey(prefix(t))).into();
    let window = pool.cidrs[0];
    for length in [26, 27, 28] {
        let want = want(Family::V4, length);
        let found = candidate(&pool, &want, window, &taken, 0);
        assert_eq!(found, Some(prefix("10.77.0.16/28")), "/{length}");
    }
}

#[test]
fn a_claim_compares_all_that_could_make_it_wrong() {
    let ground = Ground {
        pool: pool("10.77.0.0/24", 26),
        pool_modified: Revision(5),
        host_modified: Revision(6),
        seen: Revision(7),
    };
    let block = prefix("10.77.0.64/27");
    let change = transaction(&ground, &claimant(), block, b"x".to_vec());
    for wider in ["10.77.0.0/24", "10.77.0.0/25", "10.77.0.64/26"] {
        let key = keys::block(prefix(wider));
        assert!(change.compare.contains(&Compare::Absent(key)), "{wider}");
    }
    let range = keys::blocks_within(block);
    assert!(change.compare.contains(&Compare::Empty(range)));
    let pool = keys::pool(&ground.pool.name);
    assert!(change.compare.contains(&Compare::Modified(pool, Revision(5))));
    let host = keys::host(&claimant().host);
    assert!(change.compare.contains(&Compare::Modified(host, Revision(6))));
    let reserved = keys::reservations();
    let unchanged = Compare::Unchanged(reserved, Revision(7));
    assert!(change.compare.contains(&unchanged));
    assert_eq!(change.compare.len(), 7, "and nothing else");
}

#[test]
fn a_claim_in_the_widest_pool_fits_in_one_transaction() {
    let ground = Ground {
        pool: pool("::/0", 128),
        pool_modified: Revision(1),
        host_modified: Revision(1),
        seen: Revision(1),
    };
    // `::/0` is refused as a pool; a /8 is the widest there can be.
    let block = prefix("fd00::1/128");
    let ground = Ground { pool: pool("fd00::/8", 128), ..ground };
    let change = transaction(&ground, &claimant(), block, Vec::new());
    assert!(change.compare.len() <= tartan_store::MOST_OPERATIONS);
}

proptest! {
    #[test]
    fn a_candidate_is_free_and_in_its_place(
        seed: u64,
        length in 24u8..=30,
        blocks in proptest::collection::vec((0u32..1024, 22u8..=32), 0..40),
    ) {
        let pool = pool("10.77.0.0/22", length);
        let mut taken = BTreeSet::new();
        for (offset, length) in blocks {
            let address = Family::V4.address(u128::from(0x0a4d_0000 + offset));
            let piece = Prefix::containing(address, length).unwrap();
            if last_overlap(piece, &taken).is_none() {
                taken.insert(BlockKey(piece));
            }
        }
        let want = want(Family::V4, length);
        let found = candidate(&pool, &want, pool.cidrs[0], &taken, seed);
        let pieces = (0..1u32 << (length - 22)).map(|n| {
            let number = 0x0a4d_0000u128 + (u128::from(n) << (32 - length));
            Prefix::containing(Family::V4.address(number), length).unwrap()
        });
        let is_free = |piece: &Prefix| {
            !taken.iter().any(|other| other.0.overlaps(*piece))
        };
        let free: Vec<Prefix> = pieces.filter(is_free).collect();
        prop_assert_eq!(found.is_some(), !free.is_empty());
        if let Some(found) = found {
            prop_assert!(free.contains(&found));
        }
    }
}
