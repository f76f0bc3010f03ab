"""Components as plain HTML: for the report, which has no server behind it."""

from __future__ import annotations

from html import escape
from typing import Any

from zipotify.dashboard.svg import drawing

_ATTRIBUTES = {"className": "class", "href": "href", "title": "title", "scope": "scope", "role": "role", "id": "id"}
_VOID = {"br", "hr", "img"}


def html_of(component: Any) -> str:
    """HTML of a tree of Dash components; of a chart an SVG, of a Mantine component what is inside it."""
    if component is None or isinstance(component, bool):
        return ""
    if isinstance(component, (list, tuple)):
        return "".join(html_of(child) for child in component)
    if isinstance(component, (str, int, float)):
        return escape(str(component))
    return _element(component)


def _element(component: Any) -> str:
    inner = html_of(getattr(component, "children", None))
    if component._type == "Graph":
        return drawing(component.figure)
    if component._namespace != "dash_html_components":
        return f'<div class="mantine-{component._type}">{inner}</div>'
    tag = component._type.lower()
    return f"<{tag}{_attributes(component)}>" + ("" if tag in _VOID else f"{inner}</{tag}>")


def _attributes(component: Any) -> str:
    given = {_ATTRIBUTES[name]: getattr(component, name) for name in _ATTRIBUTES if getattr(component, name, None)}
    if str(given.get("href", "")).startswith("/"):
        given.pop("href")  # leads nowhere without the dashboard
    style = getattr(component, "style", None)
    if style:
        given["style"] = "; ".join(f"{_dashed(name)}: {value}" for name, value in style.items())
    labels = {name: value for name, value in component.to_plotly_json()["props"].items() if name.startswith("aria-")}
    return "".join(f' {name}="{escape(str(value))}"' for name, value in {**given, **labels}.items())


def _dashed(name: str) -> str:
    return name if name.startswith("--") else "".join(f"-{c.lower()}" if c.isupper() else c for c in name)
