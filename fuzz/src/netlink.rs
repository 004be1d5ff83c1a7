//! What the kernel answers: datagrams of messages, attributes in attributes.

use tartan_hostnet::fuzzing::{
    Thing, datagram, things, write_route, write_rule,
};

use crate::promise;

pub(crate) fn run(bytes: &[u8]) {
    let answers = datagram(bytes);
    // A message has a header of 16 bytes; a broken one is the last.
    assert!(answers.len() <= bytes.len() / 16 + 1, "{}", answers.len());
    let broken = answers.iter().position(Result::is_err);
    let all = answers.into_iter().filter_map(Result::ok).flatten();
    for thing in all.chain(things(bytes)) {
        reads_back(&thing);
        promise::is_bounded(format!("{thing:?}").len(), bytes.len());
    }
    assert!(broken.is_none_or(|at| at <= bytes.len() / 16));
}

/// What we write ourselves reads back as it was.
fn reads_back(thing: &Thing) {
    let again = match thing {
        Thing::Route(route) => things(&write_route(route)),
        Thing::Rule(rule) => things(&write_rule(rule)),
        Thing::Link(_)
        | Thing::Address(..)
        | Thing::Neighbour(_)
        | Thing::Blocks(..)
        | Thing::Filter(_)
        | Thing::Queue(_)
        | Thing::Class(_) => return,
    };
    assert!(again.contains(thing), "{thing:?} became {again:?}");
}
