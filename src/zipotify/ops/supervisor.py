"""One supervisord a home: its configuration, starting and stopping it, and asking it how the parts do."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from zipotify.errors import ConfigError, ZipotifyError
from zipotify.home import Home
from zipotify.ops.parts import Part
from zipotify.runtime.processes import end_with_parent, last_lines

_LONGEST_SOCKET_PATH = 100
"""The kernel's limit is 108 with the final zero; supervisord adds a suffix while it binds."""
_START_LIMIT_S = 60.0
_START_ATTEMPTS = 4
_LOG_BYTES = 5 * 2**20
_COMMENT = re.compile(r"\s[;#]|[\r\n]")

ALIVE = ("STARTING", "RUNNING")
ENDED = ("STOPPED", "EXITED", "FATAL")


@dataclass(frozen=True)
class ProcessState:
    """What supervisord says of one part."""

    name: str
    state: str
    """supervisord's word: STOPPED, STARTING, RUNNING, BACKOFF, STOPPING, EXITED, FATAL or UNKNOWN."""
    pid: int
    started_s: int
    """When the present process started; changes with a restart."""
    note: str


def socket_path(home: Home) -> Path:
    """Where supervisord listens: in the home, or in a private folder when that path would be too long for a socket."""
    path = home.run / "supervisor.sock"
    if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
        return path
    name = hashlib.sha256(os.fsencode(home.root)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"zipotify-{os.getuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise ZipotifyError(f"{folder} belongs to somebody else", "use a --home with a shorter path")
    return folder / "supervisor.sock"


def configuration(home: Home, parts: tuple[Part, ...]) -> str:
    """Text of supervisord's configuration; parts start only when they are told to."""
    sections = [_general(home)]
    sections += [_program(home, part, number) for number, part in enumerate(parts, start=1)]
    return "\n".join(sections)


class _Transport(SupervisorTransport):  # type: ignore[misc]
    """Begins anew after a failure: a connection that failed once would refuse every later request."""

    def request(self, *arguments: Any, **options: Any) -> Any:
        try:
            return super().request(*arguments, **options)
        except (OSError, http.client.HTTPException):
            self.close()
            raise


class Supervisor:
    """A client of the supervisord of one home."""

    def __init__(self, home: Home) -> None:
        self._home = home
        transport = _Transport(None, None, serverurl=f"unix://{socket_path(home)}")
        self._rpc: Any = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport).supervisor

    def answers(self) -> bool:
        """Whether a supervisord runs for this home; one that is shutting down still does."""
        try:
            self._rpc.getState()
        except xmlrpc.client.Fault:
            return True
        except (OSError, xmlrpc.client.Error, http.client.HTTPException):
            return False
        return True

    def states(self) -> dict[str, ProcessState]:
        """All parts by name; none when it does not run or is shutting down."""
        try:
            found = self._rpc.getAllProcessInfo()
        except (OSError, xmlrpc.client.Error, http.client.HTTPException):
            return {}
        return {p["name"]: ProcessState(p["name"], p["statename"], p["pid"], p["start"], p["spawnerr"]) for p in found}

    def start_part(self, name: str) -> None:
        """Start it and return at once."""
        self._rpc.startProcess(name, False)

    def stop_part(self, name: str) -> None:
        """Ask it to stop and return at once."""
        self._rpc.stopProcess(name, False)

    def stop_and_wait(self, name: str) -> None:
        """Stop it, however long that takes."""
        self._rpc.stopProcess(name, True)

    def restart_part(self, name: str) -> None:
        """Stop it, however long that takes, and start it again."""
        self.stop_and_wait(name)
        self.start_part(name)

    def shut_down(self) -> None:
        """Stop all parts in reverse order, then supervisord; returns at once."""
        self._rpc.shutdown()


def start_supervisor(home: Home, parts: tuple[Part, ...], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start supervisord as a child that never outlives this process; its parts wait to be started."""
    for folder in (home.run, home.logs):
        folder.mkdir(parents=True, exist_ok=True)
    file = home.run / "supervisord.conf"
    file.write_text(configuration(home, parts))
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "supervisor.supervisord", "-c", str(file)],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=end_with_parent(signal.SIGTERM),
        # Its own group, so that Ctrl-C in the terminal reaches only us, and parts stop in their order.
        process_group=0,
    )
    _await_answer(home, process)
    return process


def stop_limit_s(parts: tuple[Part, ...]) -> float:
    """Longest time that stopping everything may take."""
    return sum(part.stop_limit_s for part in parts) + 30.0


def _await_answer(home: Home, process: subprocess.Popen[bytes]) -> None:
    client = Supervisor(home)
    deadline = time.monotonic() + _START_LIMIT_S
    while not client.answers():
        if process.poll() is not None or time.monotonic() > deadline:
            log = home.logs / "supervisord.log"
            raise ZipotifyError(f"the supervisor did not start:\n{last_lines(log, 5)}", f"see {log}")
        time.sleep(0.1)


def _general(home: Home) -> str:
    return f"""\
[unix_http_server]
file = {_escaped(socket_path(home))}
chmod = 0700

[supervisord]
nodaemon = true
silent = true
logfile = {_escaped(home.logs / "supervisord.log")}
logfile_maxbytes = {_LOG_BYTES}
logfile_backups = 1
pidfile = {_escaped(home.run / "supervisord.pid")}
identifier = zipotify
{"user = root" if os.getuid() == 0 else ""}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""


def _program(home: Home, part: Part, number: int) -> str:
    """TERM goes to the verb alone, which stops its own children in good order; KILL goes to all of its group."""
    command = [sys.executable, "-m", "zipotify.ops.child", *part.arguments, "--home", str(home.root)]
    return f"""\
[program:{part.name}]
command = {_escaped(shlex.join(command))}
priority = {number}
autostart = false
autorestart = true
startsecs = {part.settle_s}
startretries = {_START_ATTEMPTS}
stopsignal = TERM
stopwaitsecs = {part.stop_limit_s}
stopasgroup = false
killasgroup = true
redirect_stderr = true
stdout_logfile = {_escaped(_escaped(home.logs / f"{part.name}.log"))}
stdout_logfile_maxbytes = {_LOG_BYTES}
stdout_logfile_backups = 2
"""


def _escaped(value: object) -> str:
    """supervisord expands %(name)s everywhere (in stdout_logfile even twice) and has no word for comment signs."""
    text = str(value)
    if _COMMENT.search(text):
        raise ConfigError(f"supervisord cannot use a path with ' ;' or ' #': {text}", "use another --home or checkout")
    return text.replace("%", "%%")
