//! Ranges of `host-local`'s making, right and wrong.

use super::*;

fn written(fields: [&str; 4]) -> WrittenRange {
    let [subnet, start, end, gateway] =
        fields.map(|text| Some(text.to_owned()));
    WrittenRange { subnet, range_start: start, range_end: end, gateway }
}

fn range(fields: [&str; 4]) -> Result<Range, RangeError> {
    written(fields).try_into()
}

fn ranges(sets: &[&[[&str; 4]]]) -> Result<Ranges, RangeError> {
    let sets: Vec<Vec<_>> = sets
        .iter()
        .map(|set| set.iter().copied().map(written).collect())
        .collect();
    sets.try_into()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn i_006_i_013_what_is_not_said_is_what_host_local_takes() {
    for (fields, first, last, gateway) in [
        (["10.1.2.0/24", "", "", ""], "10.1.2.1", "10.1.2.254", "10.1.2.1"),
        (["10.1.2.4/30", "", "", ""], "10.1.2.5", "10.1.2.6", "10.1.2.5"),
        (
            ["10.1.2.0/24", "10.1.2.8", "10.1.2.9", "10.1.2.254"],
            "10.1.2.8",
            "10.1.2.9",
            "10.1.2.254",
        ),
        // The gateway may lie elsewhere.
        (
            ["10.1.2.0/24", "", "", "10.1.3.1"],
            "10.1.2.1",
            "10.1.2.254",
            "10.1.3.1",
        ),
        // No broadcast, leading zeros, a carry across bytes.
        (["fd00::/126", "", "", ""], "fd00::1", "fd00::3", "fd00::1"),
        (["::/120", "::7f", "", ""], "::7f", "::ff", "::1"),
        (
            ["fd00:1::/64", "fd00:1::fffe", "fd00:1::1:1", ""],
            "fd00:1::fffe",
            "fd00:1::1:1",
            "fd00:1::1",
        ),
    ] {
        let range = range(fields).unwrap();
        assert_eq!(range.span().first(), ip(first), "{fields:?}");
        assert_eq!(range.span().last(), ip(last), "{fields:?}");
        assert_eq!(range.gateway(), ip(gateway), "{fields:?}");
    }
}

#[test]
fn i_006_i_011_what_cannot_be_is_refused_by_name() {
    for (fields, said) in [
        (["", "", "", ""], "no \"subnet\""),
        (["10.1.2.3/24", "", "", ""], "not accepted"),
        (["10.1.2.0", "", "", ""], "not accepted"),
        (["10.1.2.0/33", "", "", ""], "not accepted"),
        (["10.1.2.0/31", "", "", ""], "too small"),
        (["10.1.2.0/32", "", "", ""], "too small"),
        (["fd00::/127", "", "", ""], "too small"),
        (["fd00::/128", "", "", ""], "too small"),
        (["10.1.2.0/24", "10.1.3.1", "", ""], "\"rangeStart\" 10.1.3.1"),
        (["10.1.2.0/24", "", "10.1.1.255", ""], "\"rangeEnd\" 10.1.1.255"),
        (["10.1.2.0/24", "", "fd00::1", ""], "\"rangeEnd\" fd00::1"),
        (["10.1.2.0/24", "10.1.2.9", "10.1.2.8", ""], "before it begins"),
        (["10.1.2.0/24", "x", "", ""], "\"rangeStart\" of a range is \"x\""),
        (["10.1.2.0/24", "", "", "1.2.3"], "\"gateway\" of a range is"),
        (["10.1.2.0/24", "", "", "fd00::1"], "gateway fd00::1 cannot"),
        (["10.1.2.0/24", "10.1.2.1", "10.1.2.1", ""], "no address to give"),
        (["10.1.2.0/24", "10.1.2.0", "10.1.2.1", ""], "no address to give"),
    ] {
        let refused = range(fields).unwrap_err().to_string();
        assert!(refused.contains(said), "{fields:?}: {refused}");
    }
}

#[test]
fn host_bits_in_a_subnet_are_told_with_the_subnet_that_was_meant() {
    let error = range(["10.1.2.3/24", "", "", ""]).unwrap_err();
    let RangeError::Subnet(why) = error else { panic!("{error}") };
    assert!(why.to_string().contains("10.1.2.0/24"), "{why}");
}

#[test]
fn i_004_gateway_network_and_broadcast_are_kept_back() {
    let range = range(["10.1.2.0/29", "10.1.2.0", "10.1.2.7", ""]).unwrap();
    let given: Vec<_> = (0..8).map(|n| ip(&format!("10.1.2.{n}"))).collect();
    let given = given.into_iter().filter(|ip| range.gives(*ip));
    let expected: Vec<_> = (2..7).map(|n| ip(&format!("10.1.2.{n}"))).collect();
    assert_eq!(given.collect::<Vec<_>>(), expected);
}

#[test]
fn i_011_sets_are_of_one_family_and_nothing_overlaps() {
    let v4 = ["10.1.2.0/24", "", "", ""];
    let low = ["10.1.2.0/24", "10.1.2.2", "10.1.2.9", ""];
    let high = ["10.1.2.0/24", "10.1.2.10", "10.1.2.19", ""];
    let v6 = ["fd00::/64", "", "", ""];
    assert!(ranges(&[&[v4], &[v6]]).is_ok());
    assert!(ranges(&[&[low, high]]).is_ok());
    assert!(ranges(&[&[low], &[high]]).is_ok());
    assert!(ranges(&[]).unwrap().is_empty());
    for (sets, said) in [
        (&[&[low, v4][..]][..], "overlap"),
        (&[&[low][..], &[v4]][..], "overlap"),
        (&[&[v4, v6][..]][..], "two families"),
        (&[&[][..]][..], "empty"),
    ] {
        let refused = ranges(sets).unwrap_err().to_string();
        assert!(refused.contains(said), "{sets:?}: {refused}");
    }
}

#[test]
fn too_many_ranges_are_refused_before_they_are_compared() {
    let one = range(["10.1.2.0/24", "", "", ""]).unwrap();
    let refused = Ranges::try_from(vec![vec![one; 10_000]]).unwrap_err();
    assert_eq!(refused, RangeError::TooMany(10_000));
}

#[test]
fn addresses_meet_ranges_one_by_one() {
    let low = ["10.1.2.0/24", "10.1.2.2", "10.1.2.9", ""];
    let high = ["10.1.2.0/24", "10.1.2.10", "10.1.2.19", ""];
    let two = ranges(&[&[low], &[high]]).unwrap();
    assert_eq!(two.repeated_family(), Some(Family::V4));
    let met = |all: &[&str]| {
        let all: Vec<_> = all.iter().map(|text| ip(text)).collect();
        two.are_met_by(&all)
    };
    assert!(met(&["10.1.2.10", "10.1.2.2"]));
    assert!(!met(&["10.1.2.3", "10.1.2.2"]));
    assert!(!met(&["10.1.2.3"]));
    assert!(!met(&["10.1.2.3", "10.1.2.11", "10.1.2.12"]));
}

#[test]
fn what_is_written_reads_as_the_same() {
    let sets = ranges(&[
        &[["10.1.2.0/24", "10.1.2.5", "", "10.1.2.254"]],
        &[["fd00::/64", "", "", ""]],
    ])
    .unwrap();
    let text = serde_json::to_string(&sets).unwrap();
    assert_eq!(serde_json::from_str::<Ranges>(&text).unwrap(), sets);
}
