//! Host ports of each runtime.

use serde_json::json;

use super::*;

fn of(list: &Value) -> Result<Vec<String>, PortsError> {
    let ports = ports([list, &Value::Null])?;
    Ok(ports.iter().map(|port| format!("{port} > {}", port.to)).collect())
}

#[test]
fn each_runtime_is_understood() {
    for (list, expected) in [
        (
            json!([{"hostPort": 18080, "containerPort": 80, "protocol": "tcp"},
                   {"hostPort": 15353, "containerPort": 53,
                    "protocol": "udp", "hostIP": "127.0.0.1"}]),
            vec!["tcp 18080 > 80", "udp 127.0.0.1:15353 > 53"],
        ),
        (
            json!([{"HostPort": 8080, "ContainerPort": 80,
                    "Protocol": "TCP", "HostIP": ""}]),
            vec!["tcp 8080 > 80"],
        ),
        (
            json!([{"host_port": 8080, "container_port": 80}]),
            vec!["tcp 8080 > 80"],
        ),
        (
            json!([{"HostPort": 4646, "ContainerPort": 80, "Protocol": "tcp",
                    "HostIP": "2001:db8::1"},
                   {"HostPort": 4646, "ContainerPort": 80, "Protocol": "udp",
                    "HostIP": "2001:db8::1"},
                   {"HostPort": 4646, "ContainerPort": 80, "Protocol": "tcp",
                    "HostIP": "2001:db8::1"}]),
            vec!["tcp [2001:db8::1]:4646 > 80", "udp [2001:db8::1]:4646 > 80"],
        ),
        (
            json!([{"hostPort": 1, "containerPort": 65535,
                    "protocol": "sctp", "hostIP": "::ffff:192.0.2.1"}]),
            vec!["sctp 192.0.2.1:1 > 65535"],
        ),
        (json!([]), vec![]),
        (Value::Null, vec![]),
    ] {
        assert_eq!(of(&list).unwrap(), expected, "{list}");
    }
}

#[test]
fn what_cannot_be_is_refused_with_key_and_value() {
    for (list, said) in [
        (json!([{"hostPort": 0, "containerPort": 80}]), "\"hostPort\" is 0"),
        (json!([{"containerPort": 80}]), "\"hostPort\" is null"),
        (json!([{"hostPort": 80}]), "\"containerPort\" is null"),
        (
            json!([{"HostPort": 65536, "ContainerPort": 80}]),
            "\"hostPort\" is 65536",
        ),
        (json!([{"hostPort": -1, "containerPort": 80}]), "\"hostPort\" is -1"),
        (
            json!([{"hostPort": "80", "containerPort": 80}]),
            "\"hostPort\" is \"80\"",
        ),
        (
            json!([{"hostPort": 1, "containerPort": 1, "protocol": "icmp"}]),
            "\"protocol\" is \"icmp\"",
        ),
        (
            json!([{"hostPort": 1, "containerPort": 1, "protocol": 6}]),
            "\"protocol\" is 6",
        ),
        (
            json!([{"hostPort": 1, "containerPort": 1, "hostIP": "eth0"}]),
            "\"hostIP\" is \"eth0\"",
        ),
        (
            json!([{"hostPort": 1, "containerPort": 1, "hostIP": "224.0.0.1"}]),
            "\"hostIP\" is \"224.0.0.1\"",
        ),
        (
            json!([{"hostPort": 1, "containerPort": 1},
                   {"hostPort": 1, "containerPort": 2,
                    "hostIP": "0.0.0.0"}]),
            "to lead to both 1 and 2",
        ),
        (json!({"hostPort": 1}), "not a list of objects"),
        (json!([7]), "not a list of objects"),
    ] {
        let error = of(&list).unwrap_err().to_string();
        assert!(error.contains(said), "{error} in place of {said}");
    }
}

#[test]
fn both_lists_are_joined() {
    let one = json!([{"hostPort": 1, "containerPort": 2}]);
    let two = json!([{"host_port": 1, "container_port": 2,
                      "protocol": "tcp"}]);
    assert_eq!(ports([&one, &two]).unwrap().len(), 1);
    let two = json!([{"host_port": 1, "container_port": 3}]);
    assert!(ports([&one, &two]).is_err());
}
