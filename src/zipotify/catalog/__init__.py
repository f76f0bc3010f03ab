"""Tracks and artists: what can be played."""

from zipotify.catalog.builtin import builtin_artists, builtin_tracks
from zipotify.catalog.choose import Catalog, choose_catalog
from zipotify.catalog.store import write_catalog

__all__ = ["Catalog", "builtin_artists", "builtin_tracks", "choose_catalog", "write_catalog"]
