//! How etcd is reached (acts: reads the files that settings name).

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use etcd_client::{Certificate, ConnectOptions, Identity, TlsOptions};
use thiserror::Error;

use crate::engine::Fault;

/// How long a request may take unless the settings say otherwise.
const DEADLINE: Duration = Duration::from_secs(5);

/// How often a silent connection is tested while a watch uses it. etcd drops
/// clients that do so more often than every 5 s
/// (`--grpc-keepalive-min-time`).
const PING: Duration = Duration::from_secs(10);

/// How to reach etcd.
#[derive(Clone, Debug)]
pub struct EtcdSettings {
    /// `http://` or `https://` addresses of the members.
    pub endpoints: Vec<String>,
    /// Everything of ours is below it: `/tartan`.
    pub prefix: String,
    /// Who we are, where etcd asks for it.
    pub login: Option<EtcdLogin>,
    /// Certificates; needed for `https://`.
    pub tls: Option<EtcdTls>,
    /// How long one request may take, connecting included.
    pub deadline: Duration,
}

/// A user of etcd.
#[derive(Clone, Debug)]
pub struct EtcdLogin {
    /// The name.
    pub username: String,
    /// The file that holds the password; read again at each connection.
    pub password_file: PathBuf,
}

/// Files of certificates, in PEM; read again at each connection.
#[derive(Clone, Debug)]
pub struct EtcdTls {
    /// Who has signed etcd's certificate.
    pub ca: PathBuf,
    /// Who we are, where etcd asks for a certificate.
    pub client: Option<EtcdCertificate>,
}

/// A certificate and its private key.
#[derive(Clone, Debug)]
pub struct EtcdCertificate {
    /// The certificate.
    pub cert: PathBuf,
    /// The key.
    pub key: PathBuf,
}

/// Settings with which etcd cannot be reached.
#[derive(Debug, Error)]
pub(super) enum SettingsError {
    #[error("there is no endpoint")]
    NoEndpoint,
    #[error("the endpoint '{0}' begins with neither http:// nor https://")]
    NoScheme(String),
    #[error("the endpoint '{0}' needs a ca file")]
    NoCa(String),
    #[error("the endpoint '{0}' is not encrypted, but certificates are set")]
    NotEncrypted(String),
    #[error("cannot read {path}")]
    Read { path: PathBuf, source: std::io::Error },
}

impl EtcdSettings {
    /// Settings for these members, without login and certificates.
    pub fn new(endpoints: Vec<String>, prefix: &str) -> Self {
        Self {
            endpoints,
            prefix: prefix.to_owned(),
            login: None,
            tls: None,
            deadline: DEADLINE,
        }
    }

    /// Finds what is wrong before etcd is asked for anything.
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        if self.endpoints.is_empty() {
            return Err(SettingsError::NoEndpoint);
        }
        self.endpoints.iter().try_for_each(|text| self.check_endpoint(text))?;
        self.options().map(drop)
    }

    fn check_endpoint(&self, text: &str) -> Result<(), SettingsError> {
        let endpoint = text.to_owned();
        match (text.split_once("://"), &self.tls) {
            (Some(("http", _)), None) | (Some(("https", _)), Some(_)) => Ok(()),
            (Some(("http", _)), Some(_)) => {
                Err(SettingsError::NotEncrypted(endpoint))
            }
            (Some(("https", _)), None) => Err(SettingsError::NoCa(endpoint)),
            _ => Err(SettingsError::NoScheme(endpoint)),
        }
    }

    /// What the client library wants to know.
    pub(super) fn options(&self) -> Result<ConnectOptions, SettingsError> {
        let mut options = ConnectOptions::new()
            .with_require_leader(true)
            .with_auto_token_refresh(true)
            .with_keep_alive(PING, self.deadline)
            .with_keep_alive_while_idle(false);
        if let Some(login) = &self.login {
            let password = read(&login.password_file)?;
            let password = String::from_utf8_lossy(&password);
            options = options.with_user(&login.username, password.trim_end());
        }
        if let Some(tls) = &self.tls {
            options = options.with_tls(tls.options()?);
        }
        Ok(options)
    }
}

impl EtcdTls {
    fn options(&self) -> Result<TlsOptions, SettingsError> {
        let ca = Certificate::from_pem(read(&self.ca)?);
        let options = TlsOptions::new().ca_certificate(ca);
        let Some(client) = &self.client else {
            return Ok(options);
        };
        let identity =
            Identity::from_pem(read(&client.cert)?, read(&client.key)?);
        Ok(options.identity(identity))
    }
}

impl From<SettingsError> for Fault {
    fn from(error: SettingsError) -> Self {
        Self::Invalid(error.into())
    }
}

fn read(path: &Path) -> Result<Vec<u8>, SettingsError> {
    fs::read(path)
        .map_err(|source| SettingsError::Read { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests;
