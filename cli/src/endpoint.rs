//! `tartan endpoint`: containers' interfaces on this host. Acts.

use clap::Subcommand;
use tartan_agent_api::people::endpoints::{EndpointDetail, EndpointView};
use tartan_agent_api::people::path;
use tartan_agent_api::record::RecordState;

use crate::fault::Fault;
use crate::output::{Shown, Width};
use crate::session::Session;
use crate::table::{Table, fields, numbers, words};
use crate::words as text;

/// What can be done with endpoints.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List the endpoints of this host
    List,
    /// Show one endpoint: its class, what passed, what was dropped and why,
    /// which classes its own met
    #[command(after_help = "\
Examples:
  tartan endpoint show 10.77.0.2
  tartan endpoint show 4f66ad2b
  tartan endpoint show shop,4f66ad2b9a31,eth0")]
    Show {
        /// An address, an attachment (network,container,interface), the
        /// host's link, or the container's id or its beginning
        id: String,
    },
}

/// Does it.
pub(crate) fn run(session: &Session, verb: Verb) -> Result<(), Fault> {
    match verb {
        Verb::List => {
            session.print(&session.get::<Vec<EndpointView>>(path::ENDPOINTS)?)
        }
        Verb::Show { id } => {
            let path = path::item(path::ENDPOINTS, &[&id]);
            session.print(&session.get::<EndpointDetail>(&path)?)
        }
    }
}

/// As many characters of a container's id as runtimes print.
const SHORT_ID: usize = 12;

impl Shown for Vec<EndpointView> {
    fn text(&self, width: Width) -> String {
        let mut columns = vec![
            words("CONTAINER"),
            words("NETWORK"),
            words("INTERFACE"),
            words("CLASS"),
            words("ADDRESSES"),
        ];
        if width == Width::Wide {
            columns.extend([
                words("CLASS ID"),
                words("HOST LINK"),
                words("MAC"),
                numbers("MTU"),
                words("STATE"),
            ]);
        }
        let mut table = Table::new(&columns);
        for endpoint in self {
            let mut cells = vec![
                container(endpoint, width),
                endpoint.attachment.network().to_string(),
                endpoint.attachment.interface().to_string(),
                endpoint.class_name.clone(),
                text::list(&endpoint.addresses),
            ];
            if width == Width::Wide {
                cells.extend(wide_cells(endpoint));
            }
            table.row(cells);
        }
        table.text()
    }

    fn nothing(&self) -> &'static str {
        "No container is attached on this host."
    }
}

fn container(endpoint: &EndpointView, width: Width) -> String {
    let id = endpoint.attachment.container().as_str();
    match width {
        Width::Normal => shortened(id).to_owned(),
        Width::Wide => id.to_owned(),
    }
}

/// An id without the end of the digits that it ends with; what runtimes and
/// people put before them stays (`default-4f66ad2b9a31`), and a name is whole.
fn shortened(id: &str) -> &str {
    let name = id.trim_end_matches(|sign: char| sign.is_ascii_hexdigit());
    id.get(..name.len() + SHORT_ID).unwrap_or(id)
}

fn wide_cells(endpoint: &EndpointView) -> [String; 5] {
    [
        endpoint.class.to_string(),
        endpoint.host_link.clone(),
        endpoint.mac.to_string(),
        endpoint.mtu.to_string(),
        state(endpoint.state).to_owned(),
    ]
}

fn state(state: RecordState) -> &'static str {
    match state {
        RecordState::Adding => "adding",
        RecordState::Ready => "ready",
    }
}

impl Shown for EndpointDetail {
    fn text(&self, _width: Width) -> String {
        let endpoint = &self.endpoint;
        let host_link = &endpoint.host_link;
        let class = format!("{} ({})", endpoint.class_name, endpoint.class);
        let mut shown = fields(&[
            ("container", endpoint.attachment.container().to_string()),
            ("network", endpoint.attachment.network().to_string()),
            ("interface", endpoint.attachment.interface().to_string()),
            ("class", class),
            ("addresses", text::list(&endpoint.addresses)),
            ("mac", endpoint.mac.to_string()),
            ("mtu", endpoint.mtu.to_string()),
            ("attach", endpoint.attach.to_string()),
            ("limits", endpoint.limits.to_string()),
            ("host link", format!("{host_link} ({})", endpoint.host_index)),
            ("netns", endpoint.netns.clone()),
            ("generation", endpoint.generation.0.to_string()),
            ("state", state(endpoint.state).to_owned()),
        ]);
        for section in [passed(self), dropped(self), peers(self)] {
            if !section.is_empty() {
                shown.push('\n');
                shown.push_str(&section);
            }
        }
        shown
    }
}

fn passed(detail: &EndpointDetail) -> String {
    let mut table =
        Table::new(&[words("PASSED"), numbers("PACKETS"), numbers("BYTES")]);
    for passed in &detail.passed {
        table.row(vec![
            passed.direction.clone(),
            passed.packets.to_string(),
            text::bytes(passed.bytes),
        ]);
    }
    table.text()
}

fn dropped(detail: &EndpointDetail) -> String {
    let mut table =
        Table::new(&[words("DROPPED"), words("REASON"), numbers("PACKETS")]);
    for dropped in &detail.dropped {
        table.row(vec![
            dropped.direction.clone(),
            dropped.reason.clone(),
            dropped.packets.to_string(),
        ]);
    }
    table.text()
}

fn peers(detail: &EndpointDetail) -> String {
    let mut table = Table::new(&[
        words("PEERS OF ITS CLASS"),
        words("DIRECTION"),
        words("VERDICT"),
        numbers("PACKETS"),
        numbers("BYTES"),
    ]);
    for peer in &detail.peers {
        table.row(vec![
            peer.class_name.clone(),
            peer.direction.clone(),
            peer.verdict.clone(),
            peer.packets.to_string(),
            text::bytes(peer.bytes),
        ]);
    }
    table.text()
}

#[cfg(test)]
mod tests;
