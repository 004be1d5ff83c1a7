//! A transaction in etcd's words (pure). Nothing here needs more than etcd
//! 3.4.

use etcd_client::{
    Compare as EtcdCompare, CompareOp, DeleteOptions, PutOptions, Txn, TxnOp,
};

use super::names::{Names, number};
use crate::entry::{LeaseId, Revision};
use crate::transaction::{Compare, Op, Transaction};

/// The transaction as etcd takes it.
pub(super) fn txn(names: &Names, change: &Transaction) -> Txn {
    let compares: Vec<EtcdCompare> =
        change.compare.iter().map(|wanted| compare(names, wanted)).collect();
    let ops: Vec<TxnOp> = change.then.iter().map(|op| put(names, op)).collect();
    Txn::new().when(compares).and_then(ops)
}

/// The lease that is meant when etcd does not know one.
pub(super) fn lease_of(change: &Transaction) -> LeaseId {
    let leases = change.then.iter().filter_map(|op| match op {
        Op::Put { lease, .. } => *lease,
        Op::Delete(_) | Op::DeleteRange(_) => None,
    });
    leases.min().unwrap_or(LeaseId(0))
}

/// A comparison of a range holds where it holds for each of its keys; where
/// there is none, etcd compares with version and revision 0.
fn compare(names: &Names, wanted: &Compare) -> EtcdCompare {
    match wanted {
        Compare::Absent(key) => {
            EtcdCompare::create_revision(names.key(key), CompareOp::Equal, 0)
        }
        Compare::Value(key, value) => EtcdCompare::value(
            names.key(key),
            CompareOp::Equal,
            value.as_slice(),
        ),
        Compare::Modified(key, at) => EtcdCompare::mod_revision(
            names.key(key),
            CompareOp::Equal,
            number(*at),
        ),
        Compare::Empty(range) => {
            let (start, end) = names.range(range);
            EtcdCompare::version(start, CompareOp::Equal, 0).with_range(end)
        }
        Compare::Unchanged(range, since) => {
            let (start, end) = names.range(range);
            let next = number(Revision(since.0.saturating_add(1)));
            EtcdCompare::mod_revision(start, CompareOp::Less, next)
                .with_range(end)
        }
    }
}

fn put(names: &Names, op: &Op) -> TxnOp {
    match op {
        Op::Put { key, value, lease } => {
            let on_lease =
                lease.map(|LeaseId(id)| PutOptions::new().with_lease(id));
            TxnOp::put(names.key(key), value.as_slice(), on_lease)
        }
        Op::Delete(key) => TxnOp::delete(names.key(key), None),
        Op::DeleteRange(range) => {
            let (start, end) = names.range(range);
            let options = DeleteOptions::new().with_range(end);
            TxnOp::delete(start, Some(options))
        }
    }
}
