"""A TCP proxy on loopback that can cut its connections or slow them down: a bad network, made to order."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

from zipotify.runtime.ports import LOOPBACK

_CHUNK_BYTES = 64 * 1024


class Proxy:
    """Passes on what comes to `port` to `target`, until it is closed."""

    def __init__(self, port: int, target: int) -> None:
        self._target = target
        self._delay_s = 0.0
        self._is_cut = False
        self._open: set[socket.socket] = set()
        self._server = socket.create_server((LOOPBACK, port))
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, for_s: float) -> None:
        """Drop every connection, and refuse new ones for so long."""
        self._is_cut = True
        for end in list(self._open):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        time.sleep(for_s)
        self._is_cut = False

    def slow(self, for_s: float, delay_s: float) -> None:
        """Hold each piece back by `delay_s` for so long."""
        self._delay_s = delay_s
        time.sleep(for_s)
        self._delay_s = 0.0

    def close(self) -> None:
        """End it."""
        self._server.close()
        self.cut(0)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                self._connect(client)

    def _connect(self, client: socket.socket) -> None:
        try:
            if self._is_cut:
                raise ConnectionRefusedError
            server = socket.create_connection((LOOPBACK, self._target), timeout=10)
            server.settimeout(None)
        except OSError:
            client.close()
            return
        self._open |= {client, server}
        for source, sink in ((client, server), (server, client)):
            threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK_BYTES):
                time.sleep(self._delay_s)
                sink.sendall(data)
        for end in (source, sink):
            self._open.discard(end)
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
