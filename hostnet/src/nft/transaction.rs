//! Changes of one table that are made together or not at all. Pure.

use std::fmt;

use netlink_packet_core::{NLM_F_APPEND, NLM_F_CREATE, NLM_F_REQUEST};

use crate::netfilter::{Attributes, Message};
use crate::nft::Expression;
use crate::nft::table::{Chain, Element, Field, Rule, Set, Table};

/// `NFNL_SUBSYS_NFTABLES`
pub(crate) const SUBSYSTEM: u8 = 10;
/// `NFNL_MSG_BATCH_BEGIN`, `NFNL_MSG_BATCH_END`
const BEGIN: u16 = 0x10;
const END: u16 = 0x11;
/// Elements of one message: an attribute has at most 64 KiB.
const ELEMENTS_BYTES: usize = 24 << 10;

/// The changes, in their order.
#[derive(Clone, Debug)]
pub struct Transaction {
    table: Table,
    steps: Vec<(String, Message)>,
}

impl Transaction {
    /// None yet.
    pub fn of(table: &Table) -> Self {
        Self { table: table.clone(), steps: Vec::new() }
    }

    /// True where nothing would be changed.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Makes the table, where it is not there.
    pub fn add_table(&mut self) -> &mut Self {
        let all = Attributes::new().text(1, &self.table.name).number(2, 0);
        self.push("add", 0, NLM_F_CREATE, all)
    }

    /// Deletes the table with all that is in it.
    pub fn delete_table(&mut self) -> &mut Self {
        let all = Attributes::new().text(1, &self.table.name);
        self.push("delete", 2, 0, all)
    }

    /// Makes a chain.
    pub fn add_chain(&mut self, chain: &Chain) -> &mut Self {
        let mut all =
            Attributes::new().text(1, &self.table.name).text(3, &chain.name);
        if let Some(base) = &chain.base {
            let hook = Attributes::new()
                .number(1, base.hook.number())
                .number(2, base.priority.cast_unsigned());
            all = all
                .nested(4, &hook)
                .number(5, base.policy.number())
                .text(7, base.kind.as_str());
        }
        self.push(
            format_args!("add chain {} to", chain.name),
            3,
            NLM_F_CREATE,
            all,
        )
    }

    /// Makes a set or a map.
    pub fn add_set(&mut self, set: &Set) -> &mut Self {
        let number = self.steps.len() as u32 + 1;
        let mut all = Attributes::new()
            .text(1, &self.table.name)
            .text(2, &set.name)
            .number(3, set.flags())
            .number(4, Field::types(&set.key))
            .number(5, Field::length(&set.key));
        if !set.data.is_empty() {
            all = all
                .number(6, Field::types(&set.data))
                .number(7, Field::length(&set.data));
        }
        let all = all.number(10, number);
        self.push(format_args!("add set {} to", set.name), 9, NLM_F_CREATE, all)
    }

    /// Puts a rule behind those of its chain.
    pub fn append_rule(&mut self, rule: &Rule) -> &mut Self {
        self.rule(rule, NLM_F_CREATE | NLM_F_APPEND)
    }

    /// Puts a rule before those of its chain.
    pub fn insert_rule(&mut self, rule: &Rule) -> &mut Self {
        self.rule(rule, NLM_F_CREATE)
    }

    fn rule(&mut self, rule: &Rule, flags: u16) -> &mut Self {
        let mut all = Attributes::new()
            .text(1, &self.table.name)
            .text(2, &rule.chain)
            .nested(4, &Expression::list(&rule.expressions));
        if let Some(comment) = &rule.comment {
            all = all.with(7, &user_data(comment));
        }
        self.push(
            format_args!("add a rule to chain {} of", rule.chain),
            6,
            flags,
            all,
        )
    }

    /// Deletes a rule by the number that the kernel gave it.
    pub fn delete_rule(&mut self, chain: &str, handle: u64) -> &mut Self {
        let all = Attributes::new()
            .text(1, &self.table.name)
            .text(2, chain)
            .long(3, handle);
        self.push(
            format_args!("delete rule {handle} of chain {chain} of"),
            8,
            0,
            all,
        )
    }

    /// Puts elements into their sets. One that is there is left; one whose
    /// key leads elsewhere is refused.
    pub fn add_elements<'a>(
        &mut self,
        elements: impl IntoIterator<Item = &'a Element>,
    ) -> &mut Self {
        self.elements("add elements to", (12, NLM_F_CREATE), elements)
    }

    /// Takes elements out of their sets. One that is not there is refused.
    pub fn delete_elements<'a>(
        &mut self,
        elements: impl IntoIterator<Item = &'a Element>,
    ) -> &mut Self {
        self.elements("delete elements of", (14, 0), elements)
    }

    /// A message for each set, or for each part of a set with very many.
    fn elements<'a>(
        &mut self,
        what: &str,
        (kind, flags): (u8, u16),
        elements: impl IntoIterator<Item = &'a Element>,
    ) -> &mut Self {
        let mut elements = elements.into_iter().peekable();
        while let Some(first) = elements.peek() {
            let set = first.set;
            let mut list = Attributes::new();
            while let Some(one) = elements
                .next_if(|one| one.set == set && list.len() < ELEMENTS_BYTES)
            {
                list = list.nested(1, &one.attributes());
            }
            let all = Attributes::new()
                .text(1, &self.table.name)
                .text(2, set)
                .nested(3, &list);
            self.push(format_args!("{what} set {set} of"), kind, flags, all);
        }
        self
    }

    fn push(
        &mut self,
        what: impl fmt::Display,
        kind: u8,
        flags: u16,
        all: Attributes,
    ) -> &mut Self {
        let Table { family, name } = &self.table;
        let what = format!("{what} table {} {name}", family.as_str());
        let message = Message::new((SUBSYSTEM, kind), family.number(), all);
        self.steps.push((what, message.flags(NLM_F_REQUEST | flags)));
        self
    }

    /// What is sent. The last change is acknowledged: where that is, all were
    /// made.
    pub(crate) fn messages(&self) -> Vec<Message> {
        let begin = Message::border(BEGIN, SUBSYSTEM);
        let end = Message::border(END, SUBSYSTEM);
        let last = self.steps.len().saturating_sub(1);
        let steps =
            self.steps.iter().enumerate().map(|(place, (_, message))| {
                let message = message.clone();
                if place == last { message.acknowledged() } else { message }
            });
        [begin].into_iter().chain(steps).chain([end]).collect()
    }

    /// What the message at a place of the send attempts.
    pub(crate) fn what(&self, place: usize) -> String {
        let step = place.checked_sub(1).and_then(|p| self.steps.get(p));
        step.map_or_else(
            || format!("change table {}", self.table.name),
            |(what, _)| what.clone(),
        )
    }

    /// The place of the last change in the send.
    pub(crate) fn last(&self) -> usize {
        self.steps.len()
    }
}

impl Set {
    /// `NFT_SET_MAP`, `NFT_SET_INTERVAL`
    fn flags(&self) -> u32 {
        let map = if self.data.is_empty() { 0 } else { 0x8 };
        let interval = if self.is_interval { 0x4 } else { 0 };
        map | interval
    }
}

/// A comment as `nft` keeps it: kind 0, length, text with a zero (nftables,
/// `NFTNL_UDATA_RULE_COMMENT`).
fn user_data(comment: &str) -> Vec<u8> {
    let length = comment.len().min(100) + 1;
    let mut data = vec![0, length as u8];
    data.extend(comment.bytes().take(length - 1));
    data.push(0);
    data
}
