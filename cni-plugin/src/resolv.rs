//! `resolvConf`: a resolver's configuration file, read as `host-local` reads
//! it. Decides; the text comes from whoever opened the file.

use crate::result::Dns;

/// Longest file that is read, in bytes.
pub const MAX_BYTES: u64 = 64 * 1024;

/// What a file says. Lines that say nothing known are left alone.
pub fn parse(text: &str) -> Dns {
    let mut dns = Dns::default();
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with(['#', ';']) {
            continue;
        }
        let mut words = line.split_whitespace().map(str::to_owned);
        let (Some(key), Some(first)) = (words.next(), words.next()) else {
            continue;
        };
        let list = match key.as_str() {
            "nameserver" => &mut dns.nameservers,
            "search" => &mut dns.search,
            "options" => &mut dns.options,
            "domain" => {
                dns.domain = Some(first);
                continue;
            }
            _ => continue,
        };
        let list = list.get_or_insert_default();
        list.push(first);
        if key != "nameserver" {
            list.extend(words);
        }
    }
    dns
}

#[cfg(test)]
mod tests;
