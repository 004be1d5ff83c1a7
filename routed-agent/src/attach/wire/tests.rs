//! Names by which our links are known again.

use super::*;

#[test]
fn an_alternative_name_tells_whose_the_link_is() {
    let attachment: Attachment = "shop,default-c1,eth0".parse().unwrap();
    let name = alt_name(&attachment, Generation(0x1a2b));
    assert_eq!(name, "tartan,0000000001a2b,shop,default-c1,eth0");
    assert_eq!(
        read_alt_name(&name),
        Some((Generation(0x1a2b), Some(attachment)))
    );
}

#[test]
fn a_name_too_long_for_the_kernel_keeps_its_generation() {
    let text = format!("{},{},eth0", "n".repeat(60), "c".repeat(64));
    let name = alt_name(&text.parse().unwrap(), Generation(7));
    assert!(name.len() <= 127);
    assert_eq!(read_alt_name(&name), Some((Generation(7), None)));
}

#[test]
fn names_of_others_are_not_ours() {
    for name in ["", "enp0s3", "tartan", "tartan,", "tartan,xyz,a,b,c"] {
        assert_eq!(read_alt_name(name), None, "{name:?}");
    }
}
