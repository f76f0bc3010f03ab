# What every script shares: where things go, and how to say things. POSIX sh; sourced, not run.
# shellcheck shell=sh disable=SC2034,SC2154 # the scripts that source it use these, and set $python

project=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
venv="$project/.venv"
cache=${ZIPOTIFY_CACHE:-$project/.cache}

say() { printf '%s\n' "zipotify: $*"; }

fail() {
    printf '%s\n' "zipotify: $1" >&2
    [ $# -lt 2 ] || printf '%s\n' "  -> $2" >&2
    exit 1
}

# Run a command as root: as it is when we are root, else with sudo when that asks for no password; else say what to run.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        sudo -n "$@"
    else
        fail "packages of the system are missing, and this account may not install them" "run: sudo $*"
    fi
}

# Install Debian packages, printing them first.
apt_install() {
    command -v apt-get >/dev/null 2>&1 || fail "there is no apt-get here" "install these by hand: $*"
    say "installing from Debian's packages: $*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" </dev/null && return
    say "the package lists may be old: updating them"
    as_root apt-get update -q </dev/null
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" </dev/null
}
