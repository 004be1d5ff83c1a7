//! Pools that can be and pools that cannot.

use super::*;

fn pool(name: &str, cidrs: &[&str]) -> Pool {
    Pool {
        v: Pool::VERSION,
        name: name.parse().unwrap(),
        cidrs: cidrs.iter().map(|text| text.parse().unwrap()).collect(),
        block_length4: Pool::BLOCK_LENGTH_4,
        block_length6: Pool::BLOCK_LENGTH_6,
        affinity: Default::default(),
        nat_outgoing: false,
        draining: false,
    }
}

#[test]
fn i_011_i_014_good_pools_of_all_sizes_are_accepted() {
    for cidrs in [
        vec!["10.77.0.0/16"],
        vec!["10.0.0.0/8", "fd00::/64"],
        vec!["10.77.0.0/32"],
        vec!["10.77.0.4/31"],
        vec!["fd00::/127"],
        vec!["fd00::1/128"],
        vec!["2001:db8::/32"],
    ] {
        assert_eq!(check(&pool("default", &cidrs)), Ok(()), "{cidrs:?}");
    }
}

#[test]
fn i_011_a_pool_has_one_prefix_per_family() {
    let error = check(&pool("default", &[])).unwrap_err();
    assert!(matches!(error, PoolError::NoPrefix(_)));
    let two = pool("default", &["10.77.0.0/16", "fd00::/64", "10.78.0.0/16"]);
    let error = check(&two).unwrap_err();
    assert!(matches!(error, PoolError::FamilyTwice { .. }));
}

#[test]
fn i_011_host_bits_are_refused_where_the_text_is_read() {
    let error = "10.77.0.1/16".parse::<Prefix>().unwrap_err();
    assert!(error.to_string().contains("10.77.0.0/16"), "{error}");
}

#[test]
fn i_011_pools_do_not_overlap() {
    let others = [pool("a", &["10.77.0.0/16"]), pool("b", &["fd00::/64"])];
    for (cidr, overlaps) in [
        ("10.77.4.0/24", true),
        ("10.0.0.0/8", true),
        ("10.77.0.0/16", true),
        ("10.78.0.0/16", false),
        ("fd00::/80", true),
        ("fd00:0:0:1::/64", false),
    ] {
        let got = check_apart(&pool("new", &[cidr]), &others);
        assert_eq!(got.is_err(), overlaps, "{cidr}");
    }
}

#[test]
fn i_014_blocks_are_neither_too_large_nor_smaller_than_an_address() {
    for (length4, length6, accepted) in
        [(20, 116, true), (32, 128, true), (19, 122, false), (33, 122, false)]
    {
        let mut pool = pool("default", &["10.77.0.0/16", "fd00::/64"]);
        (pool.block_length4, pool.block_length6) = (length4, length6);
        assert_eq!(check(&pool).is_ok(), accepted, "/{length4} /{length6}");
    }
    let mut pool = pool("default", &["fd00::/64"]);
    pool.block_length6 = 115;
    assert!(check(&pool).is_err());
}

#[test]
fn addresses_that_no_container_can_have_make_no_pool() {
    for cidr in [
        "127.0.0.0/8",
        "169.254.0.0/16",
        "224.0.0.0/24",
        "0.0.0.0/0",
        "fe80::/64",
        "ff02::/64",
        "::/96",
        "::ffff:10.0.0.0/104",
    ] {
        let error = check(&pool("default", &[cidr])).unwrap_err();
        assert!(matches!(error, PoolError::Special { .. }), "{cidr}");
    }
}

#[test]
fn a_pool_within_somebodys_block_is_refused() {
    let new = pool("new", &["10.77.0.0/28"]);
    let block = |text: &str| [text.parse::<Prefix>().unwrap()];
    assert!(check_blocks(&new, block("10.77.0.0/26")).is_err());
    assert!(check_blocks(&new, block("10.77.0.0/28")).is_ok());
    assert!(check_blocks(&new, block("10.77.0.0/30")).is_ok());
    assert!(check_blocks(&new, block("10.78.0.0/26")).is_ok());
}
