"""The proxy that chaos puts before Kafka: passes on, cuts, and is there again."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from support.command import wait_until
from zipotify.runtime.ports import any_free
from zipotify.runtime.proxy import Proxy


@pytest.fixture
def echo() -> Iterator[int]:
    """Port of a server that sends back what it gets."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=_answer, args=(client,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[1]
    server.close()


def _answer(client: socket.socket) -> None:
    with client:
        while data := client.recv(1024):
            client.sendall(data)


def _ask(connection: socket.socket, text: bytes) -> bytes:
    connection.sendall(text)
    return connection.recv(1024)


def _can_ask(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            return _ask(connection, b"again") == b"again"
    except OSError:
        return False


def test_a_cut_drops_what_is_open_and_later_connections_work(echo: int) -> None:
    port = any_free()
    proxy = Proxy(port, echo)
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        assert _ask(connection, b"hello") == b"hello"
        proxy.slow(0.0, 0.0)
        assert _ask(connection, b"still") == b"still"
        proxy.cut(0.0)
        assert _is_closed(connection)
    wait_until(lambda: _can_ask(port), "a new connection")
    proxy.close()


def _is_closed(connection: socket.socket) -> bool:
    try:
        return _ask(connection, b"gone") == b""
    except OSError:
        return True
