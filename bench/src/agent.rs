//! Our agent, private to the run: started on an embedded store, given a pool
//! and a team, stopped at the end. Acts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::call;
use crate::contender::Places;

/// A running agent; dropped, it is told to end and waited for.
pub(crate) struct Agent {
    child: Child,
}

/// How long the agent may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Wide enough that no address has to wait for its rest in any workload.
const POOL: &str = "10.64.0.0/10";

impl Agent {
    /// Starts `tartan-agent` of `programs` and gives it a pool, a team and an
    /// app.
    pub(crate) fn start(
        programs: &Path,
        places: &Places,
    ) -> anyhow::Result<Self> {
        let config = write_config(places)?;
        let log = fs::File::create(places.state.join("agent.log"))?;
        let child = call::program(&programs.join("tartan-agent"))
            .arg("--config")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .context("cannot start tartan-agent")?;
        let mut agent = Self { child };
        agent.wait_for(&places.run_dir().join("agent.sock"))?;
        agent.wait_for(&places.run_dir().join("cni.sock"))?;
        let tartan = |words: &[&str]| people(programs, places, words);
        tartan(&["team", "create", "bench"])?;
        tartan(&["app", "create", "bench/load"])?;
        tartan(&["pool", "create", "default", "--cidr", POOL])?;
        Ok(agent)
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    fn wait_for(&mut self, socket: &Path) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while std::os::unix::net::UnixStream::connect(socket)
            .is_err_and(|error| !is_answered(&error))
        {
            if let Some(status) = self.child.try_wait()? {
                bail!("tartan-agent ended: {status}; see its agent.log");
            }
            ensure!(Instant::now() < deadline, "tartan-agent does not answer");
            std::thread::park_timeout(Duration::from_millis(5));
        }
        Ok(())
    }
}

/// A socket of another kind than asked for (EPROTOTYPE) is one that listens.
fn is_answered(error: &std::io::Error) -> bool {
    error.raw_os_error() == Some(nix::errno::Errno::EPROTOTYPE as i32)
}

fn write_config(places: &Places) -> anyhow::Result<PathBuf> {
    let path = places.state.join("tartan.toml");
    let text = format!(
        "host = \"bench\"\nrun_dir = \"{}\"\nstate_dir = \"{}\"\n\
         bpf_dir = \"{}\"\n[metrics]\nlisten = \"off\"\n",
        places.run_dir().display(),
        places.state.join("tartan").display(),
        places.scratch.join("bpf/tartan").display(),
    );
    fs::write(&path, text)?;
    Ok(path)
}

fn people(
    programs: &Path,
    places: &Places,
    words: &[&str],
) -> anyhow::Result<()> {
    let output = call::program(&programs.join("tartan"))
        .env("TARTAN_RUN_DIR", places.run_dir())
        .args(words)
        .output()
        .context("cannot run tartan")?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "tartan {words:?} failed: {said}");
    Ok(())
}

impl Drop for Agent {
    fn drop(&mut self) {
        if let Ok(pid) = i32::try_from(self.child.id()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        let _ = self.child.wait();
    }
}
