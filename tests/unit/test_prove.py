"""`make prove`: steps run in order, what is proven is not run again, and a failure does not stop the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from prove import PROJECT, main, read_steps, source_hash


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A project with three steps that count their runs, the second of which fails while `broken` is there."""
    project = tmp_path / "toy"
    (project / "bench").mkdir(parents=True)
    (project / "src").mkdir()
    (project / "src" / "a.py").write_text("1")
    (project / "broken").touch()
    steps = {
        "first": "echo run >> first.runs; echo in $PWD",
        "second": "echo run >> second.runs; test ! -e broken",
        "third": "echo run >> third.runs; seq 99; echo $PROVE_SOURCE",
    }
    text = "".join(
        f'[[step]]\nname = "{name}"\nshows = "that {name} runs"\ncommand = "{command}"\ndepends_on = ["src"]\n'
        for name, command in steps.items()
    )
    (project / "bench" / "prove.toml").write_text(text)
    return project


def runs(project: Path) -> list[int]:
    files = [project / f"{name}.runs" for name in ("first", "second", "third")]
    return [len(file.read_text().split()) if file.exists() else 0 for file in files]


def record(project: Path, name: str) -> dict[str, Any]:
    return json.loads((project / "bench" / "results" / "prove" / f"{name}.json").read_text())


def test_a_failure_does_not_stop_the_rest_and_is_told_at_the_end(toy: Path) -> None:
    assert main([], toy) == 1
    assert runs(toy) == [1, 1, 1]
    assert [record(toy, name)["exit_code"] for name in ("first", "second", "third")] == [0, 1, 0]


def test_only_what_is_not_proven_runs_again(toy: Path) -> None:
    main([], toy)
    (toy / "broken").unlink()
    assert main([], toy) == 0
    assert runs(toy) == [1, 2, 1]
    assert main([], toy) == 0
    assert runs(toy) == [1, 2, 1]


@pytest.mark.parametrize("change", ["content", "name", "new file", "command"])
def test_another_source_is_proven_anew(toy: Path, change: str) -> None:
    main(["--only", "first"], toy)
    source, listing = toy / "src" / "a.py", toy / "bench" / "prove.toml"
    match change:
        case "content":
            source.write_text("2")
        case "name":
            source.rename(toy / "src" / "b.py")
        case "new file":
            (toy / "src" / "sub").mkdir()
            (toy / "src" / "sub" / "c.py").touch()
        case "command":
            listing.write_text(listing.read_text().replace("echo in", "echo now in"))
    assert main(["--only", "first"], toy) == 0
    assert runs(toy) == [2, 0, 0]


def test_caches_of_python_are_no_source(toy: Path) -> None:
    step = read_steps(toy / "bench" / "prove.toml")[0]
    before = source_hash(toy, step)
    (toy / "src" / "__pycache__").mkdir()
    (toy / "src" / "__pycache__" / "a.pyc").touch()
    assert source_hash(toy, step) == before


def test_again_runs_what_was_proven(toy: Path) -> None:
    main(["--only", "first", "--only", "third"], toy)
    assert main(["--only", "first", "--again"], toy) == 0
    assert runs(toy) == [2, 0, 1]


def test_the_list_runs_nothing(toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--only", "first"], toy)
    capsys.readouterr()
    assert main(["--list"], toy) == 0
    assert capsys.readouterr().out.splitlines() == [
        "proven  first: that first runs",
        "to do   second: that second runs",
        "to do   third: that third runs",
    ]
    assert runs(toy) == [1, 0, 0]


def test_a_record_says_when_where_and_from_what(toy: Path) -> None:
    main(["--only", "first", "--only", "third"], toy)
    found = record(toy, "first")
    assert found["source_hash"] == source_hash(toy, read_steps(toy / "bench" / "prove.toml")[0])
    assert found["machine"]["cores"] >= 1
    assert found["machine"]["python_loop_s"] > 0
    assert found["finished_at"].endswith("+00:00")
    assert found["last_lines"] == ["in ."], "the place of the project is nobody's business"
    third = record(toy, "third")
    assert third["last_lines"] == [*(str(number) for number in range(76, 100)), third["source_hash"][:12]]


def test_wrong_use_is_told(toy: Path) -> None:
    with pytest.raises(SystemExit, match="no step is called fourth"):
        main(["--only", "fourth"], toy)
    listing = toy / "bench" / "prove.toml"
    text = listing.read_text()
    listing.write_text(text.replace('name = "third"', 'name = "second"'))
    with pytest.raises(SystemExit, match="two steps have one name"):
        main([], toy)
    listing.write_text(text.replace('depends_on = ["src"]', 'depends_on = ["source"]'))
    with pytest.raises(SystemExit, match="depends on source, which is not there"):
        main([], toy)
    listing.write_text(text.replace('shows = "that first runs"\n', ""))
    with pytest.raises(SystemExit, match="a step has no 'shows'"):
        main([], toy)


def test_the_projects_own_list_can_be_used() -> None:
    steps = read_steps(PROJECT / "bench" / "prove.toml")
    assert all(source_hash(PROJECT, step) for step in steps)
