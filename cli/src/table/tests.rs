//! How tables look.

use super::*;

#[test]
fn columns_line_up_and_lines_do_not_trail() {
    let mut table = Table::new(&[words("NAME"), numbers("USED"), words("FOR")]);
    table.row(vec!["default".into(), "7".into(), "all".into()]);
    table.row(vec!["db".into(), "12345".into(), String::new()]);
    let text = "\
NAME      USED  FOR
default      7  all
db       12345  -
";
    assert_eq!(table.text(), text);
}

#[test]
fn a_table_without_rows_is_nothing() {
    assert_eq!(Table::new(&[words("NAME")]).text(), "");
}

#[test]
fn fields_without_a_value_are_left_out() {
    let text = fields(&[
        ("name", "payments".into()),
        ("number", "42".into()),
        ("note", String::new()),
    ]);
    assert_eq!(text, "name    payments\nnumber  42\n");
}
