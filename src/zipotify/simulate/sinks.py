"""Where a whole run goes: line files (plain, gzip, zstd), Parquet files, or nowhere.

A run is cut into units; each unit can be made by any process. `encode` makes a unit, `write` puts it where it belongs
once the lengths of all units before it are known. What is written depends on the units alone.
"""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from zipotify.contracts.fields import TOPICS
from zipotify.simulate.events import Events
from zipotify.simulate.faults import FaultWriter
from zipotify.simulate.lines import LineWriter
from zipotify.simulate.pieces import Pieces
from zipotify.simulate.plan import Plan

if TYPE_CHECKING:
    from zipotify.simulate.columns import ColumnWriter

Bytes: TypeAlias = bytes | memoryview
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
    """One encoded unit: per file its bytes (Parquet: a whole part), how many they are, and how many events."""

    number: int
    parts: dict[str, Iterable[Bytes]] = field(default_factory=dict)
    """Read once: plain lines are put together only while they are written."""
    sizes: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


class Sink(ABC):
    """Encodes units and writes them; one in each process."""

    unit_events = LINE_UNIT_EVENTS
    """Page views of a unit, about."""

    def __init__(self, plans: list[Plan], folder: Path) -> None:
        self._plans = plans
        self._folder = folder

    @cached_property
    def _lines(self) -> LineWriter:
        """Made by whoever encodes: who only deals out the work needs none."""
        return LineWriter(self._plans)

    def get_ready(self) -> None:
        """Make what encoding needs, which the first unit would wait for otherwise, in one process after the other."""
        _ = self._lines

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
            lines = self._lines.lines(topic, events, rows, b"\n")
            unit.counts[topic] = len(lines)
            for _ in lines.chunks():
                pass
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
        codec = _CODEC.get(ending)
        self._codec = _codec(codec) if codec else None

    @cached_property
    def _faults(self) -> FaultWriter | None:
        return FaultWriter(self._plans) if self._plans[0].faults else None

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
        if self._codec and len(lines):
            packed = self._codec.compress(memoryview(lines.content), asbytes=True)
            unit.parts[name], unit.sizes[name] = [packed], len(packed)
        else:
            unit.parts[name], unit.sizes[name] = lines.chunks(), lines.size

    def write(self, unit: Unit, offsets: dict[str, int]) -> None:
        """Into the files, at the place that all earlier units leave.

        Every other unit takes the files from the last to the first: two processes that write at once then seldom want
        the same file, of which the kernel lets one at a time write.
        """
        names = [name for name, size in unit.sizes.items() if size]
        for name in names if unit.number % 2 else reversed(names):
            with self._path(name).open("r+b") as file:
                file.seek(offsets.get(name, 0))
                file.writelines(unit.parts[name])

    def prepare(self, sizes: dict[str, int], units: int) -> None:  # noqa: ARG002 - lines don't count units
        """Empty files, or cut off what came after the checkpoint."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for name in (*TOPICS, *([TRUTH] if self._plans[0].faults else [])):
            with self._path(name).open("ab") as file:
                file.truncate(sizes.get(name, 0))

    def _path(self, name: str) -> Path:
        if name == TRUTH:
            return self._folder / f"{TRUTH}{self._ending.removeprefix('ndjson')}"
        return self._folder / f"{name}.{self._ending}"


class ParquetSink(Sink):
    """`<topic>/part-00000.parquet` and so on, one part a unit; the columns are the fields of the lines."""

    unit_events = 200_000

    @cached_property
    def _columns(self) -> ColumnWriter:
        from zipotify.simulate.columns import ColumnWriter  # Arrow takes a moment to import

        return ColumnWriter(self._lines)

    def get_ready(self) -> None:
        """The same for columns."""
        _ = self._columns

    def encode(self, number: int, events: Events) -> Unit:
        """Each topic as a whole Parquet file."""
        unit = Unit(number)
        for topic in TOPICS:
            table = self._columns.table(topic, events, self._lines.rows_of(topic, events))
            unit.counts[topic] = table.num_rows
            packed = _parquet(table)
            unit.parts[topic], unit.sizes[topic] = [packed], len(packed)
        return unit

    def write(self, unit: Unit, offsets: dict[str, int]) -> None:  # noqa: ARG002 - each part is its own file
        """As files of its own."""
        for topic, part in unit.parts.items():
            self._path(topic, unit.number).write_bytes(b"".join(part))

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
        compression="snappy",
        store_schema=False,
        write_statistics=["ts"],
        use_dictionary=[name for name in table.column_names if name not in _COUNTERS],
    )
    return buffer.getvalue()
