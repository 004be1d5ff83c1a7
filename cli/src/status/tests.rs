//! How a host looks on one screen.

use tartan_agent_api::people::pools::{CidrView, HostUse, PoolView};
use tartan_agent_api::people::status::{
    AttachmentStatus, DataplaneStatus, Program, RegistryStatus, StoreStatus,
};
use tartan_model::{BootId, Family};

use super::*;

fn status() -> Status {
    Status {
        host: "node-1".parse().unwrap(),
        version: "0.1.0".to_owned(),
        boot: BootId::new("b1"),
        store: StoreStatus {
            engine: "embedded".to_owned(),
            revision: Some(42),
            trouble: None,
        },
        registry: RegistryStatus {
            origin: "store".to_owned(),
            revision: 41,
            teams: 1,
            apps: 2,
        },
        attachments: AttachmentStatus { ready: 3, adding: 0, addresses: 6 },
        pools: vec![PoolView {
            name: "default".parse().unwrap(),
            affinity: Default::default(),
            draining: false,
            nat_outgoing: false,
            cidrs: vec![CidrView {
                cidr: "10.77.0.0/16".parse().unwrap(),
                family: Family::V4,
                block_length: 26,
                here: HostUse {
                    blocks: 1,
                    size: 16,
                    used: 3,
                    resting: 1,
                    free: 12,
                },
                whole: None,
            }],
        }],
        dataplane: DataplaneStatus {
            attach: Default::default(),
            programs: vec![Program {
                name: "from_container".to_owned(),
                id: 7,
                tag: "00ff".to_owned(),
            }],
            endpoints: Some(3),
            dropped: Vec::new(),
            trouble: None,
        },
        drift: DriftStatus::default(),
        workers: vec![Worker {
            name: "publish".to_owned(),
            state: "all is in the store".to_owned(),
            trouble: None,
        }],
    }
}

#[test]
fn a_host_that_is_well_fits_on_one_screen() {
    let expected = "\
host       node-1
agent      0.1.0, boot b1
store      embedded, revision 42
registry   1 team, 2 apps, revision 41
attached   3 containers, 6 addresses
dataplane  3 endpoints, from_container id 7 tag 00ff, attach shared-block
dropped    nothing
drift      0 repairs

NAME     CIDR          BLOCKS  USED  RESTING  FREE  STATE
default  10.77.0.0/16       1     3        1    12  open

WORKER   STATE
publish  all is in the store
";
    assert_eq!(status().text(Width::Normal), expected);
}

#[test]
fn trouble_is_said_where_it_is() {
    let mut status = status();
    status.store.trouble = Some("no answer within 2s".to_owned());
    status.registry.origin = "mirror".to_owned();
    status.attachments.adding = 1;
    status.dataplane.dropped = vec![Dropped {
        direction: "from_container".to_owned(),
        reason: "spoofed_mac".to_owned(),
        packets: 9,
    }];
    status.workers[0].trouble = Some("refused".to_owned());
    let text = status.text(Width::Normal);
    for line in [
        "store      embedded, DOES NOT ANSWER: no answer within 2s",
        "registry   1 team, 2 apps, revision 41, FROM THE MIRROR: the store \
         has not answered",
        "attached   3 containers, 6 addresses, 1 being attached",
        "dropped    9 spoofed_mac (from_container)",
        "publish  all is in the store; TROUBLE: refused",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}
