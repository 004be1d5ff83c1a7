//! Compiles the programs with clang, or takes a ready object.
//!
//! `TARTAN_EBPF_OBJECT=path` names an object compiled elsewhere, for machines
//! without clang; `CLANG` names another compiler than `clang`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn main() -> Result<(), String> {
    for variable in ["TARTAN_EBPF_OBJECT", "CLANG"] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    println!("cargo::rerun-if-changed=bpf");
    let out = variable("OUT_DIR").map(PathBuf::from)?.join("container.o");
    match env::var_os("TARTAN_EBPF_OBJECT") {
        Some(ready) => take(Path::new(&ready), &out),
        None => compile(&out),
    }
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|error| format!("{name}: {error}"))
}

fn take(ready: &Path, out: &Path) -> Result<(), String> {
    println!("cargo::rerun-if-changed={}", ready.display());
    fs::copy(ready, out).map(drop).map_err(|error| {
        format!("cannot take TARTAN_EBPF_OBJECT {}: {error}", ready.display())
    })
}

#[expect(clippy::disallowed_methods, reason = "a compiler is a process")]
fn compile(out: &Path) -> Result<(), String> {
    let trial =
        env::var_os("CARGO_FEATURE_TRIAL_LAYOUT").map(|_| "-DTRIAL_LAYOUT");
    let clang = env::var("CLANG").unwrap_or_else(|_| "clang".to_owned());
    let status = Command::new(&clang)
        .args(["-target", target()?, "-mcpu=v3", "-O2", "-g"])
        .args(["-Wall", "-Wextra", "-Werror", "-nostdlibinc"])
        // Paths of this machine stay out of the object's debug information.
        .arg("-fdebug-compilation-dir=.")
        .args(trial)
        .args(["-I", "bpf", "-isystem", "/usr/include", "-isystem"])
        .arg(multiarch_headers()?)
        .args(["-c", "bpf/container.bpf.c", "-o"])
        .arg(out)
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(format!(
            "{clang} could not compile bpf/container.bpf.c (see above). It \
             needs the bpf target, and the headers of the kernel and of \
             libbpf (Debian: apt install clang linux-libc-dev libbpf-dev). \
             TARTAN_EBPF_OBJECT=path takes an object compiled elsewhere."
        )),
        Err(error) => Err(format!(
            "cannot run {clang}: {error}. Install clang and the headers of \
             libbpf (Debian: apt install clang libbpf-dev), or set \
             TARTAN_EBPF_OBJECT to an object compiled elsewhere."
        )),
    }
}

/// BPF has the byte order of the machine that will run it.
fn target() -> Result<&'static str, String> {
    let endian = variable("CARGO_CFG_TARGET_ENDIAN")?;
    Ok(if endian == "big" { "bpfeb" } else { "bpfel" })
}

/// Where Debian keeps the `asm/` that `linux/types.h` asks for.
fn multiarch_headers() -> Result<PathBuf, String> {
    let arch = variable("CARGO_CFG_TARGET_ARCH")?;
    Ok(Path::new("/usr/include").join(format!("{arch}-linux-gnu")))
}
