"""One home: its lock says who holds it, its secrets are its owner's, and a dead broker has no address."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from zipotify.errors import HomeInUseError, MissingInputError
from zipotify.home import Home

_HOLDER = """\
import sys
from pathlib import Path
from zipotify.home import Home
with Home(Path(sys.argv[3])).lock(sys.argv[2]):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_by_another_process(home: Home, part: str) -> Iterator[subprocess.Popen[str]]:
    """A real second process that holds the lock until it is ended."""
    call = [sys.executable, "-c", _HOLDER, "load", part, str(home.root)]
    with subprocess.Popen(call, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_lock_says_who_holds_it(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with held_by_another_process(home, "lake") as process:
        with pytest.raises(HomeInUseError) as raised, home.lock("lake"):
            pytest.fail("two processes hold one lock")
        assert f"its lake is held by `-c load lake` (process {process.pid}, since 20" in raised.value.what
        assert "zipotify down" in raised.value.to_do
        with home.lock("warehouse"):
            pass
    with home.lock("lake"):
        pass


def test_a_killed_holder_leaves_the_lock_free(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with held_by_another_process(home, "home") as process:
        process.kill()
        process.wait()
        with home.lock("home"):
            assert json.loads((home.run / "home.holder.json").read_text())["pid"] == os.getpid()


def test_one_process_cannot_hold_a_part_twice(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with home.lock("lake"), pytest.raises(HomeInUseError, match=f"process {os.getpid()}"), home.lock("lake"):
        pytest.fail("held twice")


def test_an_error_inside_frees_the_lock(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with pytest.raises(KeyError), home.lock("lake"):
        raise KeyError
    with home.lock("lake"):
        pass


@pytest.mark.parametrize("record", ["", "not json", "{}"])
def test_a_damaged_record_of_the_holder_stops_no_message(tmp_path: Path, record: str) -> None:
    home = Home(tmp_path)
    with home.lock("lake"):
        (home.run / "lake.holder.json").write_text(record)
        with pytest.raises(HomeInUseError, match="held by another process"), home.lock("lake"):
            pytest.fail("held twice")


def test_nothing_is_created_by_naming_places(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    places = [getattr(home, name) for name, kind in vars(Home).items() if isinstance(kind, property)]
    assert len(places) == len(set(places)) > 5
    assert all(home.root in place.parents for place in places)
    assert not home.root.exists()
    with pytest.raises(MissingInputError, match="there is no home at"):
        home.require()


def test_secrets_are_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    home = Home(tmp_path)
    secret = home.secret("user.key")
    assert (len(secret), home.secret("user.key")) == (32, secret)
    assert home.secret("other.key") != secret
    assert Home(tmp_path / "b").secret("user.key") != secret
    folder = tmp_path / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {
        "user.key": 0o600,
        "other.key": 0o600,
    }


def test_all_who_start_at_once_get_the_same_secret(tmp_path: Path) -> None:
    """A secret that is read while it is being written would give users two keys."""
    for number in range(20):
        home = Home(tmp_path / str(number))
        with ThreadPoolExecutor(8) as pool:
            secrets = set(pool.map(lambda _, home=home: home.secret("user.key"), range(8)))  # type: ignore[misc]
        assert len(secrets) == 1
        assert len(secrets.pop()) == 32


def address_written(home: Home, pid: int, started_s: float) -> None:
    home.run.mkdir(parents=True, exist_ok=True)
    record = {"address": "127.0.0.1:9", "pid": pid, "started_s": started_s}
    (home.run / "broker.json").write_text(json.dumps(record))


def test_the_brokers_address_holds_while_its_process_lives(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert home.broker_address() is None
    me = psutil.Process()
    address_written(home, me.pid, me.create_time())
    assert home.broker_address() == "127.0.0.1:9"
    address_written(home, me.pid, me.create_time() - 3600)
    assert home.broker_address() is None, "the number was taken over by another process"


def test_the_address_of_a_dead_broker_is_not_handed_out(tmp_path: Path) -> None:
    """Dead means ended or a zombie, as processes stay in a container whose first process waits for nobody."""
    home = Home(tmp_path)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        address_written(home, process.pid, psutil.Process(process.pid).create_time())
        assert home.broker_address() is not None
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert home.broker_address() is None, "a zombie"
        process.wait()
        assert home.broker_address() is None, "gone"


def test_an_address_stands_while_it_can_be_used_and_the_first_one_keeps_it(tmp_path: Path) -> None:
    home, me = Home(tmp_path), os.getpid()
    with home.address_written("dashboard", "http://127.0.0.1:1", me):
        with home.address_written("dashboard", "http://127.0.0.1:2", me):
            assert home.dashboard_address() == "http://127.0.0.1:1"
        assert home.dashboard_address() == "http://127.0.0.1:1"
    assert home.dashboard_address() is None
