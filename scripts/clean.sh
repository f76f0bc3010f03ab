#!/bin/sh
# Remove builds and the demo's two homes; with `all` also .venv and this project's cache. Touches no other home.
set -eu
. "$(dirname -- "$0")/common.sh"
cd "$project"

if [ "${1:-}" = all ]; then
    rm -rf .venv .cache uv.lock
    [ "$cache" = "$project/.cache" ] || say "left alone: $cache, which ZIPOTIFY_CACHE names"
    exit
fi
for home in .zipotify .zipotify-static; do
    if [ -d "$home" ] && [ -x "$venv/bin/zipotify" ]; then
        "$venv/bin/zipotify" down --home "$home"
    fi
    rm -rf "$home"
done
rm -rf build dist dbt/target dbt/logs .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
find src tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +
