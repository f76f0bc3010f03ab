#!/bin/sh
# Write requirements/*.txt and the list of jars anew from pyproject.toml and scripts/lock_jars.py.
# The files hold exact versions and hashes and no index addresses, so they fit any package index. uv.lock stays out of git.
set -eu
. "$(dirname -- "$0")/common.sh"

uv="$cache/bootstrap/bin/uv"
[ -x "$uv" ] || uv=uv
cd "$project"

export_to() {
    file=$1
    shift
    "$uv" export --quiet --frozen --no-header --no-annotate --no-emit-project --format requirements-txt "$@" \
        --output-file "requirements/$file"
}

"$uv" lock --quiet
export_to run.txt --no-default-groups
export_to static.txt --no-default-groups --no-emit-package pyspark --no-emit-package py4j
# A format checker that nothing here asks for; jsonschema, and so dbt, takes half its start to load its grammar.
export_to dev.txt --no-default-groups --group dev --no-emit-package rfc3987-syntax --no-emit-package lark
export_to jdk.txt --only-group jdk
export_to build.txt --only-group build
export_to uv.txt --only-group uv
"$uv" pip compile --quiet --upgrade --universal --python-version 3.11 --no-header --no-annotate --generate-hashes \
    --output-file requirements/airflow.txt requirements/airflow.in
"$venv/bin/python" scripts/lock_jars.py
say "locked: review the difference, then run make setup"
