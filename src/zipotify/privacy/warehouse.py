"""The warehouse after an erasure: built anew from the lake, and every older snapshot removed."""

from __future__ import annotations

import shutil

from zipotify.contracts.snapshot import current
from zipotify.privacy.lake import Done
from zipotify.settings import Settings


def rebuild(settings: Settings) -> list[Done]:
    """Build everything from nothing and leave the new snapshot only; nothing to do where none was ever built."""
    home = settings.home
    folder = home.warehouse_file.parent
    if not folder.exists() and not home.published.exists():
        return [Done("warehouse", "not built")]
    from zipotify.warehouse.build import build

    with home.lock("warehouse"):
        for scratch in (folder / "spill", folder / "spark", *folder.glob("target*")):
            shutil.rmtree(scratch, ignore_errors=True)
    build(settings, full=True, is_erasure=True)
    return [Done("warehouse", "built anew from the lake"), _remove_snapshots(settings)]


def _remove_snapshots(settings: Settings) -> Done:
    """A reader that has an old snapshot open keeps it until it opens the next one."""
    newest = current(settings.home.published)
    kept = newest.file if newest else ""
    with settings.home.lock("warehouse"):
        old = [path for path in settings.home.published.glob("*.duckdb*") if path.name != kept]
        for path in old:
            path.unlink()
    return Done("published snapshots", "older ones removed", 0, len(old))
