"""One user may not take the machine with queries: so many at a time, and others are not kept waiting by them."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from contextvars import copy_context

import pytest

from support.command import wait_until
from zipotify.access.identity import Identity, set_current
from zipotify.access.roles import Role
from zipotify.dashboard import sandbox
from zipotify.errors import QueryError
from zipotify.settings import Settings


def ask_as(settings: Settings, name: str) -> str:
    """What a query of that user is told; without anything published, it is always something."""
    with pytest.raises(QueryError) as refused:
        copy_context().run(lambda: (set_current(Identity(name, Role.ANALYST)), sandbox.run_sql(settings, "select 1")))
    return refused.value.what


def test_a_third_query_of_one_user_is_refused_and_others_go_on(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "WAIT_S", 0.05)
    done, inside = threading.Event(), threading.Barrier(sandbox.QUERIES_AT_ONCE + 1)

    def hold() -> None:
        set_current(Identity("ann", Role.ANALYST))
        with sandbox._turn():
            inside.wait(60)
            done.wait(60)

    threads = [threading.Thread(target=hold, daemon=True) for _ in range(sandbox.QUERIES_AT_ONCE)]
    with ExitStack() as stack:
        stack.callback(done.set)
        for thread in threads:
            thread.start()
        inside.wait(60)
        assert ask_as(settings, "ann") == "2 queries of yours run already"
        assert "nothing has been published" in ask_as(settings, "bob")
    for thread in threads:
        thread.join(60)
    assert "nothing has been published" in ask_as(settings, "ann")


def test_a_query_that_waits_gets_its_turn(settings: Settings) -> None:
    told: list[str] = []
    with sandbox._turn(), sandbox._turn():
        waiting = threading.Thread(target=lambda: told.append(ask_as(settings, "local")), daemon=True)
        waiting.start()
        assert told == []
    wait_until(lambda: bool(told), "its turn")
    assert "nothing has been published" in told[0]
