"""The live picture's figures in Prometheus's text format; `contracts/serving_metrics.py` has those of the pipeline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from zipotify.dashboard.ticker import Tick


def exposition(tick: Tick) -> str:
    """All figures of one tick; what is unknown is left out."""
    return "".join(_lines(tick))


def _lines(tick: Tick) -> Iterator[str]:
    yield from _gauge("ticks", "Changes of the live picture since the start", {"": tick.number})
    view = tick.view
    if view is None:
        return
    if view.as_of_s is not None:
        yield from _gauge("live_as_of_seconds", "Newest event, seconds since 1970", {"": view.as_of_s})
        yield from _gauge("plays_last_minute", "Tracks started in the newest minute", {"": view.plays_per_minute[-1]})
        levels = {f'level="{level}"': users for level, users in view.active_users.items()}
        yield from _gauge("active_users", "Users with an event in the last five minutes", levels)
    pipeline = view.pipeline
    if pipeline.events_per_s is not None:
        yield from _gauge("events_per_second", "Page views per second, newest minute", {"": pipeline.events_per_s})


def _gauge(name: str, text: str, values: Mapping[str, float]) -> Iterator[str]:
    if values:
        yield f"# HELP zipotify_{name} {text}\n# TYPE zipotify_{name} gauge\n"
    for labels, value in values.items():
        yield f"zipotify_{name}{{{labels}}} {value}\n" if labels else f"zipotify_{name} {value}\n"
