"""Hold the licence of every package that we run with against a list; exit code 1 when one is not on it.

The licences are what the installed packages say of themselves: an SPDX expression, a classifier, or a text.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==", re.M)
_MARKED_WINDOWS = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==\S+ ; .*(?:win32|Windows|darwin)", re.M)
PERMISSIVE = re.compile(
    r"\b(?:MIT(?:-0)?|BSD(?:-[0-9]-Clause)?|0BSD|Apache|ISC|ISCL|PSF|Python Software Foundation|Unlicense|Zlib|HPND|"
    r"Public Domain|CC0|BlueOak|Zope Public|ZPL|Artistic)\b",
    re.I,
)
WEAK_COPYLEFT = re.compile(r"\b(?:LGPL|Lesser General Public|MPL|Mozilla Public)\b", re.I)
"""Used unchanged and installed apart, as Python packages are, they ask nothing of our own code."""
KNOWN = {"py4j": "BSD-3-Clause"}
"""Packages whose metadata are silent, and what the licence file in them says."""


def licence_of(name: str) -> str:
    """What the package says, in one line."""
    about = metadata(name)
    classified = [
        text.rpartition(" :: ")[2] for text in about.get_all("Classifier") or [] if text.startswith("License ::")
    ]
    said = [about.get("License-Expression"), *classified, (about.get("License") or "").split("\n")[0]]
    return next((text for text in said if text and text != "OSI Approved"), KNOWN.get(name, "unknown"))


def shipped() -> list[str]:
    """Packages of requirements/run.txt that this platform installs."""
    text = (PROJECT / "requirements" / "run.txt").read_text()
    elsewhere = set(_MARKED_WINDOWS.findall(text))
    return sorted(set(_PINNED.findall(text)) - elsewhere)


def licences() -> dict[str, str]:
    """Package -> licence, of those that are installed."""
    found: dict[str, str] = {}
    for name in shipped():
        try:
            found[name] = licence_of(name)
        except PackageNotFoundError:
            continue
    return found


def problems(found: dict[str, str]) -> list[str]:
    """Those whose licence is neither permissive nor of weak copyleft."""
    allowed = (PERMISSIVE, WEAK_COPYLEFT)
    return [f"{name}: {said}" for name, said in found.items() if not any(kind.search(said) for kind in allowed)]


if __name__ == "__main__":
    all_licences = licences()
    for package, licence in all_licences.items():
        print(f"{package}: {licence}")
    wrong = problems(all_licences)
    print("\n".join(["not on the list:", *wrong]) if wrong else f"{len(all_licences)} packages, all on the list")
    sys.exit(bool(wrong))
