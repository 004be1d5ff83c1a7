//! Who may name a workload.

use super::*;
use crate::labels::Mention;

fn said(name: &str) -> Said {
    let place = Place::Arguments("TARTAN_STICKY");
    let sticky = Some(Mention { name: name.to_owned(), place });
    Said { sticky, ..Said::default() }
}

fn wish(rule: Sticky, said: &Said) -> Result<Option<String>, String> {
    let wish = rule.wish(&"shop".parse().unwrap(), said);
    let wish = wish.map(|name| name.map(|name| name.to_string()));
    wish.map_err(|error| error.to_string())
}

#[test]
fn only_a_network_that_says_so_lets_requests_name_a_workload() {
    assert_eq!(wish(Sticky::Refused, &Said::default()), Ok(None));
    assert_eq!(wish(Sticky::Allowed, &Said::default()), Ok(None));
    let allowed = wish(Sticky::Allowed, &said("db-0"));
    assert_eq!(allowed, Ok(Some("db-0".to_owned())));
    let refused = wish(Sticky::Refused, &said("db-0")).unwrap_err();
    for word in ["TARTAN_STICKY", "db-0", "shop", "\"sticky\": true"] {
        assert!(refused.contains(word), "{refused}");
    }
}

#[test]
fn what_is_no_name_is_refused() {
    for text in ["../x", "a b", "-", &"x".repeat(201)] {
        assert!(wish(Sticky::Allowed, &said(text)).is_err(), "{text}");
    }
}
