"""The report of an erasure: whom (as hashes), what was done where, what remains until when; signed by the home."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from zipotify.errors import MissingInputError, UsageError
from zipotify.home import Home
from zipotify.privacy.lake import Done
from zipotify.privacy.remains import Remains

ALGORITHM = "Ed25519"
_KEY_FILE = "signing.key"


@dataclass(frozen=True)
class ErasureReport:
    """Instants are ISO-8601 with Z. `hashes` is what this erasure put on the list of the erased."""

    report_id: str
    started_at: str
    finished_at: str
    people: list[dict[str, Any]]
    done: list[Done]
    remains: list[Remains]
    scan: dict[str, Any]
    ledger: dict[str, Any]
    hashes: list[str] = field(repr=False)
    kind: str = "zipotify erasure report"
    version: int = 1


def signed(home: Home, report: ErasureReport) -> dict[str, Any]:
    """The report with its signature."""
    key = Ed25519PrivateKey.from_private_bytes(home.secret(_KEY_FILE))
    body = asdict(report)
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    value = base64.b64encode(key.sign(_canonical(body))).decode()
    return {"report": body, "signature": {"algorithm": ALGORITHM, "public_key": public.hex(), "value": value}}


def verified(document: dict[str, Any], home: Home | None = None) -> dict[str, Any]:
    """The body of a signed report; raises UsageError when it was changed or, given a home, is not of that home."""
    try:
        body, signature = document["report"], document["signature"]
        public = bytes.fromhex(signature["public_key"])
        Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(signature["value"]), _canonical(body))
    except (InvalidSignature, KeyError, TypeError, ValueError):
        raise UsageError("the report's signature is wrong", "it was changed, or is no report of an erasure") from None
    if home is not None and public != public_key(home):
        raise UsageError("the report was signed by another home", "name the home whose report it is with --home")
    return dict(body)


def public_key(home: Home) -> bytes:
    """The home's public key, which whoever checks reports should know beforehand."""
    key = Ed25519PrivateKey.from_private_bytes(home.secret(_KEY_FILE))
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def store(home: Home, document: dict[str, Any]) -> Path:
    """Keep the report in the home."""
    folder = home.privacy / "reports"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"erasure-{document['report']['report_id']}.json"
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    return path


def read(path: Path) -> dict[str, Any]:
    """A signed report from a file; raises MissingInputError or UsageError."""
    try:
        document = orjson.loads(path.read_bytes())
    except OSError:
        raise MissingInputError(f"no such report: {path}", "reports are in the home's privacy/reports") from None
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{path} is no report: {error}", "reports are JSON files") from None
    return document if isinstance(document, dict) else {}


def _canonical(body: dict[str, Any]) -> bytes:
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
