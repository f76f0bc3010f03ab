"""What every verb shares: the --home option and how settings are read."""

from __future__ import annotations

import signal
from pathlib import Path
from threading import Event
from typing import Annotated, Any

import typer

from zipotify.places import reach_store
from zipotify.runtime.logs import configure_logging
from zipotify.settings import Settings, load_settings

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", metavar="DIR", help="Home folder; default $ZIPOTIFY_HOME, else ./.zipotify."),
]


def settings_for(context: typer.Context, home: Path | None, **flags: Any) -> Settings:
    """Settings for this call: `--home` may stand before or after the verb; flags that are None are not given.

    Sets the log up as they say, and where object stores are.
    """
    settings = load_settings(home or context.obj, **flags)
    configure_logging(settings)
    reach_store(settings.store_endpoint, settings.store_region)
    return settings


def stop_on_signal() -> Event:
    """An event that SIGTERM and SIGINT set: for verbs that run until they are asked to stop."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
