"""Around the dashboard: who asks, may they, does the request come from our own pages, and what browsers are told.

Two modes. On loopback nobody signs in; then the Host header must name loopback, or a page elsewhere could reach us by a
name of its own that resolves to this machine. Bound to anything else, every path but the sign-in page needs a session
or a token. In both modes requests that change something, and WebSockets, must come from our own origin.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote

from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zipotify.access import headers, login
from zipotify.access.accounts import Accounts
from zipotify.access.audit import AuditLog
from zipotify.access.identity import LOCAL, Identity, set_current
from zipotify.access.rates import Rates
from zipotify.access.request import AskedRequest, names_loopback, small_body
from zipotify.access.roles import need_of
from zipotify.access.sessions import LONGEST_S, Sessions
from zipotify.access.tokens import Tokens

SESSION_COOKIE = "zipotify_session"
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_WS_POLICY, _WS_CHECK_S = 4403, 30.0
_CACHED = ("/assets/", "/_dash-component-suites/")


@dataclass(frozen=True)
class Gate:
    """What the middleware asks; `requires_login` is whether the dashboard can be reached from elsewhere."""

    requires_login: bool
    accounts: Accounts
    sessions: Sessions
    tokens: Tokens
    forms: login.LoginForms
    audit: AuditLog
    rates: Rates = field(default_factory=Rates)
    script_hashes: tuple[str, ...] = ()


class AccessMiddleware:
    """ASGI middleware; outermost, so that nothing answers before it."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate
        self._headers = headers.security_headers(gate.script_hashes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, refuse, or pass on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        request = AskedRequest(scope)
        refusal = self._refusal(request)
        if refusal is None and request.path in ("/login", "/login.css", "/logout") and self._gate.requires_login:
            refusal = await self._sign(request, receive)
        if refusal is not None:
            await self._refuse(request, refusal, receive, send)
            return
        set_current(request.identity or LOCAL)
        if request.is_websocket:
            await self._watched(request, receive, send)
        else:
            await self._app(scope, receive, self._telling(request, send))

    def _refusal(self, request: AskedRequest) -> Response | None:
        """Why not, or None; sets the identity."""
        if not self._gate.rates.allows(request.address, request.path == "/login" and request.method == "POST"):
            return _said(429, "too many requests", "wait a minute")
        if not self._gate.requires_login and not names_loopback(request.host):
            return _said(421, "this is not the host of that name", "use http://127.0.0.1")
        request.identity = self._identify(request)
        if self._gate.requires_login and not self._allows_person(request):
            return _said(429, "too many requests", "wait a minute")
        changes_something = request.is_websocket or request.method not in _SAFE_METHODS
        is_token = request.identity is not None and request.identity.scopes is not None
        must_say_so = self._gate.requires_login and not is_token
        if changes_something and not request.comes_from_us(must_say_so):
            return _said(403, "the request does not come from this site", "open the dashboard itself")
        return self._unauthorised(request)

    def _allows_person(self, request: AskedRequest) -> bool:
        return self._gate.rates.allows_person(request.identity.name if request.identity else None, request.address)

    def _identify(self, request: AskedRequest) -> Identity | None:
        if not self._gate.requires_login:
            return LOCAL
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._gate.tokens.find(token.strip())
        cookie = request.cookies.get(SESSION_COOKIE)
        found = self._gate.sessions.find(cookie) if cookie else None
        request.new_cookie = found.new_cookie if found else None
        return found.identity if found else None

    def _unauthorised(self, request: AskedRequest) -> Response | None:
        need = need_of(request.path)
        if need.role is None:
            return None
        if request.identity is None:
            if request.wants_page:
                return RedirectResponse(f"/login?next={quote(request.path_and_query, safe='')}", 303)
            return _said(401, "sign in first", "send a session cookie or an API token", {"www-authenticate": "Bearer"})
        if request.identity.may(need.role, need.scope):
            return None
        self._gate.audit.append(request.identity.name, "denied", path=request.path, address=request.address)
        return _said(403, f"this needs the role {need.role.name.lower()}", "ask an admin of this Zipotify for it")

    async def _sign(self, request: AskedRequest, receive: Receive) -> Response:
        if request.path == "/login.css":
            return PlainTextResponse(login.STYLE, media_type="text/css")
        if request.path == "/logout":
            return self._sign_out(request)
        if request.method == "POST":
            return await self._sign_in(request, receive)
        return self._form(request, parse_qs(request.query).get("next", ["/"])[0])

    def _form(self, request: AskedRequest, next_path: str, problem: str = "", code: int = 200) -> Response:
        page, nonce = self._gate.forms.page(next_path, problem)
        answer = HTMLResponse(page, code)
        self._set_cookie(answer, request, login.FORM_COOKIE, nonce, 900, "/login")
        return answer

    async def _sign_in(self, request: AskedRequest, receive: Receive) -> Response:
        body = await small_body(receive, login.LARGEST_FORM_BYTES)
        form = login.read_form(body or b"")
        if body is None or not self._gate.forms.is_genuine(form, request.cookies.get(login.FORM_COOKIE, "")):
            return self._form(request, form.next_path, "That form was too old. Please try again.", 400)
        account = await asyncio.to_thread(self._gate.accounts.check, form.name, form.password)
        actor = account.name if account else form.name
        self._gate.audit.append(actor, "sign in" if account else "sign in refused", address=request.address)
        if account is None:
            problem = "Name or password is wrong, or the account is locked for some minutes."
            return self._form(request, form.next_path, problem, 401)
        answer = RedirectResponse(form.next_path, 303)
        self._set_cookie(answer, request, SESSION_COOKIE, self._gate.sessions.begin(account.name), LONGEST_S)
        return answer

    def _sign_out(self, request: AskedRequest) -> Response:
        if request.method != "POST":
            return _said(405, "signing out takes a POST", "use the button")
        if cookie := request.cookies.get(SESSION_COOKIE):
            self._gate.sessions.end(cookie)
            self._gate.audit.append(request.identity.name if request.identity else "?", "sign out")
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(SESSION_COOKIE, path="/")
        return answer

    def _set_cookie(
        self, answer: Response, request: AskedRequest, name: str, value: str, age_s: int, path: str = "/"
    ) -> None:
        answer.set_cookie(
            name, value, max_age=age_s, path=path, secure=request.is_tls, httponly=True, samesite="strict"
        )

    async def _refuse(self, request: AskedRequest, refusal: Response, receive: Receive, send: Send) -> None:
        if request.is_websocket:
            await receive()
            await send({"type": "websocket.close", "code": _WS_POLICY, "reason": "not allowed"})
            return
        await refusal(request.scope, receive, self._telling(request, send))

    def _telling(self, request: AskedRequest, send: Send) -> Send:
        """A `send` that adds our headers, and a renewed cookie when it is time."""

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = headers.told(list(message.get("headers", [])), self._headers)
                message = {**message, "headers": [*given, *self._extra(request, given)]}
            await send(message)

        return telling

    def _extra(self, request: AskedRequest, given: list[headers.Header]) -> list[headers.Header]:
        extra: list[headers.Header] = []
        is_told = any(name.lower() == b"cache-control" for name, _ in given)
        if self._gate.requires_login and not is_told and not request.path.startswith(_CACHED):
            extra.append(headers.NOT_STORED)
        if request.is_tls:
            extra.append(headers.ONLY_TLS)
        if request.new_cookie:
            answer = Response()
            self._set_cookie(answer, request, SESSION_COOKIE, request.new_cookie, LONGEST_S)
            extra += [(name, value) for name, value in answer.raw_headers if name == b"set-cookie"]
        return extra

    async def _watched(self, request: AskedRequest, receive: Receive, send: Send) -> None:
        """A WebSocket ends when the session that opened it does, seen within half a minute."""
        loop = asyncio.get_running_loop()
        checked_s, is_over = loop.time(), False

        async def watching(message: Message) -> None:
            nonlocal checked_s, is_over
            if loop.time() - checked_s > _WS_CHECK_S:
                checked_s = loop.time()
                if self._identify(request) is None:
                    is_over = True
                    await send({"type": "websocket.close", "code": _WS_POLICY, "reason": "the session has ended"})
            if not is_over:
                await send(message)

        await self._app(request.scope, receive, watching)


def _said(code: int, what: str, to_do: str, extra: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": what, "to_do": to_do}, code, extra)
