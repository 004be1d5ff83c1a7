//! Files of resolvers.

use super::*;

#[test]
fn a_resolvers_file_is_read_as_host_local_reads_it() {
    let text = "# a comment\n; another\n\n nameserver 192.0.2.53 \n\
                nameserver\t2001:db8::53 x\ndomain example.org\nsearch a b\n\
                search c\noptions ndots:2 edns0\nnameserver\nsortlist x\n";
    let dns = parse(text);
    let list = |words: &[&str]| {
        Some(words.iter().map(|&w| w.to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(dns.nameservers, list(&["192.0.2.53", "2001:db8::53"]));
    assert_eq!(dns.domain.as_deref(), Some("example.org"));
    assert_eq!(dns.search, list(&["a", "b", "c"]));
    assert_eq!(dns.options, list(&["ndots:2", "edns0"]));
    assert!(parse("").is_empty());
}
