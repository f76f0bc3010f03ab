"""Every route of the dashboard, as the application lists them, with every role and with none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from argon2 import PasswordHasher
from fastapi import FastAPI

from support.serve import served
from zipotify.access.accounts import Accounts
from zipotify.access.middleware import SESSION_COOKIE
from zipotify.access.roles import EXACT, PREFIXES, Role, need_of
from zipotify.access.sessions import Sessions
from zipotify.access.store import open_store
from zipotify.dashboard.app import create_application
from zipotify.dashboard.pages import PAGES
from zipotify.settings import Settings, load_settings

ANALYSTS = {"/explore", "/dbt", "/music/listener", "/api/v1/query", "/api/v1/sample/x", "/api/v1/sql"}
"""Row-level, pseudonymous tables; everything else of today is published figures, which a viewer may see."""
DEVELOPERS = {"/_reload-hash"}
ROLES = {role.name.lower(): role for role in Role}


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a dashboard that others can reach (the test itself listens on loopback only)."""
    return load_settings(tmp_path_factory.mktemp("outside") / "home", dashboard_host="0.0.0.0")


@pytest.fixture(scope="module")
def paths(outside: Settings) -> list[str]:
    """One address a route, and one a page."""
    application = create_application(outside)
    found = _paths_of(_innermost(application.asgi))
    application.engine.dispose()
    assert len([path for path in found if path.startswith("/api/v1/")]) > 4
    return found


def _paths_of(server: FastAPI) -> list[str]:
    found = {str(route.path) for route in server.routes if getattr(route, "path", "")} | set(server.openapi()["paths"])
    filled = {re.sub(r"\{[^}]*\}", "x", path.replace("{tile_id}", "now-plays")) for path in found}
    return sorted(filled | set(PAGES))


def _innermost(app: Any) -> FastAPI:
    while not isinstance(app, FastAPI):
        app = app._app
    return app


@pytest.fixture(scope="module")
def site(outside: Settings) -> Iterator[str]:
    application = create_application(outside)
    with served(application.asgi) as place:
        yield place
    application.engine.dispose()


@pytest.fixture(scope="module")
def cookies(outside: Settings) -> dict[str, dict[str, str]]:
    """A session a role."""
    engine = open_store(outside.home)
    accounts = Accounts(engine, hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    for name, role in ROLES.items():
        accounts.add(f"the-{name}", role)
    sessions = Sessions(engine)
    return {name: {SESSION_COOKIE: sessions.begin(f"the-{name}")} for name in ROLES}


def least_role(path: str) -> Role:
    if path in DEVELOPERS:
        return Role.ADMIN
    return Role.ANALYST if path in ANALYSTS else Role.VIEWER


def test_every_route_is_listed_on_purpose(paths: list[str]) -> None:
    """A route that nobody thought of needs an admin; it must be listed before others may use it."""
    unlisted = [path for path in paths if path not in EXACT and not any(f"{path}/".startswith(p) for p, _ in PREFIXES)]
    assert unlisted == []
    assert [path for path in paths if need_of(path).role is None] == []


def test_a_route_that_is_added_is_in_the_matrix(outside: Settings) -> None:
    """The routes are asked of the application, so that nobody has to think of this file."""
    application = create_application(outside)
    server = _innermost(application.asgi)

    @server.get("/api/v1/quite-new/{name}")
    def quite_new(name: str) -> str:
        return name

    assert "/api/v1/quite-new/x" in _paths_of(server)
    application.engine.dispose()


def test_without_a_session_nothing_answers(site: str, paths: list[str]) -> None:
    origin = {"Origin": f"http://{site}"}
    for path in paths:
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
            code = requests.request(method, f"http://{site}{path}", headers=origin, allow_redirects=False).status_code
            assert code in (401, 403), (method, path, code)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_gets_what_is_its_own(
    site: str, paths: list[str], cookies: dict[str, dict[str, str]], role: str
) -> None:
    for path in paths:
        code = requests.get(f"http://{site}{path}", cookies=cookies[role], allow_redirects=False).status_code
        is_let_in = code not in (401, 403)
        assert is_let_in is (ROLES[role] >= least_role(path)), (path, code)


def test_a_viewer_gets_no_row_by_any_callback(site: str, cookies: dict[str, dict[str, str]]) -> None:
    """Dash answers all callbacks at one address, so what needs an analyst asks for itself."""
    body = {
        "output": "..explore-list.children...explore-main.children...explore-sql.value...explore-words.data..",
        "outputs": [
            {"id": "explore-list", "property": "children"},
            {"id": "explore-main", "property": "children"},
            {"id": "explore-sql", "property": "value"},
            {"id": "explore-words", "property": "data"},
        ],
        "inputs": [{"id": "url", "property": "search", "value": "?sql=select+1"}],
        "state": [{"id": "url", "property": "pathname", "value": "/explore"}],
        "changedPropIds": ["url.search"],
    }
    address, origin = f"http://{site}/_dash-update-component", {"Origin": f"http://{site}"}
    said = {
        role: requests.post(address, json=body, cookies=cookies[role], headers=origin).text
        for role in ("viewer", "analyst")
    }
    assert "needs the role analyst" in said["viewer"]
    assert "needs the role analyst" not in said["analyst"]
