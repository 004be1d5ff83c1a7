//! Alternative names of links, which any program of the host can set, and by
//! which an agent that starts finds its own.

use tartan_agent::fuzzing::{alt_name, read_alt_name};
use tartan_model::{Generation, InterfaceName};

use crate::promise;

pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some((life, attachment)) = read_alt_name(text) else { return };
    assert!(life.0 <= Generation::MAX, "no generation is {}", life.0);
    let link = life.host_link_name();
    assert!(link.parse::<InterfaceName>().is_ok(), "no link is called {link}");
    let Some(attachment) = attachment else { return };
    promise::is_attachment(&attachment);
    let written = alt_name(&attachment, life);
    assert!(written.len() < 128, "the kernel does not take {written}");
    let is_whole = text.len() < 128;
    assert_eq!(written == text, is_whole, "nobody wrote {text}");
}
