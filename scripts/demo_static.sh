#!/bin/sh
# The quick look: demo_static.sh [SECONDS]
# A seeded month of traffic, written to files, loaded, built and shown: no Kafka and no JVM. Each step that is done
# already is skipped. With SECONDS the dashboard stops by itself, and the exit code says whether it answered.
set -eu
. "$(dirname -- "$0")/common.sh"

for_s=${1:-}
home="$project/.zipotify-static"
logs="$home/events"
zipotify="$venv/bin/zipotify"
export ZIPOTIFY_HOME="$home"

if [ ! -e "$logs/.complete" ]; then
    say "1/3 simulating October 2026, seed 42, into $logs"
    "$zipotify" simulate --randomseed 42 --start-time 2026-10-01T00:00:00 --end-time 2026-11-01T00:00:00 "$logs"
    : >"$logs/.complete"
fi
if [ ! -e "$logs/.loaded" ]; then
    say "2/3 loading it into the lake"
    "$zipotify" load --source sim "$logs"
    : >"$logs/.loaded"
fi
say "3/3 building the warehouse (unchanged data take a moment only)"
"$zipotify" build

# Its own port, so that it stands beside `make demo`.
port=$("$venv/bin/python" -c 'from zipotify.runtime.ports import next_free; print(next_free(8060))')
if [ -z "$for_s" ]; then
    say "the dashboard is at http://127.0.0.1:$port; Ctrl-C stops it"
    exec "$zipotify" dashboard --port "$port"
fi

"$zipotify" dashboard --port "$port" &
dashboard=$!
trap 'kill "$dashboard" 2>/dev/null || true' EXIT
"$venv/bin/python" "$project/scripts/await_page.py" "http://127.0.0.1:$port" 300
say "the dashboard is at http://127.0.0.1:$port for $for_s s"
sleep "$for_s"
"$venv/bin/python" "$project/scripts/await_page.py" "http://127.0.0.1:$port" 60
kill -TERM "$dashboard"
trap - EXIT
wait "$dashboard"
say "done"
