"""Free ports on loopback, tried with real sockets."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from zipotify.errors import PortTakenError
from zipotify.runtime import ports
from zipotify.runtime.ports import any_free, is_free, next_free, require_free


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_port_that_is_listened_on_is_taken(taken: int) -> None:
    assert not is_free(taken)
    with pytest.raises(PortTakenError, match=f"port {taken} on 127.0.0.1") as raised:
        require_free(taken)
    assert (raised.value.exit_code, "ss -ltnp" in raised.value.to_do) == (1, True)


def test_the_next_free_one_is_found(taken: int) -> None:
    found = next_free(taken)
    assert taken < found <= taken + 200
    assert require_free(found) == found


def test_one_that_the_system_picks_is_free() -> None:
    assert is_free(any_free())


def test_a_port_in_time_wait_counts_as_free() -> None:
    """A broker that restarts gets its port back at once, as servers do."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            connection, _ = server.accept()
            connection.close()
            client.recv(1)
    assert is_free(port)


def test_the_search_ends_at_the_last_port(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []
    monkeypatch.setattr(ports, "is_free", lambda port, _host: tried.append(port))
    with pytest.raises(PortTakenError, match="no free port from 65530 to 65535"):
        next_free(65530)
    assert tried == list(range(65530, 65536))


def test_a_host_that_is_not_ours_is_not_free() -> None:
    with pytest.raises(PortTakenError, match="in use or not allowed"):
        require_free(any_free(), "192.0.2.1")
