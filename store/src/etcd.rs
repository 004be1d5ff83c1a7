//! placeholder
use std::time::Duration;

use async_trait::async_trait;

use crate::engine::*;
use crate::entry::*;
use crate::range::Range;
use crate::transaction::*;
pub(crate) struct Etcd {}
impl Etcd {
    pub(crate) async fn new(_: EtcdSettings) -> Result<Self, Fault> {
        Ok(Self {})
    }
}
#[async_trait]
impl Engine for Etcd {
    fn name(&self) -> &'static str {
        "etcd"
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

/// How to reach etcd.
#[derive(Clone, Debug)]
pub struct EtcdSettings {
    /// `http://` or `https://` addresses of the members.
    pub endpoints: Vec<String>,
    /// Everything of ours is below it: `/tartan`.
    pub prefix: String,
    /// Who we are, where etcd asks for it.
    pub login: Option<EtcdLogin>,
    /// Certificates, where they are not the system's.
    pub tls: Option<EtcdTls>,
    /// How long one request may take.
    pub deadline: Duration,
}

/// A user of etcd.
#[derive(Clone, Debug)]
pub struct EtcdLogin {
    /// The name.
    pub username: String,
    /// The file that holds the password.
    pub password_file: std::path::PathBuf,
}

/// Files of certificates, in PEM.
#[derive(Clone, Debug, Default)]
pub struct EtcdTls {
    /// Who may have signed etcd's certificate.
    pub ca: Option<std::path::PathBuf>,
    /// Our certificate.
    pub cert: Option<std::path::PathBuf>,
    /// Our private key.
    pub key: Option<std::path::PathBuf>,
}
