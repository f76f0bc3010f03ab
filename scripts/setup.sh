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
install_packages() {
    if [ "$("$venv/bin/python" -c 'import sys; print(sys._base_executable)' 2>/dev/null)" != "$python" ]; then
        say "creating $venv with $python"
        "$bootstrap/bin/uv" venv --quiet --clear --python "$python" "$venv"
    fi
    say "installing Python packages into $venv (downloads are kept in $UV_CACHE_DIR)"
    [ "$mode" = static ] || say "the first time, this builds pyspark from its 430 MB source archive: some minutes"
    uv_install "$venv" --require-hashes -r "$project/requirements/build.txt"
    # The list is whole, less what scripts/lock.sh leaves out on purpose: nothing is left to resolve.
    uv_install "$venv" --require-hashes --no-deps --no-build-isolation -r "$project/requirements/$mode.txt"
    uv_install "$venv" --no-deps --no-build-isolation --editable "$project"
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

# What the simulator's inner loops are compiled to is kept in the cache folder; else the first run would wait for it.
compile_loops() {
    say "compiling the simulator's inner loops, once"
    for count in 1 2; do
        "$venv/bin/zipotify" simulate --quiet --nusers 10 --start-time 2024-01-01 --end-time 2024-01-03 \
            --catalog builtin --processes $count --format none
    done
}

install_java() {
    if ! "$venv/bin/python" -c 'from zipotify.runtime.java import java_home; java_home()' 2>/dev/null; then
        say "no JDK 17 to 21 on this machine: installing one from a wheel into $venv"
        bootstrap_uv
        uv_install "$venv" --require-hashes -r "$project/requirements/jdk.txt"
    fi
    "$venv/bin/zipotify" setup
}

python=$(find_python)
if ! is_done; then
    bootstrap_uv
    install_packages
    compile_loops
    fingerprint "$mode" >"$venv/.zipotify-$mode"
fi
[ "$mode" = static ] || install_java
say "set up ($mode) in $(($(date +%s) - started)) s: the command is $venv/bin/zipotify, downloads are in $cache"
