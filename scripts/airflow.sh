#!/bin/sh
# Airflow, in an environment of its own, for the jobs of one home: airflow.sh VERB [HOME] [-- ARGUMENTS]
#   setup     install it (hashed) into the cache folder; fast when it is there
#   start     run scheduler, web page, triggerer and DAG processor on loopback until Ctrl-C
#   prepare   set up, and make its database and pools
#   run       one `airflow` command with the same settings; `python` likewise
set -eu
umask 077
. "$(dirname -- "$0")/common.sh"

# An image brings both environments ready made.
airflow_venv=${ZIPOTIFY_AIRFLOW_VENV:-$cache/airflow}
venv=${ZIPOTIFY_VENV:-$venv}
verb=${1:-start}
[ $# -eq 0 ] || shift

setup() {
    [ -z "${ZIPOTIFY_AIRFLOW_VENV:-}" ] || return 0
    python=$(find_python)
    wanted=$(printf '%s %s' "$python" "$(cksum <"$project/requirements/airflow.txt")")
    [ "$(cat "$airflow_venv/.done" 2>/dev/null)" != "$wanted" ] || return 0
    started=$(date +%s)
    bootstrap_uv
    say "installing Airflow into $airflow_venv"
    "$bootstrap/bin/uv" venv --quiet --clear --python "$python" "$airflow_venv"
    uv_install "$airflow_venv" --require-hashes -r "$project/requirements/airflow.txt"
    printf '%s' "$wanted" >"$airflow_venv/.done"
    say "Airflow was set up in $(($(date +%s) - started)) s"
}

# Everything that Airflow must know, for one home. Its own data lie in HOME/airflow; nothing listens beyond loopback unless told to.
settings_for() {
    mkdir -p "$1/airflow/logs"
    home=$(CDPATH='' cd -- "$1" && pwd)
    port=${ZIPOTIFY_AIRFLOW_PORT:-8080}
    export ZIPOTIFY_HOME="$home" ZIPOTIFY_PYTHON="$venv/bin/python" ZIPOTIFY_AIRFLOW_BIN="$airflow_venv/bin"
    export PYTHONPATH="$project/src:$project/dags"
    export AIRFLOW_HOME="$home/airflow" AIRFLOW__CORE__DAGS_FOLDER="$project/dags"
    export AIRFLOW__CORE__LOAD_EXAMPLES=False AIRFLOW__CORE__EXECUTOR=LocalExecutor AIRFLOW__CORE__PARALLELISM=4
    export AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION=False AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS=admin:admin
    export AIRFLOW__API__HOST="${ZIPOTIFY_AIRFLOW_HOST:-127.0.0.1}" AIRFLOW__API__PORT="$port" AIRFLOW__API__BASE_URL="http://127.0.0.1:$port"
    export AIRFLOW__CORE__EXECUTION_API_SERVER_URL="http://127.0.0.1:$port/execution/"
    export AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES=1
}

prepare() {
    "$airflow_venv/bin/airflow" db migrate >"$AIRFLOW_HOME/logs/migrate.log" 2>&1 ||
        fail "Airflow could not prepare its database" "see $AIRFLOW_HOME/logs/migrate.log"
    "$airflow_venv/bin/python" -c '
import json
from zipotify.ops.jobs import POOL_SLOTS
print(json.dumps({name: {"slots": count, "description": "", "include_deferred": False} for name, count in POOL_SLOTS.items()}))
' >"$AIRFLOW_HOME/pools.json"
    "$airflow_venv/bin/airflow" pools import "$AIRFLOW_HOME/pools.json" >"$AIRFLOW_HOME/logs/pools.log" 2>&1 ||
        fail "Airflow could not make its pools" "see $AIRFLOW_HOME/logs/pools.log"
}

case $verb in
setup) setup ;;
start)
    setup
    settings_for "${1:-.zipotify}"
    prepare
    say "Airflow starts at http://127.0.0.1:$port for $home; Ctrl-C stops it"
    say "user admin; the password is in $AIRFLOW_HOME/simple_auth_manager_passwords.json.generated"
    exec "$venv/bin/python" -W ignore -m supervisor.supervisord -n -c "$project/deploy/airflow/supervisord.conf"
    ;;
prepare)
    setup
    settings_for "${1:?a home}"
    prepare
    ;;
run | python)
    settings_for "${1:?a home}"
    shift 2
    [ "$verb" = python ] || verb=airflow
    exec "$airflow_venv/bin/$verb" "$@"
    ;;
*) fail "unknown verb '$verb'" "use setup, start, prepare, run or python" ;;
esac
