#!/bin/sh
# What the tests need of the system and Python cannot bring: a browser, a font for its pages, and a PostgreSQL server.
set -eu
. "$(dirname -- "$0")/common.sh"

missing=''
for package in chromium fonts-dejavu-core postgresql; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
# shellcheck disable=SC2086 # a list of words
apt_install $missing
