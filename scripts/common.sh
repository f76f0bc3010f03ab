# What every script shares: where things go, and how to say things. POSIX sh; sourced, not run.
# shellcheck shell=sh disable=SC2034,SC2154 # the scripts that source it use these, and set $python

project=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
venv="$project/.venv"
cache=${ZIPOTIFY_CACHE:-$project/.cache}
bootstrap="$cache/bootstrap"
export UV_CACHE_DIR="${UV_CACHE_DIR:-$cache/uv}" UV_PYTHON_DOWNLOADS=never UV_NO_CONFIG=1 UV_NO_PROGRESS=1

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

# Run it, and once more with new package lists if it fails.
with_new_lists() {
    "$@" </dev/null && return
    say "the package lists may be old: updating them"
    as_root apt-get update -q </dev/null
    "$@" </dev/null
}

# Install Debian packages, printing them first.
apt_install() {
    command -v apt-get >/dev/null 2>&1 || fail "there is no apt-get here" "install these by hand: $*"
    say "installing from Debian's packages: $*"
    with_new_lists as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

# Fetch a Debian package into this folder, without installing it; as this account, since apt's own may not write here.
apt_download() {
    with_new_lists apt-get -q -o APT::Sandbox::User=root download "$1"
}

# The first Python that fits, of those asked for or of the usual names.
find_python() {
    for name in ${PYTHON:-python3.11 python3.12 python3.13 python3}; do
        if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            "$name" -c 'import sys; print(sys.executable)'
            return
        fi
    done
    fail "no Python 3.11, 3.12 or 3.13 found (tried: ${PYTHON:-python3.11 python3.12 python3.13 python3})" \
        "install one (Debian 12: apt-get install python3.11), or name it: make setup PYTHON=/path/to/python3.12"
}

# Debian packs ensurepip apart from Python.
need_venv_module() {
    "$1" -c 'import ensurepip' 2>/dev/null && return
    version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    apt_install "python$version-venv"
}

# uv, pinned and hashed, in a small environment of its own; pip knows this machine's package index, uv is then told.
bootstrap_uv() {
    wanted=$(cksum <"$project/requirements/uv.txt")
    if [ "$(cat "$bootstrap/.done" 2>/dev/null)" != "$wanted" ] || ! "$bootstrap/bin/uv" --version >/dev/null 2>&1; then
        say "installing uv into $bootstrap"
        need_venv_module "$python"
        rm -rf "$bootstrap"
        "$python" -m venv "$bootstrap"
        "$bootstrap/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
            --cache-dir "$cache/pip" -r "$project/requirements/uv.txt"
        printf '%s' "$wanted" >"$bootstrap/.done"
    fi
    eval "$("$bootstrap/bin/python" "$project/scripts/pip_settings.py")"
}

# uv_install VENV ARGUMENTS: from the cache alone when it has everything: that asks nobody. Else from the package index.
uv_install() {
    into=$1
    shift
    set -- "$bootstrap/bin/uv" pip install --quiet --python "$into/bin/python" "$@"
    UV_OFFLINE=1 "$@" 2>/dev/null || "$@"
}
