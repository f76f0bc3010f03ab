"""What happens when: the address changes, a filter is set, a tile appears, a second passes.

Everything that reads a database runs in a thread; the event loop only passes messages.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from dash import ALL, MATCH, ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html, no_update, set_props

from zipotify.dashboard.board import Board
from zipotify.dashboard.components import messages
from zipotify.dashboard.components.filterbar import CUSTOM, filter_bar
from zipotify.dashboard.filters import FilterError, Filters, parse, year_period
from zipotify.dashboard.pages import PAGES, TILES
from zipotify.dashboard.pages.page import Page
from zipotify.dashboard.scope import Scope
from zipotify.dashboard.shell import heading
from zipotify.dashboard.ticker import Ticker
from zipotify.dashboard.views import Views, said_period

_WAIT_S = 15.0


def register(app: Dash, views: Views, board: Board, ticker: Ticker) -> None:
    """Connect everything."""
    _register_pages(app, views)
    _register_tiles(app, views)
    _register_live(app, board, ticker)
    _register_browser_side(app)


def _register_pages(app: Dash, views: Views) -> None:
    @app.callback(  # type: ignore[untyped-decorator]
        Output("page-head", "children"),
        Output("page", "children"),
        Output("shown", "data"),
        Input("url", "pathname"),
        Input("url", "search"),
        State("shown", "data"),
    )
    async def show_page(path: str, search: str, shown: str) -> tuple[Any, Any, str]:
        page = PAGES.get(path or "/")
        if page is None:
            return html.Div(), messages.empty(f"There is no page {path[:80]}.", "Choose one above."), ""
        try:
            filters = parse(search)
        except FilterError as error:
            again = dcc.Link("Show the page without filters", href=page.path, className="zip-link")
            return heading(page, page.name), [messages.problem(error.what, error.to_do), again], ""
        bar = await asyncio.to_thread(_bar, views, filters, page) if page.has_filters else None
        here = page.path if page.knows(filters) else f"{page.path}?"
        # The tiles of a page that is there already follow the address by themselves.
        body = no_update if shown == here else page.body(filters)
        kept = filters.with_(artist="", song="", user="").search()
        return heading(page, page.heading(filters), bar, kept), body, here

    @app.callback(  # type: ignore[untyped-decorator]
        Output("url", "search"),
        Input({"type": "filter", "name": ALL}, "value"),
        State({"type": "filter", "name": ALL}, "id"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    async def take_filters(values: list[Any], ids: list[dict[str, str]], search: str) -> Any:
        chosen = {each["name"]: value for each, value in zip(ids, values, strict=True)}
        new = _address(chosen, search)
        return no_update if new is None or new == (search or "") else new


def _bar(views: Views, filters: Filters, page: Page) -> Any:
    scope = views.scope(filters)
    if scope is None:
        return filter_bar(filters, views.choices(), "")
    years = _years(scope) if page.by_year else []
    said = said_period(scope.whole_year() if page.by_year else scope)
    return filter_bar(filters, views.choices(), f"between {said}, UTC", years)


def _years(scope: Scope) -> list[tuple[str, str]]:
    """Periods and names of the years with data; the period that is shown stays as it is in the address."""
    years = range(scope.first_event_at.year, scope.as_of.year + 1)
    return [(scope.filters.period if year == scope.year else year_period(year), str(year)) for year in years]


def _address(chosen: dict[str, Any], search: str) -> str | None:
    """The address for what is chosen; None while a custom period has no two days yet."""
    dates, period = chosen.pop("dates", None), chosen.pop("period", None)
    if period == CUSTOM:
        if not dates or len(dates) != 2 or not all(dates):
            return None
        period = "..".join(str(day)[:10] for day in dates)
    try:
        before = parse(search)
    except FilterError:
        before = Filters()
    texts = {name: value or "" for name, value in chosen.items()}
    return before.with_(period=period or before.period, **texts).search()


def _register_tiles(app: Dash, views: Views) -> None:
    @app.callback(  # type: ignore[untyped-decorator]
        Output({"type": "tile-body", "id": MATCH}, "children"),
        Output({"type": "tile-foot", "id": MATCH}, "children"),
        Output({"type": "tile-menu", "id": MATCH}, "children"),
        Input("url", "search"),
        Input("published", "data"),
        State({"type": "tile-body", "id": MATCH}, "id"),
        State({"type": "tile-menu", "id": MATCH}, "children"),
    )
    async def fill(search: str, _published: str, body_id: dict[str, str], menu: Any) -> tuple[Any, Any, Any]:
        tile = TILES[body_id["id"]]
        filled = await asyncio.to_thread(views.filled, tile, search or "", menu is not None)
        body, menu = (no_update if part is None else part for part in (filled.body, filled.menu))
        return body, filled.foot, menu


def _register_live(app: Dash, board: Board, ticker: Ticker) -> None:
    # A thread of its own: live tiles never wait behind somebody's long question to history.
    drawing = ThreadPoolExecutor(1, "live")

    @app.callback(persistent=True, websocket=True)  # type: ignore[untyped-decorator]
    async def push() -> None:
        """Tell one viewer of each tick, and of each new snapshot."""
        socket = ctx.websocket
        tick = ticker.tick
        while not (socket is None or socket.is_shutdown or ticker.is_stopped):
            newer = await ticker.after(tick.number, _WAIT_S)
            if newer.number != tick.number:
                set_props("tick", {"data": newer.number})
            if newer.publish_id != tick.publish_id:
                set_props("published", {"data": newer.publish_id})
            tick = newer

    @app.callback(  # type: ignore[untyped-decorator]
        Output("drawn", "data"),
        Input("tick", "data"),
        State({"type": "live", "id": ALL}, "id"),
        websocket=True,
    )
    async def show_live(_tick: int, ids: list[dict[str, str]]) -> str:
        """One text for all viewers of a page: to write it anew for each would cost more than to draw it."""
        names = [each["id"] for each in ids]
        return await asyncio.get_running_loop().run_in_executor(drawing, board.written, names, ticker.tick)

    app.clientside_callback(
        ClientsideFunction("zipotify", "place"),
        Output({"type": "live", "id": ALL}, "children"),
        Input("drawn", "data"),
        State({"type": "live", "id": ALL}, "id"),
    )


def _register_browser_side(app: Dash) -> None:
    app.clientside_callback(
        ClientsideFunction("zipotify", "navigation"),
        Output({"type": "nav", "path": ALL}, "href"),
        Output({"type": "nav", "path": ALL}, "className"),
        Input("url", "pathname"),
        Input("url", "search"),
        State({"type": "nav", "path": ALL}, "id"),
    )
    app.clientside_callback(
        ClientsideFunction("zipotify", "showDates"),
        Output("custom-dates", "style"),
        Input({"type": "filter", "name": "period"}, "value"),
    )
