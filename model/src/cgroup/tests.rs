//! Which paths are taken.

use super::*;

#[test]
fn a_path_below_the_root_is_taken_and_no_other() {
    for text in ["/a", "/kubepods/burstable/pod1", "/a b/c.slice"] {
        let path: CgroupPath = text.parse().unwrap();
        assert_eq!(path.to_string(), text);
        assert_eq!(path.below_root(), Path::new(&text[1..]));
    }
    let long = format!("/{}", "a".repeat(MOST_BYTES));
    for text in [
        "",
        "/",
        "a/b",
        "/a/../b",
        "/..",
        "/a//b",
        "/a/",
        "/./a",
        "//a",
        "/a\0",
        "kubepods.slice:cri-containerd:1",
        &long,
    ] {
        assert!(text.parse::<CgroupPath>().is_err(), "{text:?}");
    }
}
