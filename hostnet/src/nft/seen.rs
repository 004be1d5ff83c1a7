//! What the kernel says of a table. Pure; never panics, whatever the bytes
//! are.

use std::collections::BTreeMap;

use tartan_model::Family;

use crate::answer::Malformed;
use crate::attributes::{attributes, text};
use crate::nft::Expression;
use crate::nft::table::{
    BaseChain, Chain, ChainKind, DATA, Element, FLAGS, Field, Hook,
    INTERVAL_END, KEY, Policy, Set, VALUE,
};

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSeen {
    /// Its chains.
    pub chains: Vec<ChainSeen>,
    /// Its rules, chain by chain in their order.
    pub rules: Vec<RuleSeen>,
    /// Its sets; one of types that are not ours to know has a key of nothing.
    pub sets: Vec<Set>,
}

/// A chain, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainSeen {
    /// Its table.
    pub table: String,
    /// The chain. A base chain of a kind or hook not ours to know has none.
    pub chain: Chain,
}

/// A rule, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSeen {
    /// Its table.
    pub table: String,
    /// Its chain.
    pub chain: String,
    /// The number by which it is deleted.
    pub handle: u64,
    /// Its comment.
    pub comment: Option<String>,
    expressions: Vec<Normal>,
}

/// An expression without its order: its name, and its attributes by kind.
type Normal = (String, BTreeMap<u16, Vec<u8>>);

impl RuleSeen {
    /// True where it does what `wanted` says; what it counted is no matter.
    pub fn does(&self, wanted: &[Expression]) -> bool {
        let wanted = Expression::list(wanted);
        let counted = |(name, _): &&Normal| name != "counter";
        let wanted = expressions(wanted.as_bytes()).unwrap_or_default();
        self.expressions
            .iter()
            .filter(counted)
            .eq(wanted.iter().filter(counted))
    }

    /// The comment that iptables keeps with a rule.
    pub fn iptables_comment(&self) -> Option<String> {
        let is_comment = |all: &BTreeMap<u16, Vec<u8>>| {
            all.get(&1).is_some_and(|name| text(name) == "comment")
        };
        let found = self
            .expressions
            .iter()
            .find(|(name, all)| name == "match" && is_comment(all));
        found.and_then(|(_, all)| all.get(&3)).map(|info| text(info))
    }
}

/// `struct nfgenmsg`
const HEADER_BYTES: usize = 4;
/// `NLA_TYPE_MASK`
const KIND: u16 = 0x3fff;

type Fields<'a> = BTreeMap<u16, &'a [u8]>;

fn fields(payload: &[u8], from: usize) -> Result<Fields<'_>, Malformed> {
    let all = attributes(payload, from)?;
    Ok(all.into_iter().map(|(kind, value)| (kind & KIND, value)).collect())
}

fn string(fields: &Fields<'_>, kind: u16) -> String {
    fields.get(&kind).map(|value| text(value)).unwrap_or_default()
}

fn number(fields: &Fields<'_>, kind: u16) -> Result<Option<u32>, Malformed> {
    let read = |value: &&[u8]| (*value).try_into().map(u32::from_be_bytes);
    let found = fields.get(&kind).map(read).transpose();
    found.map_err(|_| Malformed::Attribute)
}

/// The name of a table.
pub(crate) fn name(payload: &[u8]) -> Result<Option<String>, Malformed> {
    Ok(Some(string(&fields(payload, HEADER_BYTES)?, 1)))
}

/// A chain.
pub(crate) fn chain(payload: &[u8]) -> Result<Option<ChainSeen>, Malformed> {
    let fields = fields(payload, HEADER_BYTES)?;
    let base = base(&fields)?;
    let chain = Chain { name: string(&fields, 3), base };
    Ok(Some(ChainSeen { table: string(&fields, 1), chain }))
}

fn base(chain: &Fields<'_>) -> Result<Option<BaseChain>, Malformed> {
    let Some(hook) = chain.get(&4) else { return Ok(None) };
    let hook = fields(hook, 0)?;
    let kind = match string(chain, 7).as_str() {
        "filter" => ChainKind::Filter,
        "nat" => ChainKind::Nat,
        _ => return Ok(None),
    };
    let Some(at) = number(&hook, 1)?.and_then(Hook::of) else {
        return Ok(None);
    };
    let policy = match number(chain, 5)? {
        Some(0) => Policy::Drop,
        _ => Policy::Accept,
    };
    let priority = number(&hook, 2)?.unwrap_or_default().cast_signed();
    Ok(Some(BaseChain { kind, hook: at, priority, policy }))
}

/// A rule.
pub(crate) fn rule(payload: &[u8]) -> Result<Option<RuleSeen>, Malformed> {
    let fields = fields(payload, HEADER_BYTES)?;
    let handle = fields.get(&3).copied().unwrap_or(&[0; 8]);
    let handle = handle.try_into().map_err(|_| Malformed::Attribute)?;
    let list = fields.get(&4).copied().unwrap_or_default();
    Ok(Some(RuleSeen {
        table: string(&fields, 1),
        chain: string(&fields, 2),
        handle: u64::from_be_bytes(handle),
        comment: fields.get(&7).and_then(|data| comment(data)),
        expressions: expressions(list)?,
    }))
}

/// The comment in the user data of a rule; see `transaction`.
fn comment(data: &[u8]) -> Option<String> {
    match data {
        [0, length, rest @ ..] => rest.get(..usize::from(*length)).map(text),
        _ => None,
    }
}

fn expressions(list: &[u8]) -> Result<Vec<Normal>, Malformed> {
    let one = |(_, value): (u16, &[u8])| {
        let one = fields(value, 0)?;
        let data = one.get(&2).copied().unwrap_or_default();
        let data = fields(data, 0)?;
        let plain = |(kind, v)| (kind, plain(v, DEEPEST));
        let data = data.into_iter().map(plain);
        Ok((string(&one, 1), data.collect()))
    };
    attributes(list, 0)?.into_iter().map(one).collect()
}

/// How deep attributes are looked for in a value. Expressions of ours have
/// three; what others' rules hold may look like thousands (an extension of
/// iptables is bytes of any kind), and each would take a piece of the stack.
const DEEPEST: u8 = 8;

/// A value without the marks of nesting, which the kernel does not give back.
fn plain(value: &[u8], deepest: u8) -> Vec<u8> {
    let inner = attributes(value, 0).unwrap_or_default();
    let Some(below) = deepest.checked_sub(1) else { return value.to_vec() };
    if inner.is_empty() {
        return value.to_vec();
    }
    let each = inner.into_iter().map(|(kind, value)| {
        [&(kind & KIND).to_be_bytes()[..], &plain(value, below)].concat()
    });
    each.collect::<Vec<_>>().concat()
}

/// A set and its table's name. One of types that are not ours to know has a
/// key of nothing.
pub(crate) fn set(payload: &[u8]) -> Result<Option<(String, Set)>, Malformed> {
    let fields = fields(payload, HEADER_BYTES)?;
    let flags = number(&fields, 3)?.unwrap_or_default();
    let key = types(number(&fields, 4)?.unwrap_or_default());
    let data = types(number(&fields, 6)?.unwrap_or_default());
    let (key, data) = key.zip(data).unwrap_or_default();
    let is_interval = flags & 0x4 != 0;
    let set = Set { name: string(&fields, 2), key, data, is_interval };
    Ok(Some((string(&fields, 1), set)))
}

fn types(mut number: u32) -> Option<Vec<Field>> {
    let mut fields = Vec::new();
    while number > 0 {
        fields.push(match number & 0x3f {
            7 => Field::Address(Family::V4),
            8 => Field::Address(Family::V6),
            12 => Field::Protocol,
            13 => Field::Port,
            _ => return None,
        });
        number >>= 6;
    }
    fields.reverse();
    Some(fields)
}

/// The elements of a message.
pub(crate) fn elements(
    payload: &[u8],
    set: &'static str,
) -> Result<Vec<Element>, Malformed> {
    let message = fields(payload, HEADER_BYTES)?;
    let list = message.get(&3).copied().unwrap_or_default();
    let one = |(_, value): (u16, &[u8])| {
        let one = fields(value, 0)?;
        let flags = number(&one, FLAGS)?.unwrap_or_default();
        Ok(Element {
            set,
            key: value_of(&one, KEY)?,
            data: value_of(&one, DATA)?,
            is_end: flags & INTERVAL_END != 0,
        })
    };
    attributes(list, 0)?.into_iter().map(one).collect()
}

fn value_of(one: &Fields<'_>, kind: u16) -> Result<Vec<u8>, Malformed> {
    let Some(data) = one.get(&kind) else { return Ok(Vec::new()) };
    let data = fields(data, 0)?;
    Ok(data.get(&VALUE).map(|value| value.to_vec()).unwrap_or_default())
}

#[cfg(test)]
mod tests;
