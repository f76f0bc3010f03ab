"""supervisord's configuration in awkward places, and a real one without parts of ours."""

from __future__ import annotations

import dataclasses
import os
import shlex
import stat
from pathlib import Path
from typing import Any

import pytest
from supervisor.options import ServerOptions

from support.command import environment, wait_until
from zipotify.errors import ConfigError
from zipotify.home import Home
from zipotify.ops.parts import PARTS, Part
from zipotify.ops.supervisor import (
    ENDED,
    Supervisor,
    configuration,
    socket_path,
    start_supervisor,
    stop_limit_s,
)
from zipotify.runtime.processes import stop_process

_LIMIT_S = 120.0


def read_by_supervisord(home: Home) -> ServerOptions:
    """The configuration as supervisord itself reads it."""
    for folder in (home.run, home.logs):
        folder.mkdir(parents=True, exist_ok=True)
    file = home.run / "supervisord.conf"
    file.write_text(configuration(home, PARTS))
    options = ServerOptions()
    options.realize(["-c", str(file)])
    return options


_USUAL = ["plain", "100% mine", "%(here)s", "it's", 'say "x"', "ü", "a;b#c", "$HOME", "back\\slash"]


@pytest.mark.parametrize("name", _USUAL)
def test_any_usual_path_comes_through(tmp_path: Path, name: str) -> None:
    home = Home(tmp_path / name)
    options: Any = read_by_supervisord(home)
    groups = {group.name: group.process_configs[0] for group in options.process_group_configs}
    assert list(groups) == [part.name for part in PARTS]
    assert options.logfile == str(home.logs / "supervisord.log")
    assert options.pidfile == str(home.run / "supervisord.pid")
    assert options.server_configs[0]["file"] == str(socket_path(home))
    for part in PARTS:
        process = groups[part.name]
        assert shlex.split(process.command)[-len(part.arguments) - 2 :] == [*part.arguments, "--home", str(home.root)]
        assert process.stdout_logfile == str(home.logs / f"{part.name}.log")
        assert process.stopwaitsecs == part.stop_limit_s
        assert (process.autostart, process.killasgroup, process.stopasgroup) == (False, True, False)


@pytest.mark.parametrize("name", ["a ;b", "project #1", "two\nlines"])
def test_a_path_that_supervisord_would_cut_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="supervisord cannot use a path"):
        configuration(Home(tmp_path / name), PARTS)


def test_a_socket_in_a_deep_folder_moves_to_a_private_one(tmp_path: Path) -> None:
    home = Home(tmp_path / ("deep" * 30))
    path = socket_path(home)
    assert len(os.fsencode(path)) < 100
    assert path == socket_path(home)
    assert path != socket_path(Home(tmp_path / ("other" * 30)))
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    for made in (path, socket_path(Home(tmp_path / ("other" * 30)))):
        made.parent.rmdir()


def test_stopping_everything_may_take_as_long_as_its_parts() -> None:
    assert stop_limit_s(PARTS) > sum(part.stop_limit_s for part in PARTS)


def test_without_a_supervisor_nothing_answers(tmp_path: Path) -> None:
    client = Supervisor(Home(tmp_path))
    assert (client.answers(), client.states()) == (False, {})


def test_a_real_one_starts_stops_and_says_how_a_part_does(tmp_path: Path) -> None:
    """Parts wait until they are told; one that ends at once is given up."""
    home = Home(tmp_path / "50% off")
    missing = dataclasses.replace(PARTS[0], arguments=("no-such-verb",), settle_s=600)
    waiting: Part = dataclasses.replace(PARTS[1], name="ledger")
    process = start_supervisor(home, (missing, waiting), environment())
    try:
        client = Supervisor(home)
        assert client.answers()
        assert {name: state.state for name, state in client.states().items()} == {
            "broker": "STOPPED",
            "ledger": "STOPPED",
        }
        assert stat.S_IMODE(socket_path(home).stat().st_mode) == 0o700
        client.start_part("broker")
        wait_until(lambda: client.states()["broker"].state in {"BACKOFF", "FATAL"}, "a failed start", _LIMIT_S)
        assert "No such command" in (home.logs / "broker.log").read_text()
        assert client.states()["ledger"].state in ENDED
        client.shut_down()
        wait_until(lambda: not client.answers(), "the supervisor to end", _LIMIT_S)
        assert process.wait(_LIMIT_S) == 0
    finally:
        stop_process(process, _LIMIT_S)
