//! The agent's API for people over its real socket, with the real store and
//! the real kernel: an agent in a network and a mount namespace of its own.
//! Needs root.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]
#![expect(
    clippy::disallowed_methods,
    reason = "the agent is started as it is on a host"
)]

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// When an agent that has not come up has failed.
const DEADLINE: Duration = Duration::from_secs(30);

/// An agent and its directories. Both end with the test.
struct Agent {
    dir: TempDir,
    process: Child,
}

impl Agent {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        fs::write(
            dir.path().join("tartan.toml"),
            "host = \"ambre\"\n[metrics]\nlisten = \"off\"\n",
        )
        .unwrap();
        let process = Self::spawn(&dir);
        let agent = Self { dir, process };
        agent.wait();
        agent
    }

    /// The namespaces end with the process, and the bpf file system with
    /// them.
    fn spawn(dir: &TempDir) -> Child {
        let at = |name: &str| dir.path().join(name);
        fs::create_dir_all(at("bpf")).unwrap();
        Command::new("unshare")
            .args(["--net", "--mount", "--propagation", "private"])
            .arg(env!("CARGO_BIN_EXE_tartan-agent"))
            .arg("--config")
            .arg(at("tartan.toml"))
            .env("TARTAN_RUN_DIR", at("run"))
            .env("TARTAN_STATE_DIR", at("state"))
            .env("TARTAN_BPF_DIR", at("bpf"))
            .stderr(fs::File::create(at("log")).unwrap())
            .stdin(Stdio::null())
            .spawn()
            .unwrap()
    }

    fn wait(&self) {
        let begun = Instant::now();
        while UnixStream::connect(self.socket()).is_err() {
            let log = fs::read_to_string(self.dir.path().join("log"));
            assert!(begun.elapsed() < DEADLINE, "no agent: {log:?}");
            thread::park_timeout(Duration::from_millis(20));
        }
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn restart(&mut self) {
        self.kill();
        self.process = Self::spawn(&self.dir);
        self.wait();
    }

    fn socket(&self) -> PathBuf {
        self.dir.path().join("run/agent.sock")
    }

    /// Status and body of the answer.
    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let mut stream = UnixStream::connect(self.socket()).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\
             \r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        // A body that is refused for its length is not read to its end.
        let _ = stream.write_all(body.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        (status, serde_json::from_str(body).unwrap())
    }

    fn get(&self, path: &str) -> Value {
        let (status, answer) = self.ask("GET", path, "");
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.ask("POST", path, &body.to_string());
        assert_eq!(status, 200, "{path} {body}: {answer}");
        answer
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // Killed already where a test has done so.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn what_people_make_is_there_at_once_and_gone_when_they_remove_it() {
    let agent = Agent::start();
    let pool = json!({"name": "default", "cidrs": ["10.77.0.0/16"]});
    agent.post("/v1/pools", &pool);
    agent.post("/v1/teams", &json!({"name": "payments"}));
    let app = json!({"team": "payments", "name": "api"});
    assert_eq!(agent.post("/v1/apps", &app)["class"], "0001:0001");
    let status = agent.get("/v1/status");
    assert_eq!(status["host"], "ambre");
    assert_eq!(status["registry"]["apps"], 1);
    assert_eq!(status["dataplane"]["programs"][0]["name"], "from_container");
    assert_eq!(agent.get("/v1/pools")[0]["cidrs"][0]["block_length"], 26);

    for (path, left) in [
        ("/v1/apps/payments/api", "/v1/apps"),
        ("/v1/teams/payments", "/v1/teams"),
        ("/v1/pools/default", "/v1/pools"),
    ] {
        assert_eq!(agent.ask("DELETE", path, "").0, 200, "{path}");
        assert_eq!(agent.get(left), json!([]), "{left}");
        assert_eq!(agent.ask("DELETE", path, "").0, 404, "{path}");
    }
}

#[test]
fn a_reservation_is_kept_shown_and_given_up() {
    let agent = Agent::start();
    let pool = json!({"name": "default", "cidrs": ["10.77.0.0/16"]});
    agent.post("/v1/pools", &pool);
    let (path, name) = ("/v1/ips/10.77.0.9/reservation", "{\"name\":\"nfs\"}");
    assert_eq!(agent.ask("PUT", path, name).0, 200);
    assert_eq!(agent.ask("PUT", path, name).0, 409);
    let shown = agent.get("/v1/ips/10.77.0.9");
    assert_eq!(shown["state"], "reserved");
    assert_eq!(shown["reserved_for"], "nfs");
    assert_eq!(agent.get("/v1/ips").as_array().unwrap().len(), 1);
    assert_eq!(agent.ask("DELETE", path, "").0, 200);
    assert_eq!(agent.get("/v1/ips/10.77.0.9")["state"], "free");
    assert_eq!(agent.ask("DELETE", path, "").0, 404);
    assert_eq!(agent.ask("GET", "/v1/ips/10.99.0.9", "").0, 404);
    let report = agent.post("/v1/check/ips", &json!({"repair": "fix"}));
    assert_eq!(report["findings"], json!([]));
}

#[test]
fn a_question_that_makes_no_sense_is_answered_in_one_form() {
    let agent = Agent::start();
    let long = format!("{{\"name\":\"{}\"}}", "x".repeat(100_000));
    for (method, path, body, expected) in [
        ("GET", "/nothing", "", 404),
        ("PATCH", "/v1/teams", "", 404),
        ("GET", "/v1/teams/Payments", "", 400),
        ("GET", "/v1/teams/..%2f..", "", 400),
        ("GET", "/v1/teams/ghosts", "", 404),
        ("POST", "/v1/teams", "", 400),
        ("POST", "/v1/teams", "{", 400),
        ("POST", "/v1/teams", "[]", 422),
        ("POST", "/v1/teams", "{\"name\":\"../x\"}", 422),
        ("POST", "/v1/teams", "{\"name\":\"a\",\"number\":1}", 422),
        ("POST", "/v1/teams", &long, 413),
        ("POST", "/v1/apps", "{\"team\":\"a\",\"name\":\"b\"}", 404),
        ("POST", "/v1/pools", "{\"name\":\"p\",\"cidrs\":[]}", 400),
        ("PUT", "/v1/settings/clustr", "{\"value\":\"1\"}", 422),
        ("PUT", "/v1/settings/cluster", "{\"value\":\"99\"}", 422),
        ("GET", "/v1/ips/10.77.0", "", 400),
        ("GET", "/v1/endpoints/ghost", "", 404),
        ("POST", "/v1/gc", "{\"mode\":\"maybe\"}", 422),
    ] {
        let (status, answer) = agent.ask(method, path, body);
        assert_eq!(status, expected, "{method} {path}: {answer}");
        for field in ["error", "object", "why"] {
            assert!(answer[field].is_string(), "{method} {path}: {answer}");
        }
    }
    assert_eq!(agent.get("/v1/teams"), json!([]));
}

#[test]
fn a_name_of_the_cluster_is_set_and_cleared() {
    let agent = Agent::start();
    let path = "/v1/settings/cluster_name";
    for (value, said) in
        [("fr1", "cluster_name is fr1"), ("", "cluster_name is cleared")]
    {
        let body = json!({ "value": value }).to_string();
        let (status, answer) = agent.ask("PUT", path, &body);
        assert_eq!((status, &answer["done"]), (200, &json!(said)));
        let settings = agent.get("/v1/settings");
        let settings = settings.as_array().unwrap();
        let shown = settings.iter().find(|s| s["key"] == "cluster_name");
        assert_eq!(shown.unwrap()["value"], value);
    }
}

#[test]
fn an_agent_that_was_killed_comes_back_with_everything() {
    let mut agent = Agent::start();
    agent.post("/v1/teams", &json!({"name": "payments"}));
    agent.restart();
    assert_eq!(agent.get("/v1/teams")[0]["class"], "0001:0000");
    let again = agent.ask("POST", "/v1/teams", "{\"name\":\"payments\"}");
    assert_eq!(again.0, 409);
    let next = agent.post("/v1/teams", &json!({"name": "web"}));
    assert_eq!(next["class"], "0002:0000");
}

/// Asks for the status as a user, by the caller's own credentials.
const ASK: &str = "\
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(b'GET /v1/status HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n')
print(s.recv(4096).decode().split()[1])
";

#[test]
fn only_root_and_the_group_are_answered() {
    const NOBODY: u32 = 65534;
    let agent = Agent::start();
    let socket = agent.socket();
    let mode = fs::metadata(&socket).unwrap().permissions().mode() & 0o777;
    assert!(mode == 0o600 || mode == 0o660, "{mode:o}");

    // Even where the file lets everybody in.
    fs::set_permissions(&socket, Permissions::from_mode(0o666)).unwrap();
    let asked_by = |uid: u32| {
        let mut asking = Command::new("python3");
        asking.args(["-c", ASK]).arg(&socket).uid(uid).gid(uid);
        String::from_utf8(asking.output().unwrap().stdout).unwrap()
    };
    assert_eq!(asked_by(0), "200\n");
    assert_eq!(asked_by(NOBODY), "403\n");
}
