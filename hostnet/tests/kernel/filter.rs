//! Programs in shared blocks.

use std::io::Write;
use std::os::fd::AsFd;
use std::process::{Command, Stdio};

use aya::Ebpf;
use aya::programs::SchedClassifier;
use tartan_hostnet::{
    Batch, Filter, FilterPlace, FilterSpec, FilterTask, Rtnl, VethEnd, VethSpec,
};
use tartan_model::Mac;

use crate::ground::{BLOCKS, Container, look, new_netns, peer_of};

const INGRESS: FilterPlace = FilterPlace::Block(BLOCKS.ingress);
const EGRESS: FilterPlace = FilterPlace::Block(BLOCKS.egress);
const FIRST: u32 = (1 << 20) + 1;
const SOURCE: &str = r#"
__attribute__((section("classifier"), used)) int pass(void *skb) { return 0; }
__attribute__((section("classifier/two"), used)) int drop_all(void *skb)
{ return 2; }
char _license[] __attribute__((section("license"), used)) = "GPL";
"#;

fn object() -> Ebpf {
    #[expect(
        clippy::disallowed_methods,
        reason = "programs for a test are compiled by clang"
    )]
    let mut clang = Command::new("clang")
        .args("-O2 -g -target bpf -x c -c - -o -".split(' '))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    clang.stdin.take().unwrap().write_all(SOURCE.as_bytes()).unwrap();
    let bytes = clang.wait_with_output().unwrap().stdout;
    Ebpf::load(&bytes).unwrap()
}

fn loaded<'a>(object: &'a mut Ebpf, name: &str) -> &'a SchedClassifier {
    let program = object.program_mut(name).unwrap();
    let program: &mut SchedClassifier = program.try_into().unwrap();
    program.load().unwrap();
    program
}

fn put(rtnl: &mut Rtnl, program: &SchedClassifier) {
    let program = program.fd().unwrap().as_fd();
    let (priority, handle, name) = (1, 1, "from_container");
    let task = FilterTask::Judge;
    let spec = FilterSpec { priority, handle, name, program, task };
    rtnl.put_filter(INGRESS, &spec).unwrap();
}

/// A filter that redirects, one that classifies, one on a link alone.
#[test]
fn a_filter_has_a_task_and_a_place() {
    const IFB: u32 = FIRST + 7;
    let mut object = object();
    let (host, a) = (new_netns(), Container::new(FIRST));
    let mut rtnl = Rtnl::open_in(&host).unwrap();
    a.add(&mut rtnl);
    let mut batch = Batch::new();
    batch.ifb(IFB, "shaped").up(IFB).tree(IFB, 0x7461);
    rtnl.apply(batch).unwrap();
    let program = loaded(&mut object, "pass").fd().unwrap().as_fd();
    let (priority, handle, name) = (2, 1, "limited");
    for (place, task) in [
        (INGRESS, FilterTask::Redirect(IFB)),
        (FilterPlace::Tree { link: IFB, handle: 0x7461 }, FilterTask::Classify),
    ] {
        let spec = FilterSpec { priority, handle, name, program, task };
        // Twice: an upgrade replaces.
        rtnl.put_filter(place, &spec).unwrap();
        rtnl.put_filter(place, &spec).unwrap();
        let found = only(rtnl.filters(place).unwrap());
        assert!(!found.is_direct_action);
        let redirects = (place == INGRESS).then_some(IFB);
        assert_eq!(found.redirects_to, redirects);
    }
    let seen = look(&host, &format!("tc -j filter show block {}", 7001));
    let action = &seen[1]["options"]["actions"][0];
    assert_eq!(action["to_dev"], "shaped", "{seen}");
}

fn only(filters: Vec<Filter>) -> Filter {
    let [filter] = <[Filter; 1]>::try_from(filters).unwrap();
    filter
}

#[test]
fn a_program_is_put_into_a_block_replaced_and_taken_out() {
    let mut object = object();
    let (host, a) = (new_netns(), Container::new(FIRST));
    let mut rtnl = Rtnl::open_in(&host).unwrap();
    a.add(&mut rtnl);
    put(&mut rtnl, loaded(&mut object, "pass"));
    let first = only(rtnl.filters(INGRESS).unwrap());
    assert_eq!((first.priority, first.handle), (1, 1));
    assert_eq!(first.name.as_deref(), Some("from_container"));
    assert!(first.is_direct_action && first.program_tag.is_some());
    let seen = look(&host, &format!("tc -j filter show block {}", 7001));
    let seen = &seen[1]["options"];
    assert_eq!(seen["bpf_name"], "from_container");
    assert_eq!(
        Some(&seen["prog"]["id"]),
        first.program_id.map(Into::into).as_ref()
    );

    put(&mut rtnl, loaded(&mut object, "drop_all"));
    let second = only(rtnl.filters(INGRESS).unwrap());
    assert_ne!(second.program_id, first.program_id);

    rtnl.delete_filter(INGRESS, 1, 1).unwrap();
    assert!(rtnl.filters(INGRESS).unwrap().is_empty());
    assert!(rtnl.filters(EGRESS).unwrap().is_empty());
}

/// A pair in one namespace, kept down, that nobody sends through.
fn keeper() -> Batch<'static> {
    let end = |name: &str, number| {
        let (name, mac) = (name.to_owned(), Mac::local(number));
        VethEnd { name, mac, mtu: 1500 }
    };
    let (host, container) = (end("tartan0", 1), end("tartan1", 2));
    let (index, group) = (FIRST, 0);
    let spec = VethSpec { index, group, host, container, netns: None };
    let mut batch = Batch::new();
    batch.veth(&spec).alt_name(index, "tartan:keeper").clsact(index, BLOCKS);
    batch
}

#[test]
fn filters_outlive_containers_while_a_keeper_binds_their_block() {
    let mut object = object();
    let (host, a) = (new_netns(), Container::new(FIRST + 1));
    let mut rtnl = Rtnl::open_in(&host).unwrap();
    let echoes = rtnl.apply(keeper()).unwrap();
    let other = rtnl.link_named("tartan1").unwrap().unwrap();
    assert_eq!(peer_of(&echoes), other.index);
    assert_eq!(echoes[0].link.peer_netns_id, None);
    put(&mut rtnl, loaded(&mut object, "pass"));
    let before = rtnl.filters(INGRESS).unwrap();
    a.add(&mut rtnl);
    let mut delete = Batch::new();
    delete.delete(a.index);
    rtnl.apply(delete).unwrap();
    assert_eq!(rtnl.filters(INGRESS).unwrap(), before);
}

#[test]
fn a_program_has_no_place_in_a_block_that_nobody_binds() {
    let mut object = object();
    let mut rtnl = Rtnl::open_in(&new_netns()).unwrap();
    let program = loaded(&mut object, "pass").fd().unwrap().as_fd();
    let (priority, handle, name) = (1, 1, "from_container");
    let task = FilterTask::Judge;
    let spec = FilterSpec { priority, handle, name, program, task };
    let error = rtnl.put_filter(INGRESS, &spec).unwrap_err();
    assert!(error.to_string().contains("put from_container"), "{error}");
}
