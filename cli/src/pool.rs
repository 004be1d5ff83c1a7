//! `tartan pool`: where addresses come from. Acts.

use clap::{Args, Subcommand, ValueEnum};
use tartan_agent_api::people::pools::{
    CidrView, Enlarge, NewPool, PoolView, Share, WholeUse,
};
use tartan_agent_api::people::{Done, path};
use tartan_model::pool::PoolAffinity;
use tartan_model::{Family, PoolName, Prefix};

use crate::fault::Fault;
use crate::output::{Shown, Width};
use crate::session::Session;
use crate::table::{Column, Table, fields, numbers, words};
use crate::words as text;

/// What can be done with pools.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Make a pool
    #[command(after_help = "\
Examples:
  tartan pool create default --cidr 10.77.0.0/16
  tartan pool create dual --cidr 10.78.0.0/16 --cidr fd00:78::/48
  tartan pool create small --cidr 10.79.0.0/24 --affinity host

A whole one: a pool of both families in blocks of 64 addresses, for the network
that names it with \"pools\": [\"shop\"], and what comes of it:
  tartan pool create shop --cidr 10.80.0.0/16 --cidr fd00:80::/64 \\
      --block-length 26
  tartan pool show shop

The pool `default` serves networks that name no pool.")]
    Create(Create),
    /// List pools, with what this host has of them
    List,
    /// Show one pool
    Show {
        /// Its name
        name: PoolName,
    },
    /// Give nothing new from a pool; what was given stays
    #[command(after_help = "\
To make a pool anew with blocks of another length:
  tartan pool drain default
  tartan ip list --pool default        # until nothing of it is used
  tartan pool delete default
  tartan pool create default --cidr 10.77.0.0/16 --block-length 24")]
    Drain {
        /// Its name
        name: PoolName,
    },
    /// Let a drained pool give again
    Undrain {
        /// Its name
        name: PoolName,
    },
    /// Give a pool wider prefixes. What was given stays, the length of its
    /// blocks too; a pool does not shrink
    #[command(after_help = "\
Example, for a pool of 10.77.0.0/16:
  tartan pool enlarge default --cidr 10.76.0.0/15")]
    Enlarge {
        /// Its name
        name: PoolName,
        /// A prefix that contains the one it has of its family
        #[arg(long = "cidr", value_name = "CIDR", required = true)]
        cidrs: Vec<Prefix>,
    },
    /// Delete a pool of which no container has an address
    Delete {
        /// Its name
        name: PoolName,
    },
}

/// A pool to make.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// Its name
    name: PoolName,
    /// Addresses, at most one prefix per family
    #[arg(long = "cidr", value_name = "CIDR", required = true)]
    cidrs: Vec<Prefix>,
    /// Prefix length of a full-grown block; of the other family, blocks have
    /// as many addresses [default: 26, and 122 for IPv6]
    #[arg(long, value_name = "N")]
    block_length: Option<u8>,
    /// Whether a block serves one team on one host, or all of a host
    #[arg(long, value_enum, default_value_t)]
    affinity: Affinity,
    /// Translate sources of what leaves the pool
    #[arg(long)]
    nat_outgoing: bool,
}

/// Who shares a block.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Affinity {
    /// One team on one host: a block alone tells the team
    #[default]
    HostTeam,
    /// One host: fewer addresses idle
    Host,
}

/// Does it.
pub(crate) fn run(session: &Session, verb: Verb) -> Result<(), Fault> {
    let one = |name: &PoolName| path::item(path::POOLS, &[name.as_str()]);
    match verb {
        Verb::Create(create) => {
            let new = create.into_request()?;
            let pool: PoolView = session.post(path::POOLS, &new)?;
            let cidrs = text::list(pool.cidrs.iter().map(|c| c.cidr));
            let line = format!("pool {} created: {cidrs}", pool.name);
            session.report(&pool, &line)
        }
        Verb::List => {
            session.print(&session.get::<Vec<PoolView>>(path::POOLS)?)
        }
        Verb::Show { name } => {
            session.print(&session.get::<PoolView>(&one(&name))?)
        }
        Verb::Drain { name } => {
            let path = format!("{}/{}", one(&name), path::DRAIN);
            let done: Done = session.post(&path, &())?;
            session.report(&done, &done.done)
        }
        Verb::Undrain { name } => {
            let path = format!("{}/{}", one(&name), path::UNDRAIN);
            let done: Done = session.post(&path, &())?;
            session.report(&done, &done.done)
        }
        Verb::Enlarge { name, cidrs } => {
            let path = format!("{}/{}", one(&name), path::ENLARGE);
            let pool: PoolView = session.post(&path, &Enlarge { cidrs })?;
            let cidrs = text::list(pool.cidrs.iter().map(|c| c.cidr));
            let line = format!("pool {} enlarged: {cidrs}", pool.name);
            session.report(&pool, &line)
        }
        Verb::Delete { name } => {
            let done: Done = session.delete(&one(&name))?;
            session.report(&done, &done.done)
        }
    }
}

impl Create {
    fn into_request(self) -> Result<NewPool, Fault> {
        let (block_length4, block_length6) = match self.block_length {
            None => (None, None),
            Some(length) => block_lengths(length, &self.cidrs)?,
        };
        Ok(NewPool {
            name: self.name,
            cidrs: self.cidrs,
            block_length4,
            block_length6,
            affinity: match self.affinity {
                Affinity::HostTeam => PoolAffinity::HostTeam,
                Affinity::Host => PoolAffinity::Host,
            },
            nat_outgoing: self.nat_outgoing,
        })
    }
}

/// How much longer an IPv6 prefix of as many addresses is.
const LONGER: u8 = 128 - 32;

/// The lengths in both families. One up to 32 is meant as IPv4's, unless the
/// pool has IPv6 alone; a longer one is IPv6's. A block has as many addresses
/// in the other family.
fn block_lengths(
    length: u8,
    cidrs: &[Prefix],
) -> Result<(Option<u8>, Option<u8>), Fault> {
    let is_v6_alone = cidrs.iter().all(|cidr| cidr.family() == Family::V6);
    let (v4, v6) = match length {
        0..=32 if is_v6_alone => (None, Some(length)),
        0..=32 => (Some(length), Some(length + LONGER)),
        LONGER..=128 => (Some(length - LONGER), Some(length)),
        _ => (None, Some(length)),
    };
    for cidr in cidrs {
        let of_family = match cidr.family() {
            Family::V4 => v4,
            Family::V6 => v6,
        };
        if of_family
            .is_none_or(|l| l < cidr.length() || l > cidr.family().bits())
        {
            return Err(Fault::BlockLength { length, cidr: *cidr });
        }
    }
    Ok((v4, v6))
}

/// A line for each prefix of each pool.
pub(crate) fn table(pools: &[PoolView], width: Width) -> Table {
    const NORMAL: [Column; 7] = [
        words("NAME"),
        words("CIDR"),
        numbers("BLOCKS"),
        numbers("USED"),
        numbers("RESTING"),
        numbers("FREE"),
        words("STATE"),
    ];
    const WIDE: [Column; 4] =
        [words("AFFINITY"), numbers("BLOCK"), numbers("SIZE"), words("NAT")];
    let mut columns = NORMAL.to_vec();
    if width == Width::Wide {
        columns.extend(WIDE);
    }
    let mut table = Table::new(&columns);
    for pool in pools {
        for cidr in &pool.cidrs {
            let mut cells = normal_cells(pool, cidr);
            if width == Width::Wide {
                cells.extend(wide_cells(pool, cidr));
            }
            table.row(cells);
        }
    }
    table
}

fn normal_cells(pool: &PoolView, cidr: &CidrView) -> Vec<String> {
    vec![
        pool.name.to_string(),
        cidr.cidr.to_string(),
        cidr.here.blocks.to_string(),
        cidr.here.used.to_string(),
        cidr.here.resting.to_string(),
        cidr.here.free.to_string(),
        state(pool).to_owned(),
    ]
}

fn wide_cells(pool: &PoolView, cidr: &CidrView) -> [String; 4] {
    [
        affinity(pool.affinity).to_owned(),
        format!("/{}", cidr.block_length),
        cidr.here.size.to_string(),
        if pool.nat_outgoing { "outgoing" } else { "" }.to_owned(),
    ]
}

fn state(pool: &PoolView) -> &'static str {
    if pool.draining { "draining" } else { "open" }
}

fn affinity(affinity: PoolAffinity) -> &'static str {
    match affinity {
        PoolAffinity::HostTeam => "host-team",
        PoolAffinity::Host => "host",
    }
}

impl Shown for Vec<PoolView> {
    fn text(&self, width: Width) -> String {
        table(self, width).text()
    }

    fn nothing(&self) -> &'static str {
        "There is no pool yet. Make one: tartan pool create default --cidr \
         10.77.0.0/16"
    }
}

/// Who has how much of a prefix, on all hosts.
fn of_whole(cidr: &CidrView, whole: &WholeUse) -> String {
    let shares = |all: &[Share]| {
        text::list(all.iter().map(|s| format!("{} {}", s.name, s.addresses)))
    };
    fields(&[
        ("prefix", cidr.cidr.to_string()),
        ("size", whole.size.to_string()),
        ("in use", whole.used.to_string()),
        ("resting", whole.resting.to_string()),
        ("reserved", whole.reserved.to_string()),
        ("free", whole.free.to_string()),
        ("by class", shares(&whole.classes)),
        ("by network", shares(&whole.networks)),
        ("oldest", text::or_nothing(whole.oldest.as_ref())),
        ("newest", text::or_nothing(whole.newest.as_ref())),
    ])
}

impl Shown for PoolView {
    fn text(&self, _width: Width) -> String {
        let mut shown = fields(&[
            ("name", self.name.to_string()),
            ("affinity", affinity(self.affinity).to_owned()),
            ("state", state(self).to_owned()),
        ]);
        let mut cidrs = Table::new(&[
            words("CIDR"),
            numbers("BLOCK"),
            numbers("BLOCKS HERE"),
            numbers("SIZE"),
            numbers("USED"),
            numbers("RESTING"),
            numbers("FREE"),
        ]);
        for CidrView { cidr, block_length, here, .. } in &self.cidrs {
            cidrs.row(vec![
                cidr.to_string(),
                format!("/{block_length}"),
                here.blocks.to_string(),
                here.size.to_string(),
                here.used.to_string(),
                here.resting.to_string(),
                here.free.to_string(),
            ]);
        }
        shown.push('\n');
        shown += &cidrs.text();
        for cidr in &self.cidrs {
            if let Some(whole) = &cidr.whole {
                shown += &format!("\n{}", of_whole(cidr, whole));
            }
        }
        shown
    }
}

#[cfg(test)]
mod tests;
