//! The socket to nf_tables. Acts.

use crate::netfilter::{Attributes, Message, Netfilter, NetfilterError};
use crate::nft::seen::{self, ChainSeen, RuleSeen, TableSeen};
use crate::nft::table::{Element, Table};
use crate::nft::transaction::{SUBSYSTEM, Transaction};

/// nf_tables of the network namespace in which it was opened.
#[derive(Debug)]
pub struct Nft(Netfilter);

/// `NFT_MSG_GET*`
const GET_TABLE: u8 = 1;
const GET_CHAIN: u8 = 4;
const GET_RULE: u8 = 7;
const GET_SET: u8 = 10;
const GET_ELEMENTS: u8 = 13;

impl Nft {
    /// Opens it in the network namespace of the calling thread.
    pub fn open() -> Result<Self, NetfilterError> {
        Netfilter::open().map(Self)
    }

    /// The socket's number, which the kernel puts into what it tells others
    /// of changes made by it; see [`is_sent_by`](crate::is_sent_by).
    pub fn port(&self) -> u32 {
        self.0.port()
    }

    /// Makes all changes, or none.
    pub fn apply(&mut self, all: &Transaction) -> Result<(), NetfilterError> {
        if all.is_empty() {
            return Ok(());
        }
        let verdicts = self.0.send(all.messages())?;
        let refused = verdicts.iter().find(|verdict| verdict.errno != 0);
        if let Some(refused) = refused {
            let what = all.what(refused.place);
            return Err(NetfilterError::refused(what, refused.errno));
        }
        if verdicts.iter().any(|verdict| verdict.place == all.last()) {
            return Ok(());
        }
        let lost = std::io::ErrorKind::WouldBlock.into();
        Err(NetfilterError::Receive(lost))
    }

    /// True where the table is there.
    pub fn has_table(&mut self, table: &Table) -> Result<bool, NetfilterError> {
        let names =
            self.all("tables", table, (GET_TABLE, false), seen::name)?;
        Ok(names.contains(&table.name))
    }

    /// What a table is made of; none where it is not there.
    pub fn table(
        &mut self,
        table: &Table,
    ) -> Result<Option<TableSeen>, NetfilterError> {
        if !self.has_table(table)? {
            return Ok(None);
        }
        let chains = self.chains(table)?;
        let rules = self.rules(table)?;
        let sets = self.all("sets", table, (GET_SET, true), seen::set)?;
        let of = |name: &str| name == table.name;
        let sets = sets.into_iter().filter(|(name, _)| of(name));
        let sets = sets.map(|(_, set)| set).collect();
        Ok(Some(TableSeen { chains, rules, sets }))
    }

    /// The chains of a table; none where it is not there.
    pub fn chains(
        &mut self,
        table: &Table,
    ) -> Result<Vec<ChainSeen>, NetfilterError> {
        let all = self.all("chains", table, (GET_CHAIN, false), seen::chain)?;
        Ok(all.into_iter().filter(|c| c.table == table.name).collect())
    }

    /// The rules of a table, chain by chain in their order; none where it is
    /// not there.
    pub fn rules(
        &mut self,
        table: &Table,
    ) -> Result<Vec<RuleSeen>, NetfilterError> {
        let all = self.all("rules", table, (GET_RULE, true), seen::rule)?;
        Ok(all.into_iter().filter(|r| r.table == table.name).collect())
    }

    /// The rules of one chain in their order; none where it is not there.
    pub fn rules_of(
        &mut self,
        table: &Table,
        chain: &str,
    ) -> Result<Vec<RuleSeen>, NetfilterError> {
        let asked = Attributes::new().text(1, &table.name).text(2, chain);
        let of = table.family.number();
        let asked = Message::new((SUBSYSTEM, GET_RULE), of, asked);
        let all = self.0.dump("rules", &asked, seen::rule)?;
        let is_there = |r: &RuleSeen| r.table == table.name && r.chain == chain;
        Ok(all.into_iter().filter(is_there).collect())
    }

    /// The elements of a set.
    pub fn elements(
        &mut self,
        table: &Table,
        set: &'static str,
    ) -> Result<Vec<Element>, NetfilterError> {
        let asked = Attributes::new().text(1, &table.name).text(2, set);
        let of = table.family.number();
        let asked = Message::new((SUBSYSTEM, GET_ELEMENTS), of, asked);
        let what = format!("the elements of set {set}");
        let lists = self.0.dump(&what, &asked, |payload| {
            seen::elements(payload, set).map(Some)
        })?;
        Ok(lists.into_iter().flatten().collect())
    }

    /// All things of a kind in the table's family, or in the table.
    fn all<T>(
        &mut self,
        what: &str,
        table: &Table,
        (kind, is_of_table): (u8, bool),
        read: fn(&[u8]) -> Result<Option<T>, crate::Malformed>,
    ) -> Result<Vec<T>, NetfilterError> {
        let all = Attributes::new();
        let of_table = all.clone().text(1, &table.name);
        let asked = if is_of_table { of_table } else { all };
        let of = table.family.number();
        let asked = Message::new((SUBSYSTEM, kind), of, asked);
        self.0.dump(what, &asked, read)
    }
}
