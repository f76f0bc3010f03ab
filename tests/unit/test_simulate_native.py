"""Machine code: it does what its source says, is kept for the next process, and old builds go."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.simulation import plan
from zipotify.runtime.kept import kept_folder
from zipotify.simulate.draws import Draws
from zipotify.simulate.engine import Simulation, rules_of
from zipotify.simulate.native import order
from zipotify.simulate.native.steps import Music, Rows, Users
from zipotify.simulate.native.walk import walk
from zipotify.simulate.plan import Extras
from zipotify.simulate.population import Population

NUMBERS = st.lists(st.integers(-(2**40), 2**40) | st.integers(0, 5), max_size=60)


@settings(max_examples=60, deadline=None)
@given(values=NUMBERS)
def test_order_and_distinct_values_are_numpys(values: list[int]) -> None:
    given_values = np.array(values, np.int64)
    assert order.by_value(given_values).tolist() == np.argsort(given_values, kind="stable").tolist()
    found, which = order.distinct(given_values)
    assert found[which].tolist() == values
    assert found.tolist() == list(dict.fromkeys(values))


def walked(compiled: bool) -> list[list[float]]:
    """Two days of a few users, some of them bots, by the machine code or by the Python that it was made from."""
    made = plan(n_users=12, end="2024-01-03", extras=Extras(played=True, bots=0.3))
    simulation, songs, count = Simulation(made), made.songs, 20_000
    people = Population(made, Draws(made.seed))
    at = {key: values for key, values in simulation.snapshot().items() if key not in ("user_id", "clock_s")}
    users = Users(people.user_id, people.alpha, people.beta, people.leaves_s, people.is_bot, **at)
    kinds = [np.int64, np.int64, *[np.int32] * 4, np.bool_, np.int32]
    rows = Rows(*(np.zeros(count, kind) for kind in kinds))
    music = Music(songs.shares[None, :], songs.guide[None, :], 0, songs.whole_s, songs.length_ms)
    run = walk if compiled else walk.function
    reached = np.zeros(1, np.int64)
    with np.errstate(over="ignore"):
        filled = run(rules_of(made, Draws(made.seed)), music, users, rows, reached, made.start_s, made.end_s)
    assert reached[0] == 12
    return [column[:filled].tolist() for column in (*rows, users.t, users.state, users.song_end)]


def test_machine_code_does_what_its_source_does() -> None:
    found = walked(compiled=True)
    assert found == walked(compiled=False)
    assert len(found[0]) > 50


def test_arrays_with_gaps_are_refused() -> None:
    with pytest.raises(TypeError, match="contiguous"):
        order.by_value(np.arange(20)[::2])


PROBE = """
import json, sys
from zipotify.simulate.native.order import by_value
import numpy as np
print(json.dumps([by_value(np.array([3, 1, 2])).tolist(), "numba" in sys.modules]))
"""


def probed(cache: Path) -> list[object]:
    environment = {**os.environ, "ZIPOTIFY_CACHE": str(cache)}
    done = subprocess.run([sys.executable, "-c", PROBE], env=environment, capture_output=True, text=True, check=True)
    found: list[object] = json.loads(done.stdout)
    return found


def test_what_was_compiled_is_loaded_without_the_compiler(tmp_path: Path) -> None:
    assert probed(tmp_path) == [[1, 2, 0], True]
    assert probed(tmp_path) == [[1, 2, 0], False]


def test_where_nothing_can_be_kept_it_is_compiled_each_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for _ in range(2):
        assert probed(tmp_path / "file") == [[1, 2, 0], True]


def test_a_run_into_parquet_imports_no_pandas(tmp_path: Path) -> None:
    """Which Arrow does by itself, for half a second in each process, when it is handed lists or NumPy arrays."""
    size = ["-n", "20", "-s", "2024-01-01", "-e", "2024-01-03", "-q", "--catalog", "builtin", "--format", "parquet"]
    call = ["zipotify", "simulate", *size, str(tmp_path / "out")]
    script = "import atexit, sys, zipotify.cli; atexit.register(lambda: print('pandas' in sys.modules)); "
    done = subprocess.run(
        [sys.executable, "-c", f"{script}sys.argv = {call}; zipotify.cli.main()"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "False"
    assert list((tmp_path / "out").rglob("*.parquet"))


def test_old_builds_go_and_those_in_use_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZIPOTIFY_CACHE", str(tmp_path))
    folders = []
    for number in range(9):
        folder = kept_folder("compiled", [], str(number))
        assert folder is not None
        os.utime(folder, (number, number))
        folders.append(folder)
        os.utime(folders[0])  # somebody uses the first one all the time
    assert kept_folder("compiled", [], "0") == folders[0]
    left = set((tmp_path / "compiled").iterdir())
    assert folders[0] in left
    assert folders[8] in left
    assert len(left) == 6
