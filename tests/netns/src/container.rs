//! A container: a network namespace with one sleeping process in it, which
//! the real plugin attaches and detaches.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::host::Host;
use crate::inside;
use crate::network::Network;
use crate::plugin::{Answer, Call, Fault};
use crate::talk::End;

/// A container on a host. Clones are the same container.
#[derive(Clone, Debug)]
pub struct Container(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    host: Host,
    netns: PathBuf,
    life: Mutex<Life>,
}

#[derive(Debug, Default)]
struct Life {
    process: Option<Child>,
    attached: Vec<Attached>,
}

/// One attachment as the runtime remembers it.
#[derive(Clone, Debug)]
struct Attached {
    network: Network,
    interface: String,
    answer: Answer,
}

/// The interface that most containers have.
pub const ETH0: &str = "eth0";

impl Container {
    /// A container that is on no network yet.
    pub(crate) fn start(host: &Host, name: &str) -> Self {
        let netns = inside::named(&format!("{}-{name}", host.name()));
        let container = Self(Arc::new(Inner {
            name: name.into(),
            host: host.clone(),
            netns,
            life: Mutex::default(),
        }));
        container.wake();
        container
    }

    /// Makes its process, inside its namespace.
    fn wake(&self) {
        let process = inside::inside(self.netns(), || {
            Command::new("busybox")
                .args(["sleep", "100000"])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .spawn()
                .expect("busybox")
        });
        self.life().process = Some(process);
    }

    fn life(&self) -> std::sync::MutexGuard<'_, Life> {
        self.0.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its name, which is its id too.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Where its namespace is.
    pub fn netns(&self) -> &Path {
        &self.0.netns
    }

    /// A call of the plugin for this container.
    pub fn call(&self, verb: &str, network: &Network, interface: &str) -> Call {
        self.0
            .host
            .call(verb, network)
            .variable("CNI_CONTAINERID", &self.0.name)
            .variable("CNI_IFNAME", interface)
            .variable("CNI_NETNS", &self.0.netns.to_string_lossy())
    }

    /// ADD of `eth0`.
    #[track_caller]
    pub fn attach(&self, network: &Network) -> Result<Answer, Fault> {
        self.attach_as(ETH0, network)
    }

    /// ADD of an interface.
    #[track_caller]
    pub fn attach_as(
        &self,
        interface: &str,
        network: &Network,
    ) -> Result<Answer, Fault> {
        let answer = self.call("ADD", network, interface).answer()?;
        self.remember(network, interface, &answer);
        Ok(Answer(answer))
    }

    fn remember(&self, network: &Network, interface: &str, answer: &Value) {
        let network = network.clone();
        let interface = interface.to_owned();
        let answer = Answer(answer.clone());
        let mut life = self.life();
        life.attached.retain(|known| known.interface != interface);
        life.attached.push(Attached { network, interface, answer });
    }

    /// DEL of `eth0`, with the result of its ADD where there was one.
    #[track_caller]
    pub fn detach(&self, network: &Network) -> Result<(), Fault> {
        self.detach_as(ETH0, network)
    }

    /// DEL of an interface.
    #[track_caller]
    pub fn detach_as(
        &self,
        interface: &str,
        network: &Network,
    ) -> Result<(), Fault> {
        let network = self.with_previous(interface, network);
        self.call("DEL", &network, interface).answer()?;
        self.life().attached.retain(|known| known.interface != interface);
        Ok(())
    }

    /// CHECK of `eth0`, with the result of its ADD.
    #[track_caller]
    pub fn check(&self, network: &Network) -> Result<(), Fault> {
        let network = self.with_previous(ETH0, network);
        let said = self.call("CHECK", &network, ETH0).answer()?;
        assert_eq!(said, Value::Null, "CHECK prints nothing");
        Ok(())
    }

    fn with_previous(&self, interface: &str, network: &Network) -> Network {
        let previous = self.answer(interface).map(|answer| answer.0);
        match previous {
            Some(answer) => network.clone().with("prevResult", answer),
            None => network.clone(),
        }
    }

    fn answer(&self, interface: &str) -> Option<Answer> {
        let life = self.life();
        let known = life.attached.iter().find(|a| a.interface == interface);
        known.map(|known| known.answer.clone())
    }

    /// What the ADD of `eth0` answered.
    #[track_caller]
    pub fn result(&self) -> Answer {
        self.answer(ETH0).expect("the container is attached")
    }

    /// What the ADD of `eth0` answered, where the container is attached.
    pub fn known_result(&self) -> Option<Answer> {
        self.answer(ETH0)
    }

    /// The addresses of `eth0` as its ADD answered them.
    #[track_caller]
    pub fn addresses(&self) -> Vec<IpAddr> {
        self.result().addresses()
    }

    /// Its end of a conversation.
    #[track_caller]
    pub fn end(&self) -> End {
        End {
            name: self.0.name.clone(),
            netns: self.0.netns.clone(),
            addresses: self.addresses(),
        }
    }

    /// The attachments that its runtime knows of, for a GC.
    pub fn valid_attachments(&self, network: &Network) -> Vec<Value> {
        let life = self.life();
        life.attached
            .iter()
            .filter(|known| known.network.name() == network.name())
            .map(|known| {
                json!({
                    "containerID": self.0.name,
                    "ifname": known.interface,
                })
            })
            .collect()
    }

    /// Takes every attachment that is left off, as a runtime does when it
    /// removes a container.
    #[track_caller]
    pub fn detach_all(&self) {
        let attached = self.life().attached.clone();
        for known in attached {
            self.detach_as(&known.interface, &known.network).unwrap_or_else(
                |fault| panic!("DEL of {} failed: {fault:?}", self.0.name),
            );
        }
    }

    /// Its process ends and its namespace with it; nobody calls DEL.
    pub fn dies(&self) {
        if let Some(mut process) = self.life().process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
        let _ = nix::mount::umount(&self.0.netns);
        let _ = fs::remove_file(&self.0.netns);
    }

    /// The runtime loses what it knew of this container's attachments.
    pub fn is_forgotten(&self) {
        self.life().attached.clear();
    }

    /// A new namespace in the place of the old, which died.
    pub fn is_born_again(&self) {
        self.dies();
        inside::named(&format!("{}-{}", self.0.host.name(), self.0.name));
        self.wake();
    }
}
