//! Rules that choose a routing table by the sender: what one is, how it is
//! written and read. Pure.

use std::fmt;
use std::net::IpAddr;

use netlink_packet_route::route::{RouteHeader, RouteProtocol};
use netlink_packet_route::rule::{
    RuleAction, RuleAttribute, RuleFlags, RuleHeader, RuleMessage,
};
use tartan_model::Family;

use crate::ROUTE_PROTOCOL;
use crate::answer::Malformed;
use crate::attributes::{address, attributes, number};
use crate::route::family_of;

/// include/uapi/linux/fib_rules.h
const FRA_SRC: u16 = 2;
const FRA_PRIORITY: u16 = 6;
const FRA_SUPPRESS_PREFIXLEN: u16 = 14;
const FRA_TABLE: u16 = 15;
const FRA_PROTOCOL: u16 = 21;
/// What the kernel says of a rule that suppresses no route (-1).
const NOTHING_SUPPRESSED: u32 = u32::MAX;

/// `struct fib_rule_hdr`.
const HEADER_BYTES: usize = 12;

/// What leaves from one address is routed by a table. Rules that ask for
/// anything else, or for more, are not read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    /// The address.
    pub from: IpAddr,
    /// The table; where it knows no way, the next rule is asked.
    pub table: u32,
    /// Which of several rules is asked first: the lowest. The main table's
    /// rule has 32766.
    pub priority: u32,
    /// Who made it.
    pub protocol: u8,
}

impl Rule {
    /// A rule of ours.
    pub fn new(from: IpAddr, table: u32, priority: u32) -> Self {
        Self { from, table, priority, protocol: ROUTE_PROTOCOL }
    }

    /// The message that adds or deletes it.
    pub(crate) fn message(&self) -> RuleMessage {
        let mut message = RuleMessage::default();
        message.header = RuleHeader {
            family: family_of(self.from),
            src_len: Family::of(self.from).bits(),
            table: RouteHeader::RT_TABLE_UNSPEC, // the attribute says it
            action: RuleAction::ToTable,
            ..RuleHeader::default()
        };
        message.attributes = vec![
            RuleAttribute::Source(self.from),
            RuleAttribute::Priority(self.priority),
            RuleAttribute::Table(self.table),
            RuleAttribute::Protocol(RouteProtocol::Other(self.protocol)),
        ];
        message
    }

    /// Reads the payload of an RTM_NEWRULE; none for a rule that asks for
    /// something else than one sender.
    pub(crate) fn read(payload: &[u8]) -> Result<Option<Self>, Malformed> {
        let header =
            RuleHeader::parse(payload).map_err(|_| Malformed::Header)?;
        let mut found = Found::default();
        for (kind, value) in attributes(payload, HEADER_BYTES)? {
            found.take(kind, value)?;
        }
        Ok(found.rule(&header))
    }
}

/// The attributes of a rule while they are read.
#[derive(Default)]
struct Found {
    from: Option<IpAddr>,
    table: Option<u32>,
    priority: u32,
    protocol: u8,
    /// True where it says something that a [`Rule`] does not.
    has_more: bool,
}

impl Found {
    fn take(&mut self, kind: u16, value: &[u8]) -> Result<(), Malformed> {
        match kind {
            FRA_SRC => self.from = Some(address(value)?),
            FRA_TABLE => self.table = Some(number(value)?),
            FRA_PRIORITY => self.priority = number(value)?,
            FRA_PROTOCOL => {
                let [protocol] =
                    value.try_into().map_err(|_| Malformed::Attribute)?;
                self.protocol = protocol;
            }
            FRA_SUPPRESS_PREFIXLEN => {
                self.has_more |= number(value)? != NOTHING_SUPPRESSED;
            }
            _ => self.has_more = true,
        }
        Ok(())
    }

    fn rule(self, header: &RuleHeader) -> Option<Rule> {
        let from = self.from?;
        let is_plain = !self.has_more
            && header.action == RuleAction::ToTable
            && !header.flags.contains(RuleFlags::Invert)
            && header.src_len == Family::of(from).bits()
            && header.family == family_of(from)
            && header.dst_len == 0
            && header.tos == 0;
        is_plain.then_some(Rule {
            from,
            table: self.table.unwrap_or(header.table.into()),
            priority: self.priority,
            protocol: self.protocol,
        })
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "from {} lookup {}", self.from, self.table)
    }
}

#[cfg(test)]
mod tests;
