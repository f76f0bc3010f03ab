"""Write the software bill of materials, CycloneDX 1.6 as JSON: sbom.py [FILE], by default to standard output.

Python packages with the hashes that set-up demands, jars with the checksums that `zipotify setup` demands. The same
commit gives the same bytes: no time, and a serial number made from the content.
"""

from __future__ import annotations

import re
import sys
import uuid
from importlib.metadata import PackageNotFoundError
from pathlib import Path

from audit_licences import licence_of
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

PROJECT = Path(__file__).resolve().parent.parent
_PACKAGE = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[^\s\\;]+)(?P<rest>(?:.*\\\n)*.*)$", re.M)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def bill() -> Bom:
    """Everything that a set-up of this commit installs to run."""
    bom = Bom(components=[*_packages(), *_jars()])
    ours = Component(name="zipotify", type=ComponentType.APPLICATION, bom_ref="zipotify")
    bom.metadata.component = ours
    bom.register_dependency(ours, bom.components)
    bom.metadata.timestamp = None
    names = "\n".join(sorted(str(component.purl) for component in bom.components))
    bom.serial_number = uuid.uuid5(uuid.NAMESPACE_URL, names)
    return bom


def _packages() -> list[Component]:
    text = (PROJECT / "requirements" / "run.txt").read_text()
    return [_package(each["name"], each["version"], _HASH.findall(each["rest"])) for each in _PACKAGE.finditer(text)]


def _package(name: str, version: str, sums: list[str]) -> Component:
    purl = PackageURL("pypi", name=name.lower(), version=version)
    try:
        licences = [LicenseFactory().make_from_string(licence_of(name))]
    except PackageNotFoundError:
        licences = []  # a package of another platform
    # One hash a file of the release; CycloneDX has one place for all of them.
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=each) for each in sums]
    return Component(name=name, version=version, purl=purl, bom_ref=str(purl), hashes=hashes, licenses=licences)


def _jars() -> list[Component]:
    lines = (PROJECT / "src" / "zipotify" / "runtime" / "jars.lock").read_text().splitlines()
    found = {tuple(line.split()[1:]) for line in lines if line and not line.startswith("#")}
    return [_jar(coordinate, checksum) for coordinate, _file, checksum in sorted(found)]


def _jar(coordinate: str, checksum: str) -> Component:
    group, name, version, *classifier = coordinate.split(":")
    purl = PackageURL("maven", group, name, version, {"classifier": classifier[0]} if classifier else None)
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=checksum)]
    return Component(name=name, group=group, version=version, purl=purl, bom_ref=str(purl), hashes=hashes)


def text() -> str:
    """The bill as indented JSON."""
    return JsonV1Dot6(bill()).output_as_string(indent=2) + "\n"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(text())
    else:
        print(text(), end="")
