"""What surrounds every page: name, navigation, filters, colour scheme, and the parts that carry live news."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from zipotify.dashboard.pages import PAGES
from zipotify.dashboard.pages.page import Page
from zipotify.dashboard.theme import MANTINE


def shell(publish_id: str | None) -> Any:
    """The frame; `page` is filled by the router."""
    return dmc.MantineProvider(
        [
            dcc.Location(id="url", refresh="callback-nav"),
            dcc.Store(id="tick", data=0),
            dcc.Store(id="shown", data=""),
            dcc.Store(id="published", data=publish_id),
            html.A("Skip to content", href="#page", className="zip-skip"),
            html.Div(
                [_header(), html.Main([html.Div(id="page-head"), html.Div(id="page")], id="main", tabIndex=-1)],
                className="zip-shell",
            ),
        ],
        theme=MANTINE,
        defaultColorScheme="auto",
    )


def _header() -> Any:
    return html.Header(
        [
            dcc.Link([_mark(), html.Span("Zipotify")], href="/", className="zip-brand", title="Zipotify: Now"),
            html.Nav(
                [_entry(page) for page in PAGES.values() if not page.above],
                className="zip-nav",
                **{"aria-label": "Pages"},
            ),
            html.Button(
                "UTC",
                id="zone",
                type="button",
                className="zip-zone",
                title="Show times of day in the zone of this browser, or in UTC",
                **{"aria-pressed": "false"},
            ),
            dmc.ColorSchemeToggle(
                id="scheme",
                lightIcon=html.Span("☾", **{"aria-hidden": "true"}),
                darkIcon=html.Span("☀", **{"aria-hidden": "true"}),
                size="lg",
                variant="subtle",
                color="gray",
                **{"aria-label": "Switch between light and dark"},
            ),
        ],
        className="zip-header",
    )


def _mark() -> Any:
    return html.Img(src="/assets/favicon.svg", alt="", width=26, height=26)


def _entry(page: Page) -> Any:
    return dcc.Link(page.name, href=page.path, className="zip-nav-link", id={"type": "nav", "path": page.path})


def heading(page: Page, title: str, extra: Any = None, kept: str = "") -> Any:
    """Title of a page and the question that it answers; `extra` (the filters) stands under it.

    `kept` is what the address of the page above keeps of this one.
    """
    way = (
        dcc.Link(f"← {PAGES[page.above].name}", href=f"{page.above}{kept}", className="zip-link")
        if page.above
        else None
    )
    return html.Div(
        [
            way,
            html.H1(title, className="zip-page-title"),
            html.P(page.question, className="zip-page-question"),
            extra,
        ],
        className="zip-page-head",
    )
