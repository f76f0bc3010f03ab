"""Work on everybody's rows, which nobody else may read or write meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from zipotify.lake import ensure_tables
from zipotify.ops.pausing import let_finish, paused, require_rest
from zipotify.settings import Settings


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Nobody else reads people from lake or warehouse, nor writes them, meanwhile; parts of `zipotify up` wait.

    Raises HomeInUseError while a load, a build or another stream runs, and ZipotifyError when the stream has an
    unfinished batch.
    """
    home = settings.home
    with paused(settings, "jobs", "warehouse", "stream") as stopped:
        let_finish(settings, stopped)
        with home.lock("analyses"), home.lock("lake"):
            ensure_tables(home.lake)
            require_rest(settings)
            yield
