"""What the middleware asks of a request."""

from __future__ import annotations

import ipaddress
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Receive, Scope

from zipotify.access.identity import Identity

_LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")


class AskedRequest:
    """What is asked of the scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.headers = Headers(scope=scope)
        self.is_websocket = scope["type"] == "websocket"
        self.method: str = scope.get("method", "GET")
        self.path: str = scope["path"]
        self.query: str = scope.get("query_string", b"").decode("latin-1")
        self.address: str = (scope.get("client") or ("unknown", 0))[0]
        self.host = self.headers.get("host", "")
        self.is_tls = scope.get("scheme") in ("https", "wss")
        self.identity: Identity | None = None
        self.new_cookie: str | None = None
        self.cookies = _cookies(self.headers.get("cookie", ""))

    @property
    def path_and_query(self) -> str:
        """As after the host in the address."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def wants_page(self) -> bool:
        """Whether a person's browser asks for a page, which may be sent to the sign-in page."""
        return not self.is_websocket and self.method == "GET" and "text/html" in self.headers.get("accept", "")

    def comes_from_us(self, must_say_so: bool) -> bool:
        """By the Origin header, which browsers always send where it matters; without one no browser sent it."""
        origin = self.headers.get("origin")
        if origin is None:
            return not must_say_so
        return urlsplit(origin).netloc.lower() == self.host.lower()


def _cookies(text: str) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(text).items()}
    except CookieError:
        return {}


def names_loopback(host: str) -> bool:
    """Whether a Host header names this machine's loopback."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    return name.lower() in _LOCAL_NAMES


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server on that address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


async def small_body(receive: Receive, largest_bytes: int) -> bytes | None:
    """A body; None when it is too large."""
    body = b""
    while len(body) <= largest_bytes:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body if len(body) <= largest_bytes else None
    return None
