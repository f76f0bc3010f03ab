"""Print this machine's pip settings (index, proxy, certificates) as shell exports for uv, which does not read them.

Standard library only. What the environment already tells uv stays. The output may hold secrets: it is for `eval` alone.
"""

from __future__ import annotations

import ast
import os
import shlex
import subprocess
import sys

FOR_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "timeout": "UV_HTTP_TIMEOUT",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
}
COMMA_SEPARATED = {"UV_FIND_LINKS"}
SECTIONS = ["global", "install", ":env:"]
"""pip's order: a later one wins."""


def pip_settings() -> dict[str, str]:
    """Settings that pip would use for `install`, by name."""
    command = [sys.executable, "-m", "pip", "config", "list", "--disable-pip-version-check"]
    lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    found: dict[str, dict[str, str]] = {section: {} for section in SECTIONS}
    for line in lines:
        name, _, value = line.partition("=")
        section, _, key = name.partition(".")
        if section in found:
            found[section][key] = str(ast.literal_eval(value))
    return {key: value for section in SECTIONS for key, value in found[section].items()}


def main() -> None:
    """Print one export a setting."""
    for key, value in pip_settings().items():
        name = FOR_UV.get(key)
        if name is not None and name not in os.environ:
            separator = "," if name in COMMA_SEPARATED else " "
            sys.stdout.write(f"export {name}={shlex.quote(separator.join(value.split()))}\n")


if __name__ == "__main__":
    main()
