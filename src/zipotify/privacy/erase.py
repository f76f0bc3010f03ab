"""Erase people: first onto the list, so that they stay out; then out of the lake and of everything made from it.

A crash in between leaves the list ahead of the lake, which load, stream and build then refuse until `enforce` is done.
Under `zipotify up`, stream, builds and jobs wait meanwhile; a stream or build of one's own makes it refuse beforehand.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from zipotify.contracts import outbox
from zipotify.contracts.erasure import SESSION, USER, add_to_list, hasher, mark_applied
from zipotify.contracts.serving import connect
from zipotify.home import Home
from zipotify.ops.ledger import check
from zipotify.privacy import report as reports
from zipotify.privacy.alone import alone
from zipotify.privacy.lake import Done, LakeCleaner, Targets
from zipotify.privacy.people import (
    Person,
    listed_people,
    listed_sessions,
    named_people,
    own_values,
    sessions_of,
)
from zipotify.privacy.remains import remains
from zipotify.privacy.report import ErasureReport
from zipotify.privacy.scan import scan
from zipotify.privacy.serving import clean_serving
from zipotify.privacy.warehouse import rebuild
from zipotify.settings import Settings


def erase(settings: Settings, user_ids: Sequence[str], source: str | None = None) -> dict[str, Any]:
    """Erase these users and return the signed report; ids that no source knows need `source`.

    Raises before anything is changed: UsageError, MissingInputError; HomeInUseError while a load, a build, or a stream
    that is not of `zipotify up` runs, and ZipotifyError when the stream has an unfinished batch.
    """
    with alone(settings):
        home = settings.home
        people = named_people(settings, user_ids, source, must_exist=False)
        return _erase(settings, people, _hashes(home, people))


def enforce(settings: Settings, documents: Iterable[dict[str, Any]] = ()) -> dict[str, Any]:
    """Erase again whoever is on the list: after a crash, or after an older copy was put back.

    `documents` are signed reports of this home whose people belong on the list: a list that was put back may be older.
    """
    given = [text for document in documents for text in reports.verified(document, settings.home)["hashes"]]
    with alone(settings):
        return _erase(settings, [], given)


def _hashes(home: Home, people: Sequence[Person]) -> list[str]:
    keyed = hasher(home)
    users = [keyed.hash_of(USER, person.source, person.user_id) for person in people]
    return users + [keyed.hash_of(SESSION, *session) for session in sessions_of(home.lake, people)]


def _erase(settings: Settings, named: Sequence[Person], hashes: list[str]) -> dict[str, Any]:
    home, started = settings.home, datetime.now(UTC)
    # A build that runs now has read people; one that starts later sees the list, and refuses.
    with home.lock("warehouse"):
        erased = add_to_list(home, hashes)
    outbox.move_to_quarantine(home)
    people = list(dict.fromkeys([*named, *listed_people(home.lake, erased)]))
    keys = [person.user_key for person in people]
    values = own_values(home.lake, people)
    # A number may stand for anything in a record that can't be read; a name or a browser stands for itself.
    words = [value for value in values if not value.lstrip("-").replace(".", "", 1).isdigit()]
    cleaner = LakeCleaner(home.lake, Targets(erased, keys, listed_sessions(home.lake, erased), words))
    done = list(cleaner.clean())
    done.append(_clean_scratch(home))
    done.append(_clean_serving(settings, keys, cleaner))
    shutil.rmtree(home.run / "analyses", ignore_errors=True)
    done += rebuild(settings)
    mark_applied(home)
    # Kafka's files are bounded by retention, see `remains`; secrets are random.
    found = scan([home.root], [*keys, *values], [home.kafka, home.root / "secrets"])
    ledger = check(settings)
    document = reports.signed(
        home,
        ErasureReport(
            report_id=f"{started:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}",
            started_at=_instant(started),
            finished_at=_instant(datetime.now(UTC)),
            people=[_described(home, person) for person in people],
            done=done,
            remains=remains(settings, datetime.now(UTC)),
            scan={
                "texts": found.text_count,
                "files": found.file_count,
                "found": [f"{f.path.relative_to(home.root)}: {f.where}" for f in found.findings],
            },
            ledger={"balanced": ledger.balanced, "erased": ledger.total("erased")},
            hashes=sorted(set(hashes)),
        ),
    )
    reports.store(home, document)
    return document


def _described(home: Home, person: Person) -> dict[str, Any]:
    return {"source": person.source, "person": hasher(home).hash_of(USER, person.source, person.user_id)}


def _clean_scratch(home: Home) -> Done:
    """What a killed Spark left on disk: shuffles and checkpoints of batches, which hold whole records."""
    folder = home.run / "spark"
    left = list(folder.iterdir()) if folder.is_dir() else []
    for path in left:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return Done("run/spark", "left-overs of Spark removed", 0, len(left))


def _clean_serving(settings: Settings, keys: Sequence[str], cleaner: LakeCleaner) -> Done:
    if settings.serving_url is None and not settings.home.serving_file.exists():
        return Done("serving database", "not there")
    engine = connect(settings.serving_address())
    try:
        return clean_serving(engine, keys, cleaner.events)
    finally:
        engine.dispose()


def _instant(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
