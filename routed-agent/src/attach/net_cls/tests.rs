//! Where net_cls is, by what the kernel tells of mounts.

use super::*;

const MOUNTS: &str = "\
29 24 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
30 29 0:27 / /sys/fs/cgroup/cpu rw,relatime shared:4 - cgroup cgroup rw,cpu
31 29 0:28 /docker /part rw - cgroup cgroup rw,net_cls,net_prio
32 29 0:28 / /sys/fs/cgroup/net_cls rw - cgroup cgroup rw,net_cls,net_prio
";

#[test]
fn the_whole_hierarchy_is_found_and_no_part_of_it() {
    let found = hierarchy(MOUNTS);
    assert_eq!(found, Some("/sys/fs/cgroup/net_cls".into()));
    let lines: Vec<_> = MOUNTS.lines().take(3).collect();
    assert_eq!(hierarchy(&lines.join("\n")), None);
    assert_eq!(hierarchy("rubbish\n - cgroup"), None);
}
