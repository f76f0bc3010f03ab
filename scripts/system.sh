#!/bin/sh
# What the tests need of the system and Python cannot bring: a browser, a font for its pages, a PostgreSQL server, and
# the tool that tests Prometheus's rules.
set -eu
. "$(dirname -- "$0")/common.sh"

# Taken out of its package: installed, that would start a server that listens to everybody.
take_promtool() {
    say "taking promtool out of Debian's package prometheus into $cache/bin"
    folder=$(mktemp -d)
    (cd "$folder" && apt_download prometheus && dpkg -x prometheus_*.deb .)
    mkdir -p "$cache/bin"
    mv "$folder/usr/bin/promtool" "$cache/bin/promtool"
    rm -rf "$folder"
}

missing=''
for package in chromium fonts-dejavu-core postgresql; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
# shellcheck disable=SC2086 # a list of words
[ -z "$missing" ] || apt_install $missing
command -v promtool >/dev/null 2>&1 || [ -x "$cache/bin/promtool" ] || take_promtool
