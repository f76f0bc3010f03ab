"""Where a whole run goes: line files (plain, gzip, zstd), Parquet files, or nowhere.

A run is cut into units; each unit can be made by any process. `encode` makes a unit, `write` puts it where it belongs
once the lengths of all units before it are known. What is written depends on the units alone.
"""

from __future__ import annotations

import io
import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from zipotify.contracts.fields import TOPICS
from zipotify.simulate.events import Events
from zipotify.simulate.faults import FaultWriter
from zipotify.simulate.lines import LineWriter
from zipotify.simulate.pieces import Pieces
from zipotify.simulate.plan import Plan

Format = Literal["ndjson", "ndjson.gz", "ndjson.zst", "parquet", "none"]
TRUTH = "faults.truth"
"""Name of the file that says what was done to the events on purpose: JSON lines, named so that nothing loads them."""
LINE_UNIT_EVENTS = 25_000
_CODEC = {"ndjson.gz": "gzip", "ndjson.zst": "zstd"}
_ZSTD_LEVEL = 3
_GZIP_LEVEL = 6
_COUNTERS = ("ts", "sessionId", "itemInSession", "status", "played_ms")


@dataclass
class Unit:
    """One encoded unit: per file its bytes (Parquet: a whole part) and how many events it holds."""

    number: int
    parts: dict[str, bytes | memoryview] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def sizes(self) -> dict[str, int]:
        """Bytes per file."""
        return {name: len(part) for name, part in self.parts.items()}


class Sink(ABC):
    """Encodes units and writes them; one in each process."""

    unit_events = LINE_UNIT_EVENTS
    """Page views of a unit, about."""

    def __init__(self, plans: list[Plan], folder: Path) -> None:
        self._folder = folder
        self._lines = LineWriter(plans)

    @abstractmethod
    def encode(self, number: int, events: Events) -> Unit:
        """The unit in memory."""

    @abstractmethod
    def write(self, unit: Unit, offsets: dict[str, int]) -> None:
        """Put it into the files, `offsets` bytes in."""

    @abstractmethod
    def prepare(self, sizes: dict[str, int], units: int) -> None:
        """Make the files as they are after so many bytes and units: empty for a new run."""


class NowhereSink(Sink):
    """Makes the lines and drops them: for measuring."""

    def encode(self, number: int, events: Events) -> Unit:
        """Counts only."""
        unit = Unit(number)
        for topic in TOPICS:
            rows = self._lines.rows_of(topic, events)
            unit.counts[topic] = len(self._lines.lines(topic, events, rows))
        return unit

    def write(self, unit: Unit, offsets: dict[str, int]) -> None:
        """Nothing."""

    def prepare(self, sizes: dict[str, int], units: int) -> None:
        """Nothing."""


class LineSink(Sink):
    """`<topic>.ndjson`, `.ndjson.gz` or `.ndjson.zst`; each compressed unit is a frame of its own."""

    def __init__(self, plans: list[Plan], folder: Path, ending: Format = "ndjson") -> None:
        super().__init__(plans, folder)
        self._ending = ending
        self._faults = FaultWriter(plans) if plans[0].faults else None
        codec = _CODEC.get(ending)
        self._codec = _codec(codec) if codec else None

    def encode(self, number: int, events: Events) -> Unit:
        """Lines of all topics, and of the truth about injected faults."""
        unit = Unit(number)
        writer = self._faults or self._lines
        for topic in TOPICS:
            self._add(unit, topic, writer.lines(topic, events, writer.rows_of(topic, events), b"\n"))
        if self._faults:
            self._add(unit, TRUTH, self._faults.truth(events, b"\n"))
        return unit

    def _add(self, unit: Unit, name: str, lines: Pieces) -> None:
        unit.counts[name] = len(lines)
        unit.parts[name] = self._packed(memoryview(lines.content)) if len(lines) else b""

    def _packed(self, data: memoryview) -> bytes | memoryview:
        return self._codec.compress(data, asbytes=True) if self._codec else data

    def write(self, unit: Unit, offsets: dict[str, int]) -> None:
        """Into the files, at the place that all earlier units leave."""
        for name, part in unit.parts.items():
            if len(part):
                with self._path(name).open("r+b") as file:
                    os.pwrite(file.fileno(), part, offsets.get(name, 0))

    def prepare(self, sizes: dict[str, int], units: int) -> None:  # noqa: ARG002 - lines don't count units
        """Empty files, or cut off what came after the checkpoint."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for name in (*TOPICS, *([TRUTH] if self._faults else [])):
            with self._path(name).open("ab") as file:
                file.truncate(sizes.get(name, 0))

    def _path(self, name: str) -> Path:
        if name == TRUTH:
            return self._folder / f"{TRUTH}{self._ending.removeprefix('ndjson')}"
        return self._folder / f"{name}.{self._ending}"


class ParquetSink(Sink):
    """`<topic>/part-00000.parquet` and so on, one part a unit; the columns are the fields of the lines."""

    unit_events = 100_000

    def __init__(self, plans: list[Plan], folder: Path) -> None:
        from zipotify.simulate.columns import ColumnWriter  # Arrow takes a moment to import

        super().__init__(plans, folder)
        self._columns = ColumnWriter(self._lines)

    def encode(self, number: int, events: Events) -> Unit:
        """Each topic as a whole Parquet file."""
        unit = Unit(number)
        for topic in TOPICS:
            table = self._columns.table(topic, events, self._lines.rows_of(topic, events))
            unit.counts[topic] = table.num_rows
            unit.parts[topic] = _parquet(table)
        return unit

    def write(self, unit: Unit, offsets: dict[str, int]) -> None:  # noqa: ARG002 - each part is its own file
        """As files of its own."""
        for topic, part in unit.parts.items():
            self._path(topic, unit.number).write_bytes(part)

    def prepare(self, sizes: dict[str, int], units: int) -> None:  # noqa: ARG002 - parts are whole files
        """Folders without the parts that come after the checkpoint."""
        for topic in TOPICS:
            (self._folder / topic).mkdir(parents=True, exist_ok=True)
            for part in (self._folder / topic).glob("part-*.parquet"):
                if int(part.stem.removeprefix("part-")) >= units:
                    part.unlink()

    def _path(self, topic: str, number: int) -> Path:
        return self._folder / topic / f"part-{number:05d}.parquet"


SINKS: dict[Format, Callable[[list[Plan], Path], Sink]] = {
    "ndjson": LineSink,
    "ndjson.gz": lambda plans, folder: LineSink(plans, folder, "ndjson.gz"),
    "ndjson.zst": lambda plans, folder: LineSink(plans, folder, "ndjson.zst"),
    "parquet": ParquetSink,
    "none": NowhereSink,
}


def _codec(name: str) -> Any:
    import pyarrow as pa

    return pa.Codec(name, compression_level=_GZIP_LEVEL if name == "gzip" else _ZSTD_LEVEL)


def _parquet(table: Any) -> bytes:
    """The table as a Parquet file; read back, its dictionaries are plain strings.

    Bounds are kept for the time alone, and counters aren't tried as dictionaries: a third of the time otherwise spent.
    """
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(
        table,
        buffer,
        compression="zstd",
        compression_level=1,
        store_schema=False,
        write_statistics=["ts"],
        use_dictionary=[name for name in table.column_names if name not in _COUNTERS],
    )
    return buffer.getvalue()
