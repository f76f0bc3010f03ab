"""Accounts, sessions, tokens and the audit log, each at fixed instants."""

from __future__ import annotations

import stat
from collections.abc import Callable

import pytest
from argon2 import PasswordHasher
from sqlalchemy.engine import Engine

from zipotify.access.accounts import FAILURES_TO_LOCK, LOCK_S, Accounts
from zipotify.access.audit import AuditLog
from zipotify.access.headers import sandboxed_policy, security_headers, told
from zipotify.access.identity import Identity, require, set_current
from zipotify.access.login import Form, LoginForms, local_path, read_form
from zipotify.access.protect import gate_of
from zipotify.access.request import is_loopback
from zipotify.access.roles import Role, need_of
from zipotify.access.sessions import GRACE_S, IDLE_S, LONGEST_S, RENEW_S, Sessions
from zipotify.access.store import open_store
from zipotify.access.tokens import Tokens
from zipotify.errors import ForbiddenError, UsageError, ZipotifyError
from zipotify.settings import Settings, load_settings

PASSWORD = "correct horse battery"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Cheap on purpose; one test takes the real cost."""


class Clock:
    """Time as the test sets it."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(settings: Settings) -> Engine:
    return open_store(settings.home)


def test_a_password_is_right_or_it_is_not(engine: Engine, settings: Settings) -> None:
    accounts = Accounts(engine)  # with the real cost, once
    accounts.add("ann", Role.ANALYST, PASSWORD)
    generated = accounts.add("bob", Role.VIEWER)
    assert accounts.check("ann", PASSWORD).role is Role.ANALYST
    assert accounts.check("bob", generated).must_change
    for name, password in (("ann", PASSWORD + "!"), ("ann", ""), ("nobody", PASSWORD), ("bob", PASSWORD)):
        assert accounts.check(name, password) is None
    stored = settings.home.access_file.read_bytes()
    assert b"$argon2id$" in stored
    assert PASSWORD.encode() not in stored
    assert stat.S_IMODE(settings.home.access_file.stat().st_mode) == 0o600


def test_too_many_wrong_passwords_lock(engine: Engine, clock: Clock) -> None:
    accounts = Accounts(engine, clock, QUICK)
    accounts.add("ann", Role.VIEWER, PASSWORD)
    for _ in range(FAILURES_TO_LOCK - 1):
        assert accounts.check("ann", "wrong") is None
    assert accounts.check("ann", PASSWORD)  # not yet, and the count starts over
    for _ in range(FAILURES_TO_LOCK):
        assert accounts.check("ann", "wrong") is None
    assert accounts.check("ann", PASSWORD) is None
    assert accounts.find("ann").is_locked
    clock.now += LOCK_S
    assert accounts.check("ann", PASSWORD)
    for _ in range(FAILURES_TO_LOCK):
        accounts.check("ann", "wrong")
    accounts.unlock("ann")
    assert accounts.check("ann", PASSWORD)


@pytest.mark.parametrize("name", ["", "Ann", "a b", "../etc", "a\nb", "x" * 65, "ann'--"])
def test_names_are_plain(engine: Engine, name: str) -> None:
    with pytest.raises(UsageError, match="cannot name"):
        Accounts(engine, hasher=QUICK).add(name, Role.VIEWER)


@pytest.mark.parametrize("password", ["short", "x" * 257])
def test_passwords_have_a_length(engine: Engine, password: str) -> None:
    with pytest.raises(UsageError, match="too short or too long"):
        Accounts(engine, hasher=QUICK).add("ann", Role.VIEWER, password)


def test_a_session_is_renewed_and_ends(engine: Engine, clock: Clock) -> None:
    Accounts(engine, hasher=QUICK).add("ann", Role.ANALYST, PASSWORD)
    sessions = Sessions(engine, clock)
    first = sessions.begin("ann")
    assert sessions.find(first).identity == Identity("ann", Role.ANALYST, csrf=sessions.find(first).identity.csrf)
    assert sessions.find("made-up") is None
    clock.now += RENEW_S
    second = sessions.find(first).new_cookie
    assert second not in (None, first)
    assert sessions.find(first).new_cookie is None
    clock.now += GRACE_S + 1
    assert sessions.find(first) is None
    assert sessions.find(second)
    sessions.end(second)
    assert sessions.find(second) is None


@pytest.mark.parametrize(("step_s", "limit_s"), [(IDLE_S + 1, IDLE_S), (IDLE_S // 2, LONGEST_S)])
def test_a_session_ends_by_idleness_and_by_age(engine: Engine, clock: Clock, step_s: int, limit_s: int) -> None:
    Accounts(engine, hasher=QUICK).add("ann", Role.VIEWER, PASSWORD)
    sessions = Sessions(engine, clock)
    cookie, began = sessions.begin("ann"), clock.now
    while (found := sessions.find(cookie)) is not None:
        cookie = found.new_cookie or cookie
        clock.now += step_s
    assert limit_s < clock.now - began <= limit_s + step_s


@pytest.mark.parametrize("change", [lambda a: a.remove("ann"), lambda a: a.set_password("ann", PASSWORD + " 2")])
def test_sessions_end_with_account_or_password(engine: Engine, change: Callable[[Accounts], None]) -> None:
    accounts = Accounts(engine, hasher=QUICK)
    accounts.add("ann", Role.VIEWER, PASSWORD)
    cookie = Sessions(engine).begin("ann")
    change(accounts)
    assert Sessions(engine).find(cookie) is None


def test_tokens_are_scoped_end_and_can_be_revoked(engine: Engine, clock: Clock, settings: Settings) -> None:
    tokens = Tokens(engine, clock)
    made = tokens.add("prometheus", Role.VIEWER, ["metrics"], days=1)
    identity = tokens.find(made)
    assert identity.may(Role.VIEWER, "metrics")
    assert not identity.may(Role.VIEWER, "api")
    assert not identity.may(Role.ANALYST, "metrics")
    assert made.rpartition("_")[2].encode() not in settings.home.access_file.read_bytes()
    for wrong in (made[:-1] + ("A" if made[-1] != "A" else "B"), made + "A", "", "zip_" + "0" * 12 + "_" + "A" * 43):
        assert tokens.find(wrong) is None
    clock.now += 86_400
    assert tokens.find(made) is None
    other = tokens.add("x", Role.ADMIN, ["api", "sql"], days=30)
    tokens.revoke(other.split("_")[1])
    assert tokens.find(other) is None
    with pytest.raises(UsageError, match="no such scope"):
        tokens.add("x", Role.ADMIN, ["everything"], days=1)


def test_the_audit_log_is_a_chain(settings: Settings) -> None:
    log = AuditLog(settings.home)
    for number in range(3):
        log.append("ann\n{}", "looked\x1b[31m", number=number, text="x" * 2000)
    assert log.verify()[0] == 3
    lines = log.path.read_bytes().splitlines()
    assert len(lines) == 3
    assert b"\x1b" not in log.path.read_bytes()
    assert [row["number"] for row in log.rows()] == [0, 1, 2]
    for broken in ([lines[0], lines[2]], [lines[0].replace(b"ann", b"bob"), *lines[1:]], [b"{", *lines[1:]]):
        log.path.write_bytes(b"\n".join(broken) + b"\n")
        with pytest.raises(ZipotifyError, match="was changed before line"):
            log.verify()


def test_forms_are_ours_and_of_this_browser() -> None:
    forms = LoginForms(b"k" * 32)
    page, cookie = forms.page("/music?period=7d", "<script>")
    assert "<script>" not in page
    token = page.partition('name="token" value="')[2].partition('"')[0]
    assert forms.is_genuine(Form("a", "b", "/", token), cookie)
    assert not forms.is_genuine(Form("a", "b", "/", token), "another")
    assert not forms.is_genuine(Form("a", "b", "/", token + "x"), cookie)
    assert not LoginForms(b"o" * 32).is_genuine(Form("a", "b", "/", token), cookie)
    assert read_form(b"name=%20Ann&password=a%26b&next=//evil&x=%ff") == Form("ann", "a&b", "/", "")


@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example", "/\\evil", "evil", "javascript:x", "/a\r\nb"]
)
def test_nobody_is_sent_elsewhere(path: str) -> None:
    assert local_path(path) == "/"


@pytest.mark.parametrize(
    ("path", "role"),
    [
        *(("/", 1), ("/overview/", 1), ("/explore", 2), ("/api/v1/tiles", 1), ("/api/v1/sql", 2)),
        *(("/api/v1/admin/x", 3), ("//explore", 3), ("/Explore", 3), ("/new", 3), ("/assets/x.js", 1)),
        ("/_dash-update-component", 1),
    ],
)
def test_what_is_not_listed_needs_an_admin(path: str, role: int) -> None:
    assert need_of(path).role == role


def test_whoever_answers_can_ask_for_a_role() -> None:
    assert require(Role.ADMIN).name == "local"
    set_current(Identity("vic", Role.VIEWER))
    try:
        with pytest.raises(ForbiddenError, match="analyst"):
            require(Role.ANALYST, "sql")
    finally:
        set_current(Identity("local", Role.ADMIN))


@pytest.mark.parametrize(
    ("host", "is_local"),
    [
        *(("127.0.0.1", True), ("127.1.2.3", True), ("::1", True), ("localhost", True), ("0.0.0.0", False)),
        *(("::", False), ("10.0.0.1", False), ("music.example", False), ("", False)),
    ],
)
def test_what_counts_as_loopback(host: str, is_local: bool) -> None:
    assert is_loopback(host) is is_local


def test_the_first_account_is_made_when_others_can_reach_us(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gate_of(settings).accounts.all() == []
    outside = load_settings(settings.home_path, dashboard_host="0.0.0.0")
    gate = gate_of(outside)
    file = settings.home.root / "secrets" / "first-password"
    password = file.read_text().strip()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert gate.accounts.check("admin", password).role is Role.ADMIN
    said = "".join(capsys.readouterr())
    assert str(file) in said
    assert password not in said
    gate_of(outside)
    assert file.read_text().strip() == password


_OURS = security_headers(["'sha256-ours'"])


@pytest.mark.parametrize("given", [b"none at all", b"default-src *", b"x; sandbox allow-scripts"])
def test_no_answer_brings_a_policy_of_its_own(given: bytes) -> None:
    assert dict(told([(b"Content-Security-Policy", given)], _OURS)) == dict(_OURS)


def test_only_a_page_in_a_sandbox_keeps_its_policy() -> None:
    policy = sandboxed_policy("'sha256-theirs'").encode()
    kept = dict(told([(b"content-type", b"text/html"), (b"content-security-policy", policy)], _OURS))
    assert kept[b"content-security-policy"] == policy
    assert b"cross-origin-opener-policy" not in kept
    assert {b"content-type", b"x-frame-options", b"x-content-type-options"} <= kept.keys()
    rules = dict(rule.partition(" ")[::2] for rule in policy.decode().split("; "))
    assert (rules["sandbox"], rules["default-src"]) == ("allow-scripts", "'none'"), "an origin of its own, no requests"
    assert rules["script-src"] == "'sha256-theirs'"
