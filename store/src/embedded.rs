//! placeholder
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use tartan_model::BootId;

use crate::engine::*;
use crate::entry::*;
use crate::range::Range;
use crate::transaction::*;
pub(crate) struct Embedded {}
impl Embedded {
    pub(crate) async fn open(_: &Path, _: BootId) -> Result<Self, Fault> {
        Ok(Self {})
    }
}
#[async_trait]
impl Engine for Embedded {
    fn name(&self) -> &'static str {
        "embedded"
    }
    async fn identity(&self) -> Result<StoreId, Fault> {
        todo!()
    }
    async fn revision(&self) -> Result<Revision, Fault> {
        todo!()
    }
    async fn list(
        &self,
        _: &Range,
        _: Option<Revision>,
    ) -> Result<Listing, Fault> {
        todo!()
    }
    async fn commit(&self, _: Transaction) -> Result<Outcome, Fault> {
        todo!()
    }
    async fn watch(
        &self,
        _: &Range,
        _: Revision,
    ) -> Result<Box<dyn Events>, Fault> {
        todo!()
    }
    async fn grant(&self, _: Duration) -> Result<Lease, Fault> {
        todo!()
    }
    async fn keep_alive(&self, _: LeaseId) -> Result<Duration, Fault> {
        todo!()
    }
    async fn revoke(&self, _: LeaseId) -> Result<(), Fault> {
        todo!()
    }
    async fn compact(&self, _: Revision) -> Result<(), Fault> {
        todo!()
    }
}
