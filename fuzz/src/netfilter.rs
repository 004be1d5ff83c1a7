//! What the kernel says of tables of nf_tables, rules of others among them,
//! and of connections.

use tartan_hostnet::fuzzing::{NetfilterThing, netfilter, netfilter_things};

use crate::promise;

pub(crate) fn run(bytes: &[u8]) {
    for thing in netfilter(bytes).into_iter().chain(netfilter_things(bytes)) {
        promise::is_bounded(format!("{thing:?}").len(), bytes.len());
        match thing {
            NetfilterThing::Rule(rule) => {
                let comment = rule.iptables_comment().unwrap_or_default();
                promise::is_bounded(comment.len(), bytes.len());
                let _ = rule.does(&[]);
            }
            NetfilterThing::Elements(count) => assert!(count <= bytes.len()),
            NetfilterThing::Table(_)
            | NetfilterThing::Chain(_)
            | NetfilterThing::Set(..)
            | NetfilterThing::Connection(_) => {}
        }
    }
}
