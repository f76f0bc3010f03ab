"""Reference of the HTTP API, from the routes themselves, and the tiles that it serves."""

from __future__ import annotations

from inspect import signature
from typing import Any

from fastapi import FastAPI

from docs_pages.markdown import code, generated, join, table
from zipotify.dashboard.api import add_api
from zipotify.dashboard.pages import TILES


def page() -> str:
    """Routes, their parameters, and the tiles by name."""
    server = FastAPI()
    # The routes only: nothing is asked, so there need be nothing behind them.
    nothing: list[Any] = [None] * (len(signature(add_api).parameters) - 1)
    add_api(server, *nothing)
    intro = (
        "`zipotify dashboard` serves it beside the pages; a running one describes itself at `/openapi.json`. "
        "It only reads. Errors are JSON with `error` and `to_do`: 400 for a wrong filter, 403 for too few people, 404, "
        "422, 503 while nothing has been published. Bound to anything but loopback, it asks for a token: "
        "`zipotify access token`."
    )
    tiles = [(code(tile.id), tile.title, tile.unit, tile.definition) for tile in TILES.values()]
    return join(
        "# HTTP API",
        generated("the routes of `zipotify.dashboard.api`"),
        intro,
        *(
            _route(path, method, about)
            for path, methods in server.openapi()["paths"].items()
            for method, about in methods.items()
        ),
        "## The tiles\n\n" + table(("id", "title", "unit", "definition"), tiles),
    )


def _route(path: str, method: str, about: dict[str, Any]) -> str:
    head = f"## {method.upper()} {path}\n\n{about['summary']}."
    rows = [_parameter(parameter) for parameter in about.get("parameters", ())]
    return f"{head}\n\n{table(('parameter', 'in', 'default', 'meaning'), rows)}" if rows else head


def _parameter(parameter: dict[str, Any]) -> tuple[str, str, str, str]:
    schema = parameter["schema"]
    choices = " or ".join(schema.get("enum", ()))
    meaning = parameter.get("description") or choices
    default = "required" if parameter["required"] else code(schema.get("default"))
    return code(parameter["name"]), parameter["in"], default, meaning
