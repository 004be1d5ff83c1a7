# What the entry points share: who runs them, what must be installed, where
# the compiler is. Sourced by ./test, ./quickstart and bench/run.

# say TEXT...: one line to the person in front of it.
say() { printf '%s\n' "$*"; }

# fail TEXT...: ends the script with what went wrong.
fail() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# need_root ARGUMENTS...: goes on as root, by sudo where that is there.
need_root() {
    [ "$(id -u)" = 0 ] && return
    command -v sudo >/dev/null || fail "needs root; run it as root"
    exec sudo --preserve-env=CARGO_HOME,RUSTUP_HOME,CARGO_TARGET_DIR,PATH \
        "$0" "$@"
}

# need_rust: finds cargo, also that of the person who called sudo.
need_rust() {
    local home=${HOME:-/root}
    if [ -n "${SUDO_USER:-}" ] && [ "$(id -u)" = 0 ]; then
        home=$(getent passwd "$SUDO_USER" | cut -d: -f6)
        [ -d "$home/.cargo" ] && export CARGO_HOME=${CARGO_HOME:-$home/.cargo}
        [ -d "$home/.rustup" ] &&
            export RUSTUP_HOME=${RUSTUP_HOME:-$home/.rustup}
    fi
    if ! command -v cargo >/dev/null; then
        export PATH=$PATH:${CARGO_HOME:-$home/.cargo}/bin:/usr/local/cargo/bin
    fi
    command -v cargo >/dev/null ||
        fail "cargo is not in PATH; install Rust 1.95 or later"
    export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
}

# owner COMMAND...: as the person who called sudo, so that what is built is
# theirs; as ourselves where nobody did.
owner() {
    if [ "$(id -u)" = 0 ] && [ "${SUDO_USER:-root}" != root ]; then
        runuser -u "$SUDO_USER" -- env "PATH=$PATH" \
            ${CARGO_HOME:+"CARGO_HOME=$CARGO_HOME"} \
            ${RUSTUP_HOME:+"RUSTUP_HOME=$RUSTUP_HOME"} \
            "CARGO_TARGET_DIR=$CARGO_TARGET_DIR" "$@"
    else
        "$@"
    fi
}

# is_there PACKAGE[=FILE]: whether FILE exists, or PACKAGE is installed.
is_there() {
    case $1 in
    *=*) [ -e "${1#*=}" ] ;;
    *) [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" \
        = installed ] ;;
    esac
}

# need_packages PACKAGE[=FILE]...: installs what is missing. No daemon is
# started by it, now or at the next boot.
need_packages() {
    local wanted missing=()
    for wanted in "$@"; do
        is_there "$wanted" || missing+=("${wanted%%=*}")
    done
    [ ${#missing[@]} = 0 ] && return
    command -v apt-get >/dev/null ||
        fail "missing, and there is no apt-get here: ${missing[*]}"
    [ "$(id -u)" = 0 ] ||
        fail "missing: ${missing[*]}; install them, or run as root"
    say "installing ${missing[*]}"
    install_quietly "${missing[@]}"
}

install_quietly() (
    local guard=/usr/sbin/policy-rc.d log
    log=$(mktemp)
    if [ ! -e $guard ]; then
        # invoke-rc.d(8): 101 means that a service may not be started.
        printf '#!/bin/sh\nexit 101\n' >$guard
        chmod 755 $guard
        trap 'rm -f $guard' EXIT
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt() { apt-get -y -q -o Dpkg::Use-Pty=0 "$@" >>"$log" 2>&1; }
    if ! apt install --no-install-recommends "$@"; then
        apt update || true
        apt install --no-install-recommends "$@" || {
            tail -n 20 "$log" >&2
            fail "apt-get could not install $*"
        }
    fi
    rm -f "$log"
    keep_asleep "$@"
)

# keep_asleep PACKAGE...: daemons that we brought do not start at boot.
keep_asleep() {
    [ -d /run/systemd/system ] || return 0
    local package unit
    for package in "$@"; do
        for unit in $(dpkg -L "$package" |
            sed -n 's|^.*/systemd/system/\([^/@]*\.\(service\|socket\)\)$|\1|p'); do
            systemctl disable --quiet "$unit" 2>/dev/null || true
        done
    done
}
