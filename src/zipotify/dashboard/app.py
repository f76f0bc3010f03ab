"""The application: Dash on FastAPI, everything served from this process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from dash import Dash
from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware
from sqlalchemy.engine import Engine

from zipotify import __version__
from zipotify.access.middleware import AccessMiddleware
from zipotify.access.protect import gate_of
from zipotify.contracts.serving import connect
from zipotify.dashboard import callbacks, explore_callbacks, health_callbacks, music_callbacks
from zipotify.dashboard.api import add_api
from zipotify.dashboard.board import Board
from zipotify.dashboard.catalogue import Catalogue
from zipotify.dashboard.documentation import add_documentation
from zipotify.dashboard.guard import Guard
from zipotify.dashboard.health import HealthReader
from zipotify.dashboard.history import History
from zipotify.dashboard.pages.plan import PlanReader, no_plan
from zipotify.dashboard.shell import shell
from zipotify.dashboard.ticker import Ticker
from zipotify.dashboard.views import Views
from zipotify.settings import Settings

_ASSETS = Path(__file__).parent / "assets"
_SMALLEST_ZIPPED_BYTES = 1000


@dataclass(frozen=True)
class Application:
    """What is served, and the serving database behind it."""

    asgi: AccessMiddleware
    """What is served: the outermost layer, so that nothing answers before it."""
    engine: Engine


def create_application(settings: Settings, read_plan: PlanReader = no_plan) -> Application:
    """Put everything together; nothing runs before the server starts. `read_plan` gives the project plan, if any."""
    settings.home.root.mkdir(parents=True, exist_ok=True)
    engine = connect(settings.serving_address())
    history = History(settings)
    ticker = Ticker(engine, history, settings.k_anonymity)
    views = Views(settings, history, ticker.stale)
    catalogue = Catalogue(settings, history, engine)

    @asynccontextmanager
    async def beating(_server: FastAPI) -> AsyncIterator[None]:
        ticker.start()
        yield
        ticker.stop()

    server = FastAPI(title="Zipotify", version=__version__, lifespan=beating, docs_url=None, redoc_url=None)
    server.add_middleware(GZipMiddleware, minimum_size=_SMALLEST_ZIPPED_BYTES)
    board = Board(HealthReader(settings, engine, history), read_plan)
    add_api(server, settings, views, catalogue, board, ticker)
    add_documentation(server, settings)
    dash = _dash(server, history)
    callbacks.register(dash, views, board, ticker)
    explore_callbacks.register(dash, settings, catalogue)
    music_callbacks.register(dash, views)
    health_callbacks.register(dash, settings)
    return Application(AccessMiddleware(Guard(server), gate_of(settings, dash.csp_hashes())), engine)


def _dash(server: FastAPI, history: History) -> Dash:
    dash = Dash(
        "zipotify",
        server=server,
        assets_folder=str(_ASSETS),
        assets_ignore="^html-to-image",  # loaded by take_away.js when a picture is wanted
        serve_locally=True,
        title="Zipotify",
        update_title=None,
        suppress_callback_exceptions=True,
        websocket_allowed_origins=[],
        meta_tags=[
            {"name": "viewport", "content": "width=device-width, initial-scale=1"},
            {"name": "color-scheme", "content": "light dark"},
        ],
    )
    dash.index_string = dash.index_string.replace("<html>", '<html lang="en">')
    dash.layout = lambda: shell(history.publish_id())
    return dash
