"""Copying a home that may be running: in an order in which what comes later never lacks what came before it.

Outbox before lake: a record that moves between them meanwhile is in both, and counts once. Serving database before
lake: what the ledger has counted in Kafka is never ahead of what landed. Simulator before Kafka: what it sends again
are repeats, and nothing is missing. Kafka last: it holds every record that the checkpoints want next.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from urllib.parse import unquote

from deltalake import DeltaTable

from zipotify.contracts.erasure import copy_applied
from zipotify.contracts.snapshot import MANIFEST, current
from zipotify.errors import ZipotifyError
from zipotify.home import Home
from zipotify.ops.backup_pins import table_versions, trim_checkpoint, within_batch
from zipotify.places import Folder
from zipotify.settings import CONFIG_FILE, Settings

_ATTEMPTS = 5


def copy_home(settings: Settings, copy: Home, with_secrets: bool) -> dict[str, int]:
    """Copy what can't be made again, and return the lake's versions; builds make the working warehouse from the lake.

    Raises ZipotifyError when the home changes too fast to be read.
    """
    home = settings.home
    copy.root.mkdir(parents=True, mode=0o700)
    _copy_configuration(home, copy, with_secrets)
    _copy_published(home.published, copy.published)
    copy_tree(home.outbox, copy.outbox)
    _, live_batch = within_batch(home.checkpoints / "live", partial(_copy_serving, settings, copy))
    _copy_checkpoint(home, copy, "live", live_batch)
    versions, bronze_batch = within_batch(home.checkpoints / "bronze", partial(table_versions, home.lake))
    _copy_checkpoint(home, copy, "bronze", bronze_batch)
    for path, version in versions.items():
        copy_table(home.lake / path, copy.root / "lake" / path, version)
    copy_applied(home, copy)
    copy_tree(home.simulator_state, copy.simulator_state)
    copy_tree(home.kafka, copy.kafka)
    return versions


def copy_table(table: Folder, copy: Path, version: int) -> None:
    """One Delta table as it was at a version: its log up to there, and the files that this version reads."""
    target = copy / "_delta_log"
    target.mkdir(parents=True)
    for entry in (table / "_delta_log").iterdir():
        number = entry.name.partition(".")[0]
        if number.isdigit() and int(number) <= version:
            copy_file(entry, target / entry.name)
    for relative in _files_at(table, version):
        (copy / relative).parent.mkdir(parents=True, exist_ok=True)
        try:
            copy_file(table / relative, copy / relative)
        except FileNotFoundError:
            raise ZipotifyError(f"{table / relative} was removed meanwhile", "make the backup again") from None


def _files_at(table: Folder, version: int) -> Iterator[str]:
    """Paths below the table of the files that a version reads."""
    for uri in DeltaTable(str(table), version=version).file_uris():
        path = unquote(uri.removeprefix("file://")) if uri.startswith("file://") else uri
        yield path.removeprefix(f"{table}/")


def copy_file(source: Folder, target: Path) -> None:
    """One file or object; raises FileNotFoundError."""
    if isinstance(source, Path):
        shutil.copy2(source, target)
    else:
        target.write_bytes(source.read_bytes())


def _copy_configuration(home: Home, copy: Home, with_secrets: bool) -> None:
    if (home.root / CONFIG_FILE).exists():
        shutil.copy2(home.root / CONFIG_FILE, copy.root / CONFIG_FILE)
    # Who was erased, and what was done by whom: a restored home must know both.
    for folder in ("privacy", "audit"):
        copy_tree(home.root / folder, copy.root / folder)
    if with_secrets:
        copy_tree(home.root / "secrets", copy.root / "secrets")


def _copy_published(published: Path, copy: Path) -> None:
    """The newest snapshot with its manifest; builds may replace it meanwhile, then the newer one is taken."""
    for _ in range(_ATTEMPTS):
        manifest = current(published)
        if manifest is None:
            return
        copy.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copy2(published / MANIFEST, copy / MANIFEST)
            manifest = current(copy) or manifest
            shutil.copy2(published / manifest.file, copy / manifest.file)
            return
        except FileNotFoundError:
            continue
    raise ZipotifyError(f"snapshots in {published} are replaced faster than copied", "make the backup again")


def _copy_serving(settings: Settings, copy: Home) -> None:
    """SQLite's own online copy. PostgreSQL has tools of its own, and they know better."""
    if not settings.serving_address().startswith("sqlite") or not settings.home.serving_file.exists():
        return
    source, target = sqlite3.connect(settings.home.serving_file), sqlite3.connect(copy.serving_file)
    with closing(source), closing(target):
        source.backup(target)


def _copy_checkpoint(home: Home, copy: Home, query: str, batch_id: int | None) -> None:
    if (home.checkpoints / query).is_dir():
        copy_tree(home.checkpoints / query, copy.checkpoints / query)
        trim_checkpoint(copy.checkpoints / query, batch_id)


def copy_tree(source: Path, target: Path) -> None:
    """All files with their modes; those that vanish or grow meanwhile are what their owner's recovery is made for."""
    for folder, _, names in os.walk(source):
        into = target / Path(folder).relative_to(source)
        into.mkdir(parents=True, exist_ok=True)
        shutil.copymode(folder, into)
        for name in names:
            try:
                shutil.copy2(Path(folder) / name, into / name)
            except FileNotFoundError:
                continue
