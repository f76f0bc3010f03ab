"""Ask whoever holds the lake to amend it: a request is a file in the outbox, and so is its answer.

The stream holds the lake as long as it runs. Between two batches it looks for requests; where nobody holds the lake,
the one who asks does it. A batch that was begun and not finished has to be finished first: it would be judged
otherwise the second time.
"""

from __future__ import annotations

import base64
import logging
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson

from zipotify.errors import HomeInUseError, ZipotifyError
from zipotify.home import Home
from zipotify.lake.amend import Amender
from zipotify.settings import Settings

log = logging.getLogger(__name__)

Action = Literal["replay", "discard"]
_ASKED, _ANSWERED = "request-*.json", "answer-"
_POLL_S = 0.3


@dataclass(frozen=True)
class Request:
    """What to do with which records; `repaired` has other bytes for some of them."""

    action: Action
    ids: list[str]
    repaired: Mapping[str, bytes]


def ask(settings: Settings, request: Request, limit_s: float) -> dict[str, str]:
    """Have it done, and return what became of each record.

    Raises ZipotifyError when nobody came to it in time; it stays asked for.
    """
    home = settings.home
    path = write_request(home, request)
    deadline = time.monotonic() + limit_s
    while (answer := _answer(path)) is None:
        try:
            with home.lock("lake"):
                apply_waiting(settings)
        except HomeInUseError:
            pass  # its holder will look
        if not _answer_path(path).exists():
            if time.monotonic() > deadline:
                raise ZipotifyError(
                    f"nobody came to it within {limit_s:.0f} s: the stream has a batch that it did not finish",
                    "it stays asked for; `zipotify stream` does it between two batches",
                )
            time.sleep(_POLL_S)
    return answer


def apply_waiting(settings: Settings, at_rest: bool | None = None) -> int:
    """Do what is asked for, oldest first; the caller holds the lake. Returns how many requests were done."""
    waiting = sorted(settings.home.outbox.glob(_ASKED))
    if not waiting or not (stream_rests(settings.home) if at_rest is None else at_rest):
        return 0
    amender = Amender(settings)
    for path in waiting:
        request = _read(path)
        try:
            outcome = _amend(amender, request)
        except Exception as error:  # whatever is wrong with a request, it must not stop the stream
            log.exception("request %s failed", path.name)
            outcome = dict.fromkeys(request.ids, f"still refused: FAILED: {error}")
        _write_whole(_answer_path(path), orjson.dumps(outcome))
        path.unlink()
    return len(waiting)


def _amend(amender: Amender, request: Request) -> dict[str, str]:
    if request.action == "replay":
        return amender.replay(request.ids, request.repaired)
    return amender.discard(request.ids)


def stream_rests(home: Home) -> bool:
    """Whether no batch of the stream was begun and not finished."""
    newest = [
        max((int(p.name) for p in (home.checkpoints / "bronze" / log).glob("*") if p.name.isdigit()), default=-1)
        for log in ("offsets", "commits")
    ]
    return newest[0] == newest[1]


def write_request(home: Home, request: Request) -> Path:
    """Leave a request for whoever holds the lake; returns its file."""
    home.outbox.mkdir(parents=True, exist_ok=True)
    path = home.outbox / f"request-{time.time_ns():020d}-{uuid.uuid4().hex[:8]}.json"
    repaired = {record_id: base64.b64encode(value).decode() for record_id, value in request.repaired.items()}
    _write_whole(path, orjson.dumps({"action": request.action, "ids": request.ids, "repaired": repaired}))
    return path


def _write_whole(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_bytes(content)
    fresh.replace(path)


def _read(path: Path) -> Request:
    about: dict[str, Any] = orjson.loads(path.read_bytes())
    repaired = {record_id: base64.b64decode(value) for record_id, value in about["repaired"].items()}
    return Request(about["action"], about["ids"], repaired)


def _answer_path(request: Path) -> Path:
    return request.with_name(_ANSWERED + request.name)


def _answer(request: Path) -> dict[str, str] | None:
    """The answer, taken away."""
    path = _answer_path(request)
    if not path.exists():
        return None
    outcome: dict[str, str] = orjson.loads(path.read_bytes())
    path.unlink()
    return outcome
