#!/bin/sh
# Write the generated pages, and build the site into build/site: strict, offline but for Mermaid, which is fetched once.
set -eu
. "$(dirname -- "$0")/common.sh"

# The library that draws the diagrams, by version and SHA-256 of its file.
version=11.16.0
sum=74d7c46dabca328c2294733910a8aa1ed0c37451776e8d5295da38a2b758fb9b
target="$cache/mermaid/mermaid.min.js"

is_right() { [ "$(sha256sum "$1" 2>/dev/null | cut -d ' ' -f 1)" = "$sum" ]; }

fetch_mermaid() {
    is_right "$target" && return
    command -v npm >/dev/null 2>&1 || { say "no npm here: diagrams stay text in the site"; return; }
    mkdir -p "$cache/mermaid"
    if (cd "$cache/mermaid" && npm pack --silent "mermaid@$version" >/dev/null 2>&1 &&
        tar -xzf "mermaid-$version.tgz" package/dist/mermaid.min.js); then
        is_right "$cache/mermaid/package/dist/mermaid.min.js" ||
            fail "mermaid $version has another checksum than expected" "look at scripts/docs.sh before you go on"
        mv "$cache/mermaid/package/dist/mermaid.min.js" "$target"
    else
        say "mermaid $version cannot be fetched: diagrams stay text in the site"
    fi
    rm -rf "$cache/mermaid/package" "$cache/mermaid/mermaid-$version.tgz"
}

cd "$project"
"$venv/bin/python" scripts/docs_pages
"$venv/bin/python" scripts/one_pager_pdf.py
fetch_mermaid
"$venv/bin/mkdocs" build --strict --quiet
say "the site is in build/site: open build/site/index.html"
