"""What `zipotify up` shows: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table

from zipotify.ops.health import PartStatus

_SAY_AGAIN_S = 15.0
_MIB = 2**20
_COLOURS = {"running": "green", "loading": "cyan", "starting": "yellow", "failed": "red", "stopping": "yellow"}


class View:
    """Shows the parts; messages stand above the table and stay."""

    def __init__(self) -> None:
        self._console = Console()
        self._live = Live(console=self._console, auto_refresh=False) if self._console.is_terminal else None
        self._said: dict[str, tuple[str, str, float]] = {}

    def __enter__(self) -> View:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def say(self, text: str) -> None:
        """A line that stays."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def show(self, statuses: list[PartStatus], memory: Mapping[str, int]) -> None:
        """The parts as they are now."""
        if self._live:
            self._live.update(_table(statuses, memory), refresh=True)
            return
        for status in statuses:
            self._show_line(status, memory.get(status.name, 0))

    def _show_line(self, status: PartStatus, size: int) -> None:
        """A changed state at once; a changed detail now and then."""
        state, detail, at = self._said.get(status.name, ("", "", 0.0))
        again = detail != status.detail and time.monotonic() - at > _SAY_AGAIN_S
        if state != status.state or again:
            self._said[status.name] = (status.state, status.detail, time.monotonic())
            self.say(f"{status.name:<10} {status.state:<9} {status.detail}{_share(status)} {_size(size)}".rstrip())


def _table(statuses: list[PartStatus], memory: Mapping[str, int]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("part", "state", "progress", "memory", "doing"):
        table.add_column(title, justify="right" if title == "memory" else "left", no_wrap=title != "doing")
    for status in statuses:
        colour = _COLOURS.get(status.state, "dim")
        bar = "" if status.progress is None else ProgressBar(total=1.0, completed=status.progress, width=20)
        state = f"[{colour}]{status.state}[/{colour}]"
        table.add_row(status.name, state, bar, _size(memory.get(status.name, 0)), escape(status.detail))
    table.add_row("together", "", "", _size(sum(memory.values())), "Ctrl-C stops everything", style="dim")
    return table


def _share(status: PartStatus) -> str:
    return "" if status.progress is None or status.progress >= 1 else f" ({status.progress:.0%})"


def _size(size: int) -> str:
    return f"{size / _MIB:,.0f} MB" if size else ""
