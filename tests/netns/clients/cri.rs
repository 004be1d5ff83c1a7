//! containerd's Container Runtime Interface, as a kubelet speaks it: gRPC
//! over a Unix socket. Acts.
//!
//! The messages are those of `pkg/apis/runtime/v1/api.proto` of
//! `k8s.io/cri-api`, with the fields that the stories use; a field has its
//! number there. Others are skipped when they are read.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;

use prost::Message;
use tokio::runtime::{Builder, Runtime};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use tonic_prost::ProstCodec;

/// `PodSandboxMetadata`
#[derive(Clone, PartialEq, Message)]
struct Metadata {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    uid: String,
    #[prost(string, tag = "3")]
    namespace: String,
    #[prost(uint32, tag = "4")]
    attempt: u32,
}

/// `DNSConfig`
#[derive(Clone, PartialEq, Message)]
struct Dns {
    #[prost(string, repeated, tag = "1")]
    servers: Vec<String>,
}

/// `PortMapping`
#[derive(Clone, PartialEq, Message)]
struct PortMapping {
    /// 0 TCP, 1 UDP, 2 SCTP
    #[prost(int32, tag = "1")]
    protocol: i32,
    #[prost(int32, tag = "2")]
    container_port: i32,
    #[prost(int32, tag = "3")]
    host_port: i32,
    #[prost(string, tag = "4")]
    host_ip: String,
}

/// `LinuxPodSandboxConfig`
#[derive(Clone, PartialEq, Message)]
struct Linux {
    #[prost(string, tag = "1")]
    cgroup_parent: String,
}

/// `PodSandboxConfig`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Pod {
    #[prost(message, optional, tag = "1")]
    metadata: Option<Metadata>,
    #[prost(string, tag = "2")]
    hostname: String,
    #[prost(message, optional, tag = "4")]
    dns: Option<Dns>,
    #[prost(message, repeated, tag = "5")]
    ports: Vec<PortMapping>,
    #[prost(map = "string, string", tag = "7")]
    annotations: HashMap<String, String>,
    #[prost(message, optional, tag = "8")]
    linux: Option<Linux>,
}

impl Pod {
    /// The pod `name` of a namespace, with the name server that a kubelet
    /// would give it.
    pub(crate) fn of(namespace: &str, name: &str) -> Self {
        let metadata = Metadata {
            name: name.into(),
            uid: format!("uid-of-{namespace}-{name}"),
            namespace: namespace.into(),
            attempt: 0,
        };
        let servers = vec!["192.0.2.53".into()];
        Self {
            metadata: Some(metadata),
            hostname: name.into(),
            dns: Some(Dns { servers }),
            ..Self::default()
        }
    }

    /// With an annotation.
    pub(crate) fn annotated(mut self, key: &str, value: &str) -> Self {
        self.annotations.insert(key.into(), value.into());
        self
    }

    /// With a port of the host, of TCP and of UDP.
    pub(crate) fn reached_at(mut self, host_port: u16, port: u16) -> Self {
        self.ports.extend([0, 1].map(|protocol| PortMapping {
            protocol,
            container_port: port.into(),
            host_port: host_port.into(),
            host_ip: String::new(),
        }));
        self
    }

    /// With control groups below a parent.
    pub(crate) fn below(mut self, cgroup_parent: String) -> Self {
        self.linux = Some(Linux { cgroup_parent });
        self
    }
}

#[derive(Clone, PartialEq, Message)]
struct RunRequest {
    #[prost(message, optional, tag = "1")]
    config: Option<Pod>,
}

/// All requests that name a sandbox and nothing else, and the answer to
/// `RunPodSandbox`.
#[derive(Clone, PartialEq, Message)]
struct Sandbox {
    #[prost(string, tag = "1")]
    id: String,
}

/// `PodSandboxStatusRequest`
#[derive(Clone, PartialEq, Message)]
struct StatusRequest {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(bool, tag = "2")]
    verbose: bool,
}

#[derive(Clone, PartialEq, Message)]
struct StatusAnswer {
    #[prost(message, optional, tag = "1")]
    status: Option<SandboxStatus>,
    #[prost(map = "string, string", tag = "2")]
    info: HashMap<String, String>,
}

/// `PodSandboxStatus`
#[derive(Clone, PartialEq, Message)]
struct SandboxStatus {
    /// 0: ready
    #[prost(int32, tag = "3")]
    state: i32,
    #[prost(message, optional, tag = "5")]
    network: Option<NetworkStatus>,
}

/// `PodSandboxNetworkStatus`
#[derive(Clone, PartialEq, Message)]
struct NetworkStatus {
    #[prost(string, tag = "1")]
    ip: String,
    #[prost(message, repeated, tag = "2")]
    additional: Vec<PodIp>,
}

/// `PodIP`
#[derive(Clone, PartialEq, Message)]
struct PodIp {
    #[prost(string, tag = "1")]
    ip: String,
}

/// `ImageStatusRequest`, and its answer where the image is there.
#[derive(Clone, PartialEq, Message)]
struct ImageRequest {
    #[prost(message, optional, tag = "1")]
    image: Option<Sandbox>,
}

#[derive(Clone, PartialEq, Message)]
struct Nothing {}

/// What is seen of a sandbox.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Whether it is ready.
    pub(crate) is_ready: bool,
    /// Its addresses, the first one first.
    pub(crate) addresses: Vec<IpAddr>,
    /// What else containerd tells of it, as JSON.
    pub(crate) info: serde_json::Value,
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Cri {
    runtime: Runtime,
    channel: Channel,
}

impl Cri {
    /// To the socket at `path`; it is connected when it is used.
    pub(crate) fn at(path: &Path) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.unwrap();
        let address = format!("unix://{}", path.display());
        let endpoint = Endpoint::from_shared(address).unwrap();
        let channel = runtime.block_on(async { endpoint.connect_lazy() });
        Self { runtime, channel }
    }

    fn asks<Q, A>(&self, call: &'static str, question: Q) -> Result<A, Status>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        self.runtime.block_on(async {
            let mut client = tonic::client::Grpc::new(self.channel.clone());
            let ready = client.ready().await;
            ready.map_err(|error| Status::unavailable(error.to_string()))?;
            let path = PathAndQuery::from_static(call);
            let codec = ProstCodec::default();
            let answer = client.unary(Request::new(question), path, codec);
            Ok(answer.await?.into_inner())
        })
    }

    /// `RunPodSandbox`: the id of the sandbox.
    pub(crate) fn runs(&self, pod: &Pod) -> Result<String, Status> {
        let question = RunRequest { config: Some(pod.clone()) };
        let call = "/runtime.v1.RuntimeService/RunPodSandbox";
        let made: Sandbox = self.asks(call, question)?;
        Ok(made.id)
    }

    /// `PodSandboxStatus`
    #[track_caller]
    pub(crate) fn sees(&self, id: &str) -> Seen {
        let question = StatusRequest { id: id.into(), verbose: true };
        let call = "/runtime.v1.RuntimeService/PodSandboxStatus";
        let answer: StatusAnswer = self.asks(call, question).unwrap();
        let status = answer.status.unwrap();
        let network = status.network.unwrap_or_default();
        let additional = network.additional.iter().map(|more| &more.ip);
        let addresses = [&network.ip].into_iter().chain(additional);
        let info = answer.info.get("info").map_or("null", String::as_str);
        Seen {
            is_ready: status.state == 0,
            addresses: addresses.filter_map(|ip| ip.parse().ok()).collect(),
            info: serde_json::from_str(info).unwrap(),
        }
    }

    /// `StopPodSandbox`
    pub(crate) fn stops(&self, id: &str) -> Result<(), Status> {
        let call = "/runtime.v1.RuntimeService/StopPodSandbox";
        self.asks(call, Sandbox { id: id.into() }).map(|Nothing {}| ())
    }

    /// `RemovePodSandbox`
    pub(crate) fn removes(&self, id: &str) -> Result<(), Status> {
        let call = "/runtime.v1.RuntimeService/RemovePodSandbox";
        self.asks(call, Sandbox { id: id.into() }).map(|Nothing {}| ())
    }

    /// `ImageStatus`: whether an image is there.
    pub(crate) fn has(&self, image: &str) -> bool {
        let call = "/runtime.v1.ImageService/ImageStatus";
        let image = Some(Sandbox { id: image.into() });
        let answer: Result<ImageRequest, _> =
            self.asks(call, ImageRequest { image });
        answer.is_ok_and(|answer| answer.image.is_some())
    }
}
