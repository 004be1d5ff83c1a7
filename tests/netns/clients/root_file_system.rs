//! The root file system of a container: busybox and nothing else.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use tartan_stories::World;

/// Programs of busybox that containers run.
const APPLETS: &[&str] = &["sh", "sleep", "ip", "httpd", "wget", "true"];

/// Makes one.
pub(crate) fn make(world: &World) -> PathBuf {
    let root = world.directory("rootfs");
    for dir in ["bin", "proc", "sys", "dev", "etc", "tmp", "run", "www"] {
        fs::create_dir_all(root.join(dir)).unwrap();
    }
    if !root.join("bin/busybox").exists() {
        fs::copy("/bin/busybox", root.join("bin/busybox")).unwrap();
        for applet in APPLETS {
            symlink("busybox", root.join("bin").join(applet)).unwrap();
        }
        fs::write(root.join("www/index.html"), "told\n").unwrap();
    }
    root
}
