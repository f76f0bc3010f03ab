"""Instants on pages: written in UTC, kept with the instant, so that a browser can show its own zone on demand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from dash import html

Form = Literal["minute", "second", "time"]
_FORMS: dict[Form, str] = {"minute": "%-d %b %Y, %H:%M UTC", "second": "%H:%M:%S UTC", "time": "%H:%M:%S"}
"""Day and minute; time of day; time of day where the zone is said elsewhere. assets/clock.js writes the same."""


def moment(seconds: float, form: Form = "minute") -> Any:
    """An instant, given as seconds since 1970."""
    at = datetime.fromtimestamp(seconds, UTC)
    text = at.strftime(_FORMS[form])
    return html.Time(text, dateTime=at.strftime("%Y-%m-%dT%H:%M:%SZ"), **{"data-utc": text, "data-form": form})


def moment_of(text: str, form: Form = "minute") -> Any:
    """An instant, given in ISO-8601; UTC where it names no zone."""
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp(), form)
