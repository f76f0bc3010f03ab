"""Tracks and artists: what can be played."""

from zipotify.catalog.builtin import builtin_artists, builtin_tracks
from zipotify.catalog.store import write_catalog

__all__ = ["builtin_artists", "builtin_tracks", "write_catalog"]
