"""Raw records -> events, repeats dropped; the older dialect told apart by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

EPOCH = datetime(1970, 1, 1)
DEVICES = [("iPad", "iPad"), ("iPhone", "iPhone"), ("Android", "Android"), ("Windows", "Windows")]
DEVICES += [("Macintosh", "Mac"), ("Linux", "Linux")]
Raw = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Event:
    """One event; `user` is the key, None while the record shows no user."""

    source: str
    topic: str
    session: int
    item: int
    ts_ms: int
    user: str | None
    level: str
    place: tuple[str | None, str | None] | None
    gender: str | None
    device: str | None
    tag: str | None
    rest: dict[str, Any]

    @property
    def at(self) -> datetime:
        return EPOCH + timedelta(milliseconds=self.ts_ms)

    @property
    def day(self) -> date:
        return self.at.date()

    @property
    def order(self) -> tuple[int, int, int]:
        """Of one user's events: by time, then session, then place in it."""
        return (self.ts_ms, self.session, self.item)


def read(source: str, folder: Path, key: Callable[[str, str], str]) -> list[Event]:
    """Every event of a folder's files, each identity once: the first."""
    files = sorted(folder.rglob("*json"))
    records = [(file.name.split(".")[0], json.loads(line)) for file in files for line in file.read_text().splitlines()]
    is_old = files[0].name.endswith("-events.json")
    raws = _old(record for _, record in records) if is_old else records
    return events_of(source, raws, key)


def events_of(source: str, raws: Iterable[Raw], key: Callable[[str, str], str]) -> list[Event]:
    """Events of raw records by topic, each identity once: the first."""
    found: dict[tuple[Any, ...], Event] = {}
    for topic, record in raws:
        identity = (topic, record["sessionId"], record["itemInSession"], record["ts"])
        found.setdefault(identity, _event(source, topic, record, key))
    return list(found.values())


def _old(records: Iterable[dict[str, Any]]) -> Iterable[Raw]:
    after_login: dict[int, bool] = {}
    for record in records:
        city, _, state = (record.get("location") or "").rpartition(", ")
        record = {**record, "duration": record.get("length"), "city": city, "state": state}
        yield "page_view_events", record
        if record["page"] == "NextSong":
            yield "listen_events", record
        if record["page"] in ("Submit Upgrade", "Submit Downgrade"):
            yield "status_change_events", record
        if after_login.get(record["sessionId"]):
            yield "auth_events", {**record, "success": record["auth"] == "Logged In"}
        after_login[record["sessionId"]] = record["page"] == "Login"


def _event(source: str, topic: str, record: dict[str, Any], key: Callable[[str, str], str]) -> Event:
    user = record.get("userId")
    place = (record.get("city") or None, record.get("state") or None)
    return Event(
        source=source,
        topic=topic,
        session=record["sessionId"],
        item=record["itemInSession"],
        ts_ms=record["ts"],
        user=None if user in (None, "") else key(source, str(user)),
        level=record["level"],
        place=None if place == (None, None) else place,
        gender=record.get("gender") or None,
        device=_device(record.get("userAgent") or None),
        tag=record.get("tag") or None,
        rest=record,
    )


def repaired(name: str) -> str:
    """A name whose UTF-8 was read as Latin-1, once or twice, read right."""
    for _attempt in range(2):
        try:
            name = name.encode("latin-1").decode("utf-8")
        except (UnicodeEncodeError, UnicodeDecodeError):
            break
    return name


def _device(agent: str | None) -> str | None:
    if agent is None:
        return None
    return next((name for text, name in DEVICES if text in agent), "Other")
