//! Names of sets of maps, and which of them count.

use super::{Course, MapSet, Stage};

const OURS: u64 = 0xa;
const OTHER: u64 = 0xb;

fn set(number: u32, layout: u64, stage: Stage) -> MapSet {
    MapSet { number, layout, stage }
}

fn names(sets: &[MapSet]) -> Vec<u32> {
    sets.iter().map(|set| set.number).collect()
}

#[test]
fn names_are_read_as_they_are_written() {
    for name in [
        "0001-000000000000000a",
        "0012-ffffffffffffffff-joining",
        "12345-000000000000000b-filling",
        "v1",
        "v42",
    ] {
        let read = MapSet::read(name).expect(name);
        assert_eq!(read.to_string(), name);
    }
    for stranger in [
        "",
        "v",
        "v01",
        "links",
        "0001",
        "1-a",
        "0001-000000000000000A",
        "0001-000000000000000a-done",
        "0001-000000000000000a-joining-x",
        "-1-000000000000000a",
        "0000-000000000000000a",
    ] {
        assert_eq!(MapSet::read(stranger), None, "{stranger}");
    }
}

// What is found, what is worked on, what it gets, what goes.
#[test]
fn the_newest_whole_set_and_what_joined_later_count() {
    use Stage::{Filling, Joining, Whole};
    let table = [
        (vec![], (1, Filling), vec![], vec![]),
        (vec![set(1, OURS, Whole)], (1, Whole), vec![], vec![]),
        (vec![set(1, OTHER, Whole)], (2, Filling), vec![1], vec![]),
        (
            vec![set(1, OTHER, Whole), set(2, OURS, Joining)],
            (2, Joining),
            vec![1],
            vec![],
        ),
        (
            vec![set(1, OURS, Whole), set(2, OTHER, Joining)],
            (3, Filling),
            vec![1, 2],
            vec![],
        ),
        (
            vec![set(1, OURS, Whole), set(2, OTHER, Whole)],
            (3, Filling),
            vec![2],
            vec![1],
        ),
        (
            vec![set(1, OTHER, Whole), set(2, OURS, Whole)],
            (2, Whole),
            vec![],
            vec![1],
        ),
        (
            vec![set(1, OTHER, Whole), set(2, OURS, Filling)],
            (3, Filling),
            vec![1],
            vec![2],
        ),
        (vec![set(0, OURS, Whole)], (1, Filling), vec![0], vec![]),
        (
            vec![
                set(4, OTHER, Whole),
                set(5, OURS, Joining),
                set(6, OTHER, Joining),
                set(7, OTHER, Filling),
            ],
            (8, Filling),
            vec![4, 5, 6],
            vec![7],
        ),
    ];
    for (found, (number, stage), sources, needless) in table {
        let course = Course::among(&found, OURS);
        let own = set(number, OURS, stage);
        assert_eq!(course.own, own, "{found:?}");
        assert_eq!(names(&course.sources), sources, "{found:?}");
        assert_eq!(names(&course.needless), needless, "{found:?}");
    }
}
