"""The supervisor's client on a socket that comes late: how a start and a restart look to it."""

from __future__ import annotations

import socketserver
import threading
from pathlib import Path
from xmlrpc.server import SimpleXMLRPCDispatcher, SimpleXMLRPCRequestHandler

import pytest

from zipotify.home import Home
from zipotify.ops.supervisor import Supervisor, socket_path


class _Handler(SimpleXMLRPCRequestHandler):
    rpc_paths = ("/RPC2", "/")
    disable_nagle_algorithm = False

    def address_string(self) -> str:
        return "socket"

    def log_message(self, *_: object) -> None:
        pass


class _Server(socketserver.UnixStreamServer, SimpleXMLRPCDispatcher):
    def __init__(self, path: str) -> None:
        self.logRequests = False
        SimpleXMLRPCDispatcher.__init__(self)
        socketserver.UnixStreamServer.__init__(self, path, _Handler)
        self.register_function(lambda: {"statename": "RUNNING"}, "supervisor.getState")


def test_a_client_that_asked_too_early_gets_its_answer_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    home = Home(tmp_path / "home")
    home.run.mkdir(parents=True)
    client = Supervisor(home)
    assert not client.answers()
    assert not client.answers()
    with _Server(str(socket_path(home))) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        assert client.answers()
