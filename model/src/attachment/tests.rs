//! An attachment's text form is a file name and loses nothing.

use super::*;

#[test]
fn an_attachment_survives_its_text_even_with_commas_in_the_interface() {
    let text = "shop,default-c2,e,h0";
    let attachment: Attachment = text.parse().unwrap();
    assert_eq!(attachment.interface().as_str(), "e,h0");
    assert_eq!(attachment.to_string(), text);
}

#[test]
fn names_too_long_for_a_file_name_are_refused() {
    let long = "a".repeat(150);
    let text = format!("{long},{long},eth0");
    assert!(matches!(
        text.parse::<Attachment>(),
        Err(AttachmentError::TooLong { bytes: 300, .. })
    ));
}

#[test]
fn a_temporary_name_of_the_longest_attachment_is_a_file_name() {
    let text =
        format!("{},{},123456789012345", "n".repeat(20), "c".repeat(200));
    let attachment: Attachment = text.parse().unwrap();
    assert!(attachment.to_string().len() + ".json.tmp".len() <= 255);
}
