"""The search of Music: suggestions while one types, and the page of what one chooses."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from dash import Dash, Input, Output, State, no_update

from zipotify.access.identity import current
from zipotify.access.roles import Role
from zipotify.dashboard.components.search import SEARCH_ID
from zipotify.dashboard.filters import FilterError, Filters, parse
from zipotify.dashboard.scope import literal
from zipotify.dashboard.views import Views

_SHOWN_ARTISTS, _SHOWN_TRACKS, _SHOWN_LISTENERS = 8, 12, 5
_LONGEST_SEARCH = 100
_SHORTEST_KEY = 6
_PATHS = {("artist",): "/music/artist", ("artist", "song"): "/music/track", ("user",): "/music/listener"}

Suggestions = list[dict[str, Any]]


def register(app: Dash, views: Views) -> None:
    """Connect the search."""

    @app.callback(  # type: ignore[untyped-decorator]
        Output(SEARCH_ID, "data"), Input(SEARCH_ID, "searchValue"), State("url", "search"), prevent_initial_call=True
    )
    async def suggest(text: str | None, search: str) -> Any:
        # What was chosen is written into the field as well; the list must still know it.
        return await asyncio.to_thread(suggested, views, search, text or "") or no_update

    @app.callback(  # type: ignore[untyped-decorator]
        Output("url", "pathname", allow_duplicate=True),
        Output("url", "search", allow_duplicate=True),
        Output(SEARCH_ID, "value"),
        Input(SEARCH_ID, "value"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    async def go(chosen: str | None, search: str) -> Any:
        if not chosen:
            return no_update, no_update, no_update
        path, new = place_of(chosen, search)
        return path, new, None


def place_of(chosen: str, search: str) -> tuple[str, str]:
    """Path and query of what was chosen; filters stay."""
    named = {str(name): str(value) for name, value in json.loads(chosen).items()}
    about = {"artist": "", "song": "", "user": "", **named}
    return _PATHS[tuple(sorted(named))], _filters(search).with_(**about).search()


def _filters(search: str) -> Filters:
    try:
        return parse(search)
    except FilterError:
        return Filters()


def suggested(views: Views, search: str, text: str) -> Suggestions:
    """Artists and tracks whose name holds the text, most played first; for analysts listeners by their key, too."""
    text = text.strip()[:_LONGEST_SEARCH]
    if not text:
        return []
    groups = [
        _group("Artists", views.asked(_filters(search), lambda source: _artists_sql(source, text)), ("artist",)),
        _group("Tracks", views.asked(_filters(search), lambda source: _tracks_sql(source, text)), ("artist", "song")),
    ]
    if len(text) >= _SHORTEST_KEY and current().may(Role.ANALYST, "pages"):
        users = views.asked(_filters(search), lambda source: _users_sql(source, text))
        groups.append(_group("Listeners", users, ("user",)))
    return [group for group in groups if group["items"]]


def _group(title: str, rows: list[list[Any]], names: tuple[str, ...]) -> dict[str, Any]:
    items = [
        {"value": json.dumps(dict(zip(names, row, strict=True)), sort_keys=True), "label": _label(row)} for row in rows
    ]
    return {"group": title, "items": items}


def _label(row: list[Any]) -> str:
    return f"{row[1]}, by {row[0]}" if len(row) > 1 else str(row[0])


def _artists_sql(source: str, text: str) -> str:
    return f"""select artist
from agg_artist_day
where source = {literal(source)} and artist <> '' and contains(lower(artist), lower({literal(text)}))
group by 1
order by sum(play_count) desc, artist
limit {_SHOWN_ARTISTS}"""


def _tracks_sql(source: str, text: str) -> str:
    return f"""select artist, song
from agg_track_day
where source = {literal(source)} and artist <> '' and song <> ''
    and contains(lower(song || ', by ' || artist), lower({literal(text)}))
group by 1, 2
order by sum(play_count) desc, artist, song
limit {_SHOWN_TRACKS}"""


def _users_sql(source: str, text: str) -> str:
    return f"""select distinct user_key
from dim_users
where source = {literal(source)} and not is_unknown and starts_with(user_key, {literal(text.lower())})
order by 1
limit {_SHOWN_LISTENERS}"""
