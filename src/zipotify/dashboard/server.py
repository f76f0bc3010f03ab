"""Serving the dashboard until asked to stop."""

from __future__ import annotations

import os
import signal
import socket

import uvicorn

from zipotify.contracts.serving import report_part
from zipotify.dashboard.app import create_application
from zipotify.dashboard.pages.plan import PlanReader, no_plan
from zipotify.dashboard.ticker import PART
from zipotify.errors import PortTakenError
from zipotify.settings import Settings

_STOP_LIMIT_S = 5
_LARGEST_MESSAGE_BYTES = 2**20
_KEEP_ALIVE_S = 75
"""Longer than people look at a page before the next click: a connection that closes under a request is an error."""


def serve(settings: Settings, read_plan: PlanReader = no_plan) -> None:
    """Serve on the host and port of the settings; raises PortTakenError before anything is started."""
    listener = _listen(settings.dashboard_host, settings.dashboard_port)
    application = create_application(settings, read_plan)
    report_part(application.engine, PART, "starting")
    config = uvicorn.Config(
        application.asgi,
        log_level="warning",
        access_log=False,
        ws_max_size=_LARGEST_MESSAGE_BYTES,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_STOP_LIMIT_S,
    )
    # uvicorn stops in good order and then raises the signal again; being asked to stop is no failure.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    address = f"http://{settings.dashboard_host}:{listener.getsockname()[1]}"
    try:
        with settings.home.address_written("dashboard", address, os.getpid()):
            uvicorn.Server(config).run(sockets=[listener])
    finally:
        report_part(application.engine, PART, "stopped")
        application.engine.dispose()
        listener.close()


def _listen(host: str, port: int) -> socket.socket:
    """Taking the port at once leaves nobody a moment to take it in between."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise PortTakenError(
            f"port {port} on {host} is in use or not allowed ({error.strerror})",
            "stop what uses it (`ss -ltnp` shows it) or choose another with --port",
        ) from None
    return listener
