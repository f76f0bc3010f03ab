#!/bin/sh
# Set Zipotify up in .venv and the cache folder: setup.sh [run|dev|static]
#   run      everything that `zipotify up` needs
#   dev      that, and what tests and linters need
#   static   Python packages only, without Spark, Java and jars: enough for `make demo-static`
# Fast when nothing changed; needs no network when the cache is filled.
set -eu
. "$(dirname -- "$0")/common.sh"

mode=${1:-run}
case $mode in run | dev | static) ;; *) fail "unknown set-up '$mode'" "use run, dev or static" ;; esac
started=$(date +%s)
bootstrap="$cache/bootstrap"
export UV_CACHE_DIR="${UV_CACHE_DIR:-$cache/uv}" UV_PYTHON_DOWNLOADS=never UV_NO_CONFIG=1 UV_NO_PROGRESS=1

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

# From the cache alone when it has everything: that asks nobody. Else from the package index.
uv_install() {
    set -- "$bootstrap/bin/uv" pip install --quiet --python "$venv/bin/python" "$@"
    UV_OFFLINE=1 "$@" 2>/dev/null || "$@"
}

install_packages() {
    if [ "$("$venv/bin/python" -c 'import sys; print(sys._base_executable)' 2>/dev/null)" != "$python" ]; then
        say "creating $venv with $python"
        "$bootstrap/bin/uv" venv --quiet --clear --python "$python" "$venv"
    fi
    say "installing Python packages into $venv (downloads are kept in $UV_CACHE_DIR)"
    [ "$mode" = static ] || say "the first time, this builds pyspark from its 430 MB source archive: some minutes"
    uv_install --require-hashes -r "$project/requirements/build.txt"
    uv_install --require-hashes --no-build-isolation -r "$project/requirements/$mode.txt"
    uv_install --no-deps --no-build-isolation --editable "$project"
    # What was unpacked for building is a third of the cache; the wheels that came of it stay.
    rm -rf "$cache"/uv/sdists-v*/pypi/*/*/*/src
}

# What the environment holds grows from static over run to dev, and never shrinks by asking for less.
is_done() {
    for done_mode in dev run static; do
        [ "$(cat "$venv/.zipotify-$done_mode" 2>/dev/null)" = "$(fingerprint $done_mode)" ] && return
        [ "$done_mode" != "$mode" ] || return 1
    done
}

fingerprint() {
    { cat "$project/requirements/build.txt" "$project/requirements/$1.txt" "$project/pyproject.toml" &&
        printf '%s %s' "$python" "$project"; } | cksum
}

install_java() {
    if ! "$venv/bin/python" -c 'from zipotify.runtime.java import java_home; java_home()' 2>/dev/null; then
        say "no JDK 17 to 21 on this machine: installing one from a wheel into $venv"
        bootstrap_uv
        uv_install --require-hashes -r "$project/requirements/jdk.txt"
    fi
    "$venv/bin/zipotify" setup
}

python=$(find_python)
if ! is_done; then
    bootstrap_uv
    install_packages
    fingerprint "$mode" >"$venv/.zipotify-$mode"
fi
[ "$mode" = static ] || install_java
say "set up ($mode) in $(($(date +%s) - started)) s: the command is $venv/bin/zipotify, downloads are in $cache"
