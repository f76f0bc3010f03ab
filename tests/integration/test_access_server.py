"""The gate around an application, on a real server: who gets in, from where, how often, and what browsers are told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import requests
from argon2 import PasswordHasher
from limits import RateLimitItemPerMinute
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from support.serve import served
from zipotify.access.accounts import FAILURES_TO_LOCK, Accounts
from zipotify.access.identity import current
from zipotify.access.middleware import SESSION_COOKIE, AccessMiddleware, Gate
from zipotify.access.protect import gate_of
from zipotify.access.rates import Rates
from zipotify.access.roles import Role
from zipotify.settings import Settings, load_settings

PASSWORD = "correct horse battery"
PEOPLE = {"vic": Role.VIEWER, "ann": Role.ANALYST, "adm": Role.ADMIN}
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


async def answer(request: Request) -> JSONResponse:
    return JSONResponse({"path": request.url.path, "who": current().name})


async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(current().name)
    await websocket.close()


def application(gate: Gate) -> AccessMiddleware:
    """Any path answers with who asks."""
    routes = [
        WebSocketRoute("/_dash-ws", socket),
        Route("/own", lambda _: PlainTextResponse("x", headers={"content-security-policy": "none at all"})),
        Route("/{path:path}", answer, methods=["GET", "POST", "DELETE"]),
    ]
    return AccessMiddleware(Starlette(routes=routes), gate)


@pytest.fixture
def gate(settings: Settings) -> Gate:
    """A gate that requires a login, as if we were bound to all addresses."""
    made = gate_of(load_settings(settings.home_path, dashboard_host="0.0.0.0"))
    quick = Accounts(made.accounts._engine, hasher=QUICK)
    for name, role in PEOPLE.items():
        quick.add(name, role, PASSWORD)
    return replace(made, accounts=quick)


@pytest.fixture
def site(gate: Gate) -> Iterator[str]:
    with served(application(gate)) as place:
        yield place


def sign_in(
    site: str, name: str, password: str = PASSWORD, next_path: str = "/"
) -> tuple[requests.Session, requests.Response]:
    browser = requests.Session()
    page = browser.get(f"http://{site}/login", params={"next": next_path})
    token = page.text.partition('name="token" value="')[2].partition('"')[0]
    form = {"name": name, "password": password, "next": next_path, "token": token}
    sent = browser.post(f"http://{site}/login", form, headers={"Origin": f"http://{site}"}, allow_redirects=False)
    return browser, sent


PATHS = {
    "/": Role.VIEWER,
    "/music": Role.VIEWER,
    "/api/v1/tiles": Role.VIEWER,
    "/metrics": Role.VIEWER,
    "/assets/style.css": Role.VIEWER,
    "/explore": Role.ANALYST,
    "/api/v1/sql": Role.ANALYST,
    "/api/v1/admin/erase": Role.ADMIN,
    "/anything/new": Role.ADMIN,
}


def test_each_path_lets_in_whom_it_should(site: str) -> None:
    browsers = {name: sign_in(site, name)[0] for name in PEOPLE}
    origin = {"Origin": f"http://{site}"}
    for path, least in PATHS.items():
        for method in ("GET", "POST"):
            assert requests.request(method, f"http://{site}{path}", headers=origin).status_code in (401, 403)
            for name, role in PEOPLE.items():
                got = browsers[name].request(method, f"http://{site}{path}", headers=origin)
                assert got.status_code == (200 if role >= least else 403), (method, path, name)
                assert ("cache-control" in got.headers) is not path.startswith("/assets/")


def test_pages_lead_to_the_sign_in_and_back(site: str) -> None:
    page = requests.get(f"http://{site}/music?period=7d", headers={"Accept": "text/html"}, allow_redirects=False)
    assert (page.status_code, page.headers["location"]) == (303, "/login?next=%2Fmusic%3Fperiod%3D7d")
    _, sent = sign_in(site, "vic", next_path="/music?period=7d")
    assert (sent.status_code, sent.headers["location"]) == (303, "/music?period=7d")
    cookie = sent.headers["set-cookie"]
    assert cookie.startswith(SESSION_COOKIE)
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert sign_in(site, "vic", next_path="//evil.example")[1].headers["location"] == "/"


def test_signing_out_ends_the_session(site: str) -> None:
    browser, _ = sign_in(site, "vic")
    stolen = browser.cookies[SESSION_COOKIE]
    assert browser.get(f"http://{site}/logout").status_code == 405
    browser.post(f"http://{site}/logout", headers={"Origin": f"http://{site}"})
    assert requests.get(f"http://{site}/", cookies={SESSION_COOKIE: stolen}).status_code == 401


def test_requests_of_other_sites_are_refused(site: str) -> None:
    browser, _ = sign_in(site, "adm")
    address = f"http://{site}/_dash-update-component"
    for headers in (
        {},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": f"http://{site}.evil.example"},
    ):
        assert browser.post(address, headers=headers).status_code == 403
    assert browser.post(address, headers={"Origin": f"http://{site}"}).status_code == 200
    form = {"name": "adm", "password": PASSWORD, "token": "made up"}
    assert requests.post(f"http://{site}/login", form, headers={"Origin": f"http://{site}"}).status_code == 400


def test_web_sockets_are_guarded_too(site: str) -> None:
    browser, _ = sign_in(site, "vic")
    cookie = f"{SESSION_COOKIE}={browser.cookies[SESSION_COOKIE]}"
    with connect(f"ws://{site}/_dash-ws", origin=f"http://{site}", additional_headers={"Cookie": cookie}) as opened:
        assert opened.recv() == "vic"
    for origin, headers in (
        (f"http://{site}", {}),
        ("http://evil.example", {"Cookie": cookie}),
        (None, {"Cookie": cookie}),
    ):
        with pytest.raises(InvalidStatus), connect(f"ws://{site}/_dash-ws", origin=origin, additional_headers=headers):
            pass


def test_wrong_passwords_lock_and_are_written_down(site: str, gate: Gate) -> None:
    for _ in range(FAILURES_TO_LOCK):
        assert sign_in(site, "ann", "wrong password")[1].status_code == 401
    assert sign_in(site, "ann")[1].status_code == 401
    assert sign_in(site, "vic")[1].status_code == 303
    actions = [(row["actor"], row["action"]) for row in gate.audit.rows() if row["action"].startswith("sign in")]
    assert actions == [("ann", "sign in refused")] * (FAILURES_TO_LOCK + 1) + [("vic", "sign in")]
    assert "wrong password" not in gate.audit.path.read_text()
    gate.audit.verify()


def test_rates_are_limited(gate: Gate) -> None:
    limits = Rates(address=RateLimitItemPerMinute(20), login=RateLimitItemPerMinute(2))
    with served(application(replace(gate, rates=limits))) as site:
        origin = {"Origin": f"http://{site}"}
        tries = [requests.post(f"http://{site}/login", {"name": "ann"}, headers=origin).status_code for _ in range(4)]
        assert tries == [400, 400, 429, 429]
        more = [requests.get(f"http://{site}/login.css").status_code for _ in range(20)]
        assert more == [200] * 16 + [429] * 4


def test_people_behind_one_address_have_limits_of_their_own(gate: Gate) -> None:
    with served(application(replace(gate, rates=Rates(person=RateLimitItemPerMinute(5))))) as site:
        tokens = [gate.tokens.add(name, Role.VIEWER, ["metrics"], 1) for name in ("one", "other")]
        codes = [
            [
                requests.get(f"http://{site}/metrics", headers={"Authorization": f"Bearer {token}"}).status_code
                for _ in range(7)
            ]
            for token in (*tokens, "made up")
        ]
    assert codes == [[200] * 5 + [429] * 2] * 2 + [[401] * 5 + [429] * 2]


def test_tokens_open_what_they_are_for(site: str, gate: Gate) -> None:
    metrics = {"Authorization": f"Bearer {gate.tokens.add('prometheus', Role.VIEWER, ['metrics'], 1)}"}
    admin = {"Authorization": f"Bearer {gate.tokens.add('jobs', Role.ADMIN, ['api', 'admin'], 1)}"}
    codes = {
        path: requests.get(f"http://{site}{path}", headers=metrics).status_code
        for path in ("/metrics", "/api/v1/tiles", "/")
    }
    assert codes == {"/metrics": 200, "/api/v1/tiles": 403, "/": 403}
    # A program has no Origin, and no cookie that another site could ride on.
    assert requests.post(f"http://{site}/api/v1/admin/erase", headers=admin).json()["who"] == "token:jobs"
    assert requests.get(f"http://{site}/metrics", headers={"Authorization": "Bearer zip_x"}).status_code == 401


def test_every_answer_tells_browsers_what_holds(site: str) -> None:
    for path in ("/login", "/", "/own"):
        told = requests.get(f"http://{site}{path}").headers
        policy = dict(rule.partition(" ")[::2] for rule in told["content-security-policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert "unsafe" not in policy["script-src"]
        assert policy["frame-ancestors"] == "'none'"
        assert told["x-content-type-options"] == "nosniff"
        assert told["referrer-policy"] == "same-origin"


def test_an_oversized_form_is_not_read(site: str) -> None:
    sent = requests.post(f"http://{site}/login", b"name=" + b"x" * 2**20, headers={"Origin": f"http://{site}"})
    assert sent.status_code == 400


def test_loopback_needs_no_login_but_its_own_name(settings: Settings) -> None:
    with served(application(gate_of(settings))) as site:
        address = f"http://{site}/explore"
        assert requests.get(address).json() == {"path": "/explore", "who": "local"}
        assert requests.post(address).status_code == 200
        assert requests.post(address, headers={"Origin": "http://evil.example"}).status_code == 403
        # A name of another site that resolves to this machine (DNS rebinding).
        assert requests.get(address, headers={"Host": "evil.example"}).status_code == 421
        assert requests.get(address, headers={"Host": "localhost:8050"}).status_code == 200
        with pytest.raises(InvalidStatus), connect(f"ws://{site}/_dash-ws", origin="http://evil.example"):
            pass
        with connect(f"ws://{site}/_dash-ws", origin=f"http://{site}") as opened:
            assert opened.recv() == "local"
