"""Now: what is happening, and is it healthy? Drawn once per tick for all who watch."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from dash import html

from zipotify.contracts.metrics import metrics
from zipotify.dashboard import wording
from zipotify.dashboard.components import messages
from zipotify.dashboard.components.charts import Line, by_the_clock, graph, lines
from zipotify.dashboard.components.clock import moment
from zipotify.dashboard.components.figures import Number, numbers
from zipotify.dashboard.components.frames import live, live_grid
from zipotify.dashboard.components.pipeline import strip
from zipotify.dashboard.components.ranking import Entry, moved, ranking
from zipotify.dashboard.components.statemap import state_map
from zipotify.dashboard.filters import Filters
from zipotify.dashboard.live import ACTIVE_MINUTES, LINE_MINUTES, TOP_MINUTES, LiveView, Ranked
from zipotify.dashboard.pages.behind import NOW, sources
from zipotify.dashboard.pages.page import Page
from zipotify.dashboard.ticker import Tick
from zipotify.dashboard.tile import Component

_TOP_STATES = 3
Drawer = Callable[[LiveView], Component]


def _figures(view: LiveView) -> Component:
    users = sum(view.active_users.values())
    paid = view.active_users.get("paid", 0)
    is_split = users and "" not in view.active_users
    return numbers(
        [
            Number("Plays in the last minute", wording.count(view.plays_per_minute[-1])),
            Number("Active users now", wording.count(users), note=f"last {ACTIVE_MINUTES} minutes"),
            Number("Sessions now", wording.count(view.session_count), note=f"{view.playing_count:,} hear a track now"),
            Number("Of them paid", wording.share(paid / users) if is_split else wording.NOTHING, note=_split(view)),
            Number("Upgrades", wording.count(view.upgrades), note="last hour"),
            Number("Downgrades", wording.count(view.downgrades), note="last hour"),
        ]
    )


def _split(view: LiveView) -> str:
    if "" in view.active_users:
        return "too few to tell"
    return f"{view.active_users.get('paid', 0):,} paid, {view.active_users.get('free', 0):,} free"


def _line(view: LiveView) -> Component:
    times = [wording.date_time(end) for end in view.minutes]
    chart = lines(times, [Line("Plays", view.plays_per_minute, is_filled=True)], height_px=250)
    total = sum(view.plays_per_minute)
    label = f"{wording.exact(total)} plays in the last hour; {view.plays_per_minute[-1]} in the last minute."
    return graph(by_the_clock(chart), label, "live-line")


def _tracks(view: LiveView) -> Component:
    return _ranking(view.tracks, "Track")


def _artists(view: LiveView) -> Component:
    return _ranking(view.artists, "Artist")


def _ranking(entries: tuple[Ranked, ...], name: str) -> Component:
    if not entries:
        return messages.empty(f"No plays in the last {TOP_MINUTES} minutes.")
    return ranking(
        [Entry(e.name, e.play_count, by=e.by, move=moved(rank, e.before)) for rank, e in enumerate(entries, 1)],
        name,
        "Plays",
        with_moves=True,
    )


def _map(view: LiveView) -> Component:
    foremost = sorted(view.states.items(), key=lambda item: (-item[1], item[0]))[:_TOP_STATES]
    leading = ranking([Entry(state, plays) for state, plays in foremost], "State", "Plays")
    return html.Div([state_map(view.states, "plays", "no plays"), leading], className="zip-groups")


def _newest(view: LiveView) -> Component:
    return html.Ol([_play(play) for play in view.newest], className="zip-ticker")


def _play(play: dict[str, Any]) -> Component:
    return html.Li(
        [
            moment(play["event_at_ms"] / 1000, "time"),
            html.Span([html.B(play["song"] or "(no title)"), f" · {play['artist']}"], className="zip-ticker-song"),
        ],
        key=f"{play['event_at_ms']}{play['song']}",
    )


TILES: dict[str, tuple[str, str, str, Drawer]] = {
    "figures": ("This minute", "by the clock of the events", "full", _figures),
    "line": ("Plays per minute", f"tracks started per minute, last {LINE_MINUTES} minutes", "two-thirds", _line),
    "newest": ("Newest plays", "as they come, and nothing about whose they are", "third", _newest),
    "tracks": (
        "Top tracks",
        f"by plays, last {TOP_MINUTES} minutes; change against the {TOP_MINUTES} before",
        "third",
        _tracks,
    ),
    "artists": (
        "Top artists",
        f"by plays, last {TOP_MINUTES} minutes; change against the {TOP_MINUTES} before",
        "third",
        _artists,
    ),
    "map": ("Plays by state", f"last {TOP_MINUTES} minutes", "third", _map),
}
"""id -> title, what is counted, width, drawing. In the order of the page."""


def _defined(*names: str) -> str:
    return " ".join(f"{metrics()[name].title}: {metrics()[name].meaning}" for name in names)


_WINDOW = " Windows end with the newest ten seconds in which anything happened, by the clock of the events."
DEFINITIONS = {
    "figures": _defined("plays", "active_users", "sessions", "upgrades", "downgrades")
    + f" A long track is heard without a new event, so more may hear one than were active in {ACTIVE_MINUTES} minutes."
    + _WINDOW,
    "line": _defined("plays") + _WINDOW,
    "newest": "The newest plays that the stream has taken in. Who played them is not kept here.",
    "tracks": _defined("plays") + " Tracks are told apart by title and artist as played." + _WINDOW,
    "artists": _defined("plays") + " Artists are told apart by name as played." + _WINDOW,
    "map": _defined("plays") + " By the state that the event names; the deeper the colour, the more." + _WINDOW,
}
"""tile -> what exactly it shows, in the words of the metrics file."""


def draw(name: str, tick: Tick) -> Component:
    """One live tile as it is now."""
    view = tick.view
    if name == "pipeline":
        return strip(view.pipeline if view else None, time.time(), tick.problem)
    if name == "as-of":
        return _as_of(view, tick.problem, tick.silent_minutes)
    if view is None or view.as_of_s is None:
        return messages.empty("No live events yet.", "They show within seconds once the stream takes them in.")
    return TILES[name][3](view)


def _as_of(view: LiveView | None, problem: str, silent_minutes: int) -> Component:
    if problem:
        return messages.problem(f"Live numbers stand still: {problem}", "They go on by themselves when it is back.")
    if view is None or view.as_of_s is None:
        return html.Span("waiting for the first event", className="zip-as-of")
    text = ["as of ", moment(view.as_of_s, "second"), f", source “{view.source}”"]
    if silent_minutes:
        return messages.notice(
            f"Nothing new for {wording.duration(silent_minutes * 60_000)}",
            ["What you see is ", *text, ". Is the simulator running?"],
        )
    return html.Span([html.Span("● ", className="zip-pulse", **{"aria-hidden": "true"}), *text], className="zip-as-of")


def layout(_filters: Filters) -> Component:
    """Frames; the live callback fills them."""
    return html.Div(
        [
            html.Div(live("as-of", 18), className="zip-full", role="status"),
            html.Section(live("pipeline", 40), className="zip-full zip-pipeline", **{"aria-label": "Pipeline"}),
            *live_grid({name: texts[:3] for name, texts in TILES.items()}, DEFINITIONS, sources(NOW)),
        ],
        className="zip-grid",
    )


PAGE = Page("/", "Now", "What is happening, and is it healthy?", layout=layout, has_filters=False)
