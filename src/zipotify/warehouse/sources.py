"""The lake as dbt reads it: which Delta tables, at which version, and the generated `sources.yml`."""

from __future__ import annotations

import hashlib
from pathlib import Path

import yaml
from deltalake import DeltaTable

from zipotify.contracts.analyses import ANALYSES
from zipotify.contracts.checkpoints import query_id
from zipotify.contracts.schemas import arrow_schema, dbt_sources
from zipotify.contracts.tables import BRONZE, Column, Table
from zipotify.home import Home
from zipotify.places import Folder

CATALOG_TRACKS = Table(
    "catalog_tracks",
    "catalog/tracks",
    "one row per track",
    (
        Column("track_id", "string", "Catalogue id"),
        Column("title", "string", "Title"),
        Column("artist_id", "string", "Catalogue id of the artist"),
        Column("artist_name", "string", "Artist as credited"),
        Column("duration_s", "double", "Length", unit="s"),
        Column("year", "int", "Year of release"),
        Column("genre", "string", "Genre"),
        Column("play_weight", "double", "Share of plays, up to a constant"),
    ),
)
CATALOG_ARTISTS = Table(
    "catalog_artists",
    "catalog/artists",
    "one row per artist",
    (
        Column("artist_id", "string", "Catalogue id"),
        Column("name", "string", "Name"),
        Column("city", "string", "Home city"),
        Column("state", "string", "State of the city"),
        Column("lat", "double", "Latitude of the city", unit="degrees"),
        Column("lon", "double", "Longitude of the city", unit="degrees"),
        Column("genre", "string", "Genre"),
    ),
)
SOURCE_TABLES: tuple[Table, ...] = (*BRONZE.values(), CATALOG_TRACKS, CATALOG_ARTISTS, *ANALYSES)
"""Every lake table that a model reads. Personal tables are not among them."""

_HEADER = "# Generated from zipotify.contracts by `python -m zipotify.warehouse.sources`; do not edit.\n"


def ensure_sources(lake: Folder) -> None:
    """Create those tables that are not there yet, empty, so that the models need not care."""
    for table in SOURCE_TABLES:
        path = lake / table.path
        if not (path / "_delta_log").is_dir():
            path.mkdir(parents=True, exist_ok=True)
            DeltaTable.create(
                str(path), arrow_schema(table), mode="ignore", partition_by=list(table.partition_by) or None
            )


def lake_versions(lake: Folder) -> dict[str, int]:
    """Delta version of every table that models read, by name."""
    return {table.name: DeltaTable(str(lake / table.path)).version() for table in SOURCE_TABLES}


def newest_batches(home: Home, versions: dict[str, int]) -> dict[str, int]:
    """The stream's newest batch that wrote into bronze up to these versions, by the stream's id; empty without one."""
    query = query_id(home.checkpoints / "bronze")
    if query is None:
        return {}
    tables = [DeltaTable(str(home.lake / table.path), version=versions[table.name]) for table in BRONZE.values()]
    written = [table.transaction_version(query) for table in tables]
    return {query: max(numbers)} if (numbers := [number for number in written if number is not None]) else {}


def project_folder() -> Path:
    """The dbt project: inside an installed package, else in the checkout."""
    packaged = Path(__file__).resolve().parents[1] / "dbt"
    return packaged if packaged.is_dir() else Path(__file__).resolve().parents[3] / "dbt"


def project_fingerprint(project: Path) -> str:
    """Hash (hex) over the models, so that a changed model is never taken for built."""
    digest = hashlib.sha256()
    for path in sorted(project.rglob("*")):
        if path.suffix in {".sql", ".yml", ".csv"} and not {"target", "logs"} & set(path.relative_to(project).parts):
            digest.update(str(path.relative_to(project)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def sources_yaml() -> str:
    """Content of `dbt/models/staging/sources.yml`."""
    text: str = yaml.safe_dump(dbt_sources(list(SOURCE_TABLES)), sort_keys=False, width=120)
    return _HEADER + text


if __name__ == "__main__":
    (project_folder() / "models" / "staging" / "sources.yml").write_text(sources_yaml())
