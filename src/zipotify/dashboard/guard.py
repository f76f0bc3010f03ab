"""Bounds for what comes in: nobody needs to send much to look at figures."""

from __future__ import annotations

from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY_BYTES = 2**20
LARGEST_QUERY_BYTES = 16 * 2**10


class Guard:
    """Refuses long addresses and large bodies, however they are sent.

    Around the whole server: Dash reads a body before any middleware of the server sees it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is small enough."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if len(scope.get("query_string", b"")) > LARGEST_QUERY_BYTES:
            await _refusal(414, "the address is too long", LARGEST_QUERY_BYTES)(scope, receive, send)
            return
        body = await _whole(receive)
        if body is None:
            await _refusal(413, "the request is too large", LARGEST_BODY_BYTES)(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)


async def _whole(receive: Receive) -> bytes | None:
    """The body; None when it is too large (the rest of it is not waited for)."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST_BODY_BYTES:
            return None
        if not message.get("more_body"):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body once, then what the connection says."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _refusal(code: int, what: str, limit: int) -> JSONResponse:
    return JSONResponse({"error": what, "to_do": f"at most {limit} bytes"}, status_code=code)
