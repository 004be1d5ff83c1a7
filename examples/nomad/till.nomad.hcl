# A job on the network `shop`: its team is its namespace, its app is named.
job "till" {
  namespace = "payments"

  group "web" {
    network {
      mode = "cni/shop"

      cni {
        args = {
          "TARTAN_APP" = "api"
        }
      }
    }

    task "server" {
      driver = "docker"

      config {
        image   = "busybox:latest"
        command = "httpd"
        args    = ["-f", "-p", "80", "-h", "/etc"]
      }
    }
  }
}
