//! The agent's socket: one question, one answer. Acts.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::{Request, Response, StatusCode, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tartan_agent_api::people::Failure;
use tokio::net::UnixStream;
use tokio::runtime::Runtime;

use crate::fault::{Fault, Talk};

/// How long an answer may take: above what the agent grants itself.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longest answer: a listing of a hundred thousand addresses.
const MOST_BYTES: usize = 64 << 20;

/// The agent of this host.
#[derive(Debug)]
pub(crate) struct Agent {
    socket: PathBuf,
    runtime: Runtime,
}

impl Agent {
    /// The agent that listens at `socket`; nothing is said yet.
    pub(crate) fn at(socket: PathBuf) -> Result<Self, Fault> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Fault::Process)?;
        Ok(Self { socket, runtime })
    }

    /// Asks, and reads the answer.
    pub(crate) fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, Fault> {
        let body = match body {
            Some(value) => serde_json::to_vec(value)
                .map_err(|source| self.broken(Talk::Json(source)))?,
            None => Vec::new(),
        };
        let asked = async {
            let asking = self.ask(method, path, body);
            tokio::time::timeout(PATIENCE, asking).await
        };
        let (status, bytes) = self
            .runtime
            .block_on(asked)
            .map_err(|_| self.broken(Talk::Slow(PATIENCE)))??;
        self.read(status, &bytes)
    }

    async fn ask(
        &self,
        method: &str,
        path: &str,
        body: Vec<u8>,
    ) -> Result<(StatusCode, Bytes), Fault> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "tartan")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONNECTION, "close")
            .body(Full::new(Bytes::from(body)))
            .map_err(|source| self.broken(Talk::Request(source)))?;
        let stream = UnixStream::connect(&self.socket)
            .await
            .map_err(|source| self.absent(source))?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|source| self.broken(Talk::Http(source)))?;
        let driving = tokio::spawn(connection);
        let answer = sender.send_request(request).await;
        let answer =
            answer.map_err(|source| self.broken(Talk::Http(source)))?;
        let read = self.body(answer).await;
        driving.abort();
        read
    }

    async fn body(
        &self,
        answer: Response<hyper::body::Incoming>,
    ) -> Result<(StatusCode, Bytes), Fault> {
        let status = answer.status();
        let body = Limited::new(answer.into_body(), MOST_BYTES);
        let body = body
            .collect()
            .await
            .map_err(|source| self.broken(Talk::Body(source)))?;
        Ok((status, body.to_bytes()))
    }

    fn read<T: DeserializeOwned>(
        &self,
        status: StatusCode,
        bytes: &[u8],
    ) -> Result<T, Fault> {
        if !status.is_success() {
            return Err(match serde_json::from_slice::<Failure>(bytes) {
                Ok(failure) if status == StatusCode::UNPROCESSABLE_ENTITY => {
                    Fault::Usage(failure)
                }
                Ok(failure) => Fault::Refused(failure),
                Err(_) => self.broken(Talk::Status(status)),
            });
        }
        serde_json::from_slice(bytes)
            .map_err(|source| self.broken(Talk::Json(source)))
    }

    fn absent(&self, source: io::Error) -> Fault {
        let socket = self.socket.clone();
        if source.kind() == io::ErrorKind::PermissionDenied {
            return Fault::NotAllowed { socket };
        }
        Fault::NoAgent { socket, source }
    }

    fn broken(&self, source: Talk) -> Fault {
        let socket = self.socket.clone();
        Fault::Talk { socket, source: Box::new(source) }
    }
}
