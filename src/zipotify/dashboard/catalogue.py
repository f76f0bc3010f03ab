"""Every table of every stage, described by those who define them, with a sample: what Explore lists.

Personal columns stay where they are: their tables are listed, so that one knows of them, and never shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
from deltalake import DeltaTable
from sqlalchemy import func, select
from sqlalchemy.engine import Engine

from zipotify.contracts import serving
from zipotify.contracts.answers import Answer, plain
from zipotify.contracts.fields import EVENTS
from zipotify.contracts.tables import TABLES
from zipotify.contracts.tables import Table as LakeTable
from zipotify.dashboard.history import History
from zipotify.dashboard.topics import Topics
from zipotify.errors import QueryError
from zipotify.settings import Settings

SAMPLE_ROWS = 200
_COLUMNS = "select table_name, column_name, data_type, coalesce(comment, '') from duckdb_columns() where not internal"
_COMMENTS = "select table_name, coalesce(comment, '') from duckdb_tables() where not internal order by table_name"


@dataclass(frozen=True)
class ColumnInfo:
    """One column."""

    name: str
    type: str
    doc: str = ""


@dataclass(frozen=True)
class TableInfo:
    """One table of one stage."""

    stage: str
    """topics, lake, warehouse or live"""
    name: str
    doc: str
    comes_from: str
    """What it is made of, in a few words."""
    columns: tuple[ColumnInfo, ...]
    row_count: int | None
    is_personal: bool = False
    made_from: tuple[str, ...] = ()
    """Models and tables that it is made from, by name."""
    used_by: tuple[str, ...] = ()
    """Models that are made from it."""

    @property
    def key(self) -> str:
        """How addresses name it."""
        return f"{self.stage}.{self.name}"


class Catalogue:
    """The tables of one home."""

    def __init__(self, settings: Settings, history: History, engine: Engine) -> None:
        self._settings = settings
        self._history = history
        self._engine = engine
        self._topics = Topics(settings)

    def tables(self) -> list[TableInfo]:
        """All of them, in flow order."""
        lineage = self.lineage()
        return [
            _with_lineage(table, lineage)
            for table in (*self._kafka(), *self._lake(), *self._warehouse(), *self._live())
        ]

    def lineage(self) -> dict[str, list[str]]:
        """model -> what it is made from, of the newest snapshot."""
        snapshot = self._history.newest()
        return {} if snapshot is None else snapshot.manifest.lineage

    def queryable(self) -> list[TableInfo]:
        """Those that SQL can ask: the published marts."""
        return self._warehouse()

    def ask(self, sql: str) -> list[list[Any]]:
        """Rows of a question of our own to the published marts."""
        snapshot = self._history.newest()
        return [] if snapshot is None else snapshot.ask(sql).rows

    def sample(self, table: TableInfo) -> Answer:
        """The first rows, in no certain order; raises QueryError where nothing may be shown."""
        if table.is_personal:
            raise QueryError(f"{table.name} holds personal data and is not shown here", "see docs on privacy")
        samples: dict[str, Callable[[TableInfo], Answer]] = {
            "topics": lambda info: self._topics.sample(info.name),
            "lake": self._lake_sample,
            "warehouse": self._warehouse_sample,
            "live": self._live_sample,
        }
        return samples[table.stage](table)

    def _kafka(self) -> list[TableInfo]:
        counts = self._topics.counts()
        return [
            TableInfo(
                "topics",
                topic,
                f"one record per event: {contract.doc}",
                "producers: the simulator, a replay, your own",
                tuple(ColumnInfo(field.name, field.kind, field.doc) for field in contract.fields),
                counts.get(topic),
                used_by=(topic,),
            )
            for topic, contract in EVENTS.items()
        ]

    def _lake(self) -> list[TableInfo]:
        return [_lake_info(table, self._delta(table)) for table in TABLES.values()]

    def _delta(self, table: LakeTable) -> DeltaTable | None:
        path = str(self._settings.home.lake / table.path)
        return DeltaTable(path) if DeltaTable.is_deltatable(path) else None

    def _lake_sample(self, info: TableInfo) -> Answer:
        delta = self._delta(TABLES[info.name])
        if delta is None:
            return Answer([column.name for column in info.columns], [], False)
        shown = [column.name for column in TABLES[info.name].columns if not column.personal]
        return _answer(pl.scan_delta(delta).select(shown).head(SAMPLE_ROWS).collect())

    def _warehouse(self) -> list[TableInfo]:
        snapshot = self._history.newest()
        if snapshot is None:
            return []
        columns: dict[str, list[ColumnInfo]] = {}
        for table, column, kind, doc in snapshot.ask(_COLUMNS).rows:
            columns.setdefault(table, []).append(ColumnInfo(column, kind.lower(), doc))
        counts = snapshot.manifest.row_counts
        return [
            TableInfo("warehouse", name, doc, "the lake, by dbt", tuple(columns[name]), counts.get(name))
            for name, doc in snapshot.ask(_COMMENTS).rows
        ]

    def _warehouse_sample(self, info: TableInfo) -> Answer:
        snapshot = self._history.newest()
        if snapshot is None:
            raise QueryError("nothing has been published yet", "run `zipotify build`")
        return snapshot.ask(f'select * from "{info.name}" limit {SAMPLE_ROWS}')

    def _live(self) -> list[TableInfo]:
        with self._engine.connect() as connection:
            counts = {t.name: connection.execute(select(func.count()).select_from(t)).scalar() for t in _live_tables()}
        return [
            TableInfo(
                "live",
                table.name,
                str(table.comment or ""),
                "the stream and the parts themselves",
                tuple(ColumnInfo(column.name, str(column.type).lower()) for column in table.columns),
                counts[table.name],
            )
            for table in _live_tables()
        ]

    def _live_sample(self, info: TableInfo) -> Answer:
        table = serving.metadata.tables[info.name]
        with self._engine.connect() as connection:
            rows = connection.execute(select(table).limit(SAMPLE_ROWS)).all()
        return Answer([column.name for column in table.columns], [list(row) for row in rows], False)


def _with_lineage(table: TableInfo, lineage: dict[str, list[str]]) -> TableInfo:
    if table.stage in ("topics", "live"):
        return table
    used_by = tuple(model for model, parents in lineage.items() if table.name in parents)
    made_from = tuple(lineage.get(table.name, ())) if table.stage == "warehouse" else ()
    return replace(table, made_from=made_from, used_by=used_by)


def _live_tables() -> list[Any]:
    return list(serving.metadata.sorted_tables)


def _lake_info(table: LakeTable, delta: DeltaTable | None) -> TableInfo:
    columns = tuple(ColumnInfo(c.name, c.type, f"{c.doc}{f' ({c.unit})' if c.unit else ''}") for c in table.columns)
    count = None if delta is None else _row_count(delta)
    is_personal = table.name in ("users_private", "quarantine")
    return TableInfo("lake", table.name, table.grain, "Kafka or files", columns, count, is_personal)


def _row_count(delta: DeltaTable) -> int:
    """From the table's own statistics, without reading its files."""
    actions = delta.get_add_actions(flatten=True)
    counts = actions.column("num_records").to_pylist()
    return sum(int(count or 0) for count in counts)


def _answer(frame: pl.DataFrame) -> Answer:
    return Answer(frame.columns, [[plain(value) for value in row] for row in frame.rows()], False)
