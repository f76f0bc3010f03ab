"""Free ports on loopback."""

from __future__ import annotations

import socket

from zipotify.errors import PortTakenError

LOOPBACK = "127.0.0.1"
_SEARCH_COUNT = 200


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen there now (ports still in TIME_WAIT count as free, as they do for servers)."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def require_free(port: int, host: str = LOOPBACK) -> int:
    """The port, or PortTakenError."""
    if not is_free(port, host):
        raise PortTakenError(
            f"port {port} on {host} is in use or not allowed",
            "stop what uses it (`ss -ltnp` shows it) or choose another with --port",
        )
    return port


def next_free(wanted: int, host: str = LOOPBACK) -> int:
    """The wanted port, or the first free one after it; raises PortTakenError when none is near."""
    last = min(wanted + _SEARCH_COUNT, 65535)
    for port in range(wanted, last + 1):
        if is_free(port, host):
            return port
    raise PortTakenError(f"no free port from {wanted} to {last} on {host}", "choose another with --port")


def any_free(host: str = LOOPBACK) -> int:
    """A port that the system picks."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
