"""Configurations: what is refused, with its exact place; and what an accepted one is explained to mean."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from support.simulation import config, frame, plan, state
from zipotify.cli import application
from zipotify.errors import ConfigError, UsageError
from zipotify.simulate import choice
from zipotify.simulate.config import load_config, parse_config
from zipotify.simulate.explain import explain
from zipotify.simulate.faults import parse_faults
from zipotify.simulate.machine import compile_machine

HOME, SONG, HELP = state("Home"), state("NextSong", method="PUT"), state("Help")
GOOD = config([(HOME, SONG, 0.6), (HOME, HELP, 0.1), (SONG, SONG, 0.8), (HELP, HOME, 0.5)])


def saved(tmp_path: Path, raw: Any) -> Path:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(raw))
    return path


def _set(raw: Any, path: list[Any], value: Any) -> None:
    for key in path[:-1]:
        raw = raw[key]
    raw[path[-1]] = value


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["transitions", 1, "p"], 0.5, r"p adds up to 1.1 for source Home .*: transitions\[0\], transitions\[1\]"),
        (["transitions", 0, "p"], 1.5, r"'transitions\[0\]\.p' is 1\.5"),
        (["transitions", 2, "p"], -0.1, r"'transitions\[2\]\.p' is -0\.1"),
        (["transitions", 3, "dest", "page"], "Hom", r"transitions\[3\]\.dest: undefined state Hom "),
        (["transitions", 3, "source", "page"], "Ghost", r"transitions\[1\]\.dest: undefined state Help"),
        (["transitions", 1, "p"], 0.0, r"transitions\[3\]\.source: unreachable state Help"),
        (["new-session", 0, "weight"], -1, r"'new-session\[0\]\.weight' is -1"),
        (["levels", 0, "weight"], -2, r"'levels\[0\]\.weight' is -2"),
        (["levels", 0, "weight"], 0, r"auths and levels: all weights are 0"),
        (["new-session", 0, "page"], "Away", r"new-session\[0\]: undefined state Away"),
        (["transitions", 0, "source", "colour"], "red", r"unknown key 'transitions\[0\]\.source\.colour'"),
        (["alhpa"], 3, r"unknown key 'alhpa'"),
        (["alpha"], 0, r"'alpha' is 0"),
        (["damping"], 0.5, r"'damping' is 0\.5"),
        (["transitions", 0, "dest", "status"], "200", r"'transitions\[0\]\.dest\.status' is \"200\""),
        (["transitions", 0, "dest"], {"page": "Home"}, r"'transitions\[0\]\.dest\.auth' is missing"),
        (["transitions"], [], r"'transitions' is \[\]"),
        (["auths", 0, "auth"], "Guest", r"nothing starts a session for auth 'Guest' and level 'free'"),
    ],
)
def test_a_bad_configuration_is_refused_at_its_place(path: list[Any], value: Any, message: str, tmp_path: Path) -> None:
    raw = json.loads(json.dumps(GOOD))
    _set(raw, path, value)
    with pytest.raises(ConfigError, match=message) as caught:
        explain(saved(tmp_path, raw))
    assert caught.value.to_do
    assert "config.json" in caught.value.what


def test_check_answers_on_the_command_line(tmp_path: Path) -> None:
    runner = CliRunner()
    done = runner.invoke(application(), ["simulate", "--check", str(saved(tmp_path, GOOD))])
    assert done.exit_code == 0
    for words in ("3 states", "4 transitions", "Expected session length", "Stationary page shares", "Time to churn"):
        assert words in done.output
    bad = json.loads(json.dumps(GOOD))
    _set(bad, ["transitions", 0, "p"], 0.95)
    refused = runner.invoke(application(), ["simulate", "--check", str(saved(tmp_path, bad))])
    assert isinstance(refused.exception, ConfigError)
    assert refused.exception.exit_code == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "config.json"), ('{"levels": 3}', "'levels' is 3"), ("[]", "config.json"), ("\xff", "not valid UTF-8")],
)
def test_broken_files_are_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError, match=message):
        load_config(path)


def test_eventsims_own_configurations_are_accepted_unchanged(shared_data: Path) -> None:
    for name, states in (("example", 40), ("alt-example", 40)):
        found = explain(shared_data / "eventsim" / f"{name}-config.json")
        assert len(found.states) == states
        assert not math.isinf(found.sessions_to_churn)


def test_a_rounding_error_above_one_is_no_error() -> None:
    raw = config([(HOME, HOME, 0.7), (HOME, SONG, 0.1), (HOME, HELP, 0.2 + 1e-12), (SONG, HOME, 0.1), (HELP, HOME, 0)])
    compile_machine(parse_config(raw, "test"), "test")


def test_figures_are_those_of_a_simulation(tmp_path: Path) -> None:
    found = explain(saved(tmp_path, GOOD))
    events = frame(plan(GOOD, n_users=400, end="2024-01-31"))
    sessions = events.select(pl.struct("user_id", "session").n_unique()).item()
    assert found.mean_items == pytest.approx(len(events) / sessions, rel=0.02)
    for page, share in found.page_shares.items():
        assert share == pytest.approx(float((events["page"] == page).mean()), abs=0.01)  # type: ignore[arg-type]
    assert math.isinf(found.sessions_to_churn)


def test_first_sessions_are_those_of_a_simulation(shared_data: Path) -> None:
    path = shared_data / "eventsim" / "example-config.json"
    found, config = explain(path), load_config(path)[0]
    # Of each user the first session, where it lies in the run as a whole.
    raw = config.model_dump(by_alias=True) | {"beta": 60.0, "damping": 0.0, "weekend-damping": 0.0}
    events = frame(plan(raw, n_users=4000, end="2024-01-02", seed=3))
    first = events.filter(session=0).sort("user_id", "item")
    first = first.filter(pl.col("item").min().over("user_id") == 0)
    sizes = first.group_by("user_id").len()["len"]
    assert len(sizes) > 3000
    error = float(sizes.std()) / len(sizes) ** 0.5  # type: ignore[arg-type]
    assert float(sizes.mean()) == pytest.approx(found.first_items, abs=4 * error)  # type: ignore[arg-type]
    for page in ("NextSong", "Home"):
        assert float((first["page"] == page).mean()) == pytest.approx(found.first_page_shares[page], abs=0.02)  # type: ignore[arg-type]


def test_time_to_churn_is_that_of_a_simulation(tmp_path: Path) -> None:
    gone = state("Bye", auth="Cancelled")
    raw = config([(HOME, HOME, 0.5), (HOME, gone, 0.05)], churned_state="Cancelled")
    found = explain(saved(tmp_path, raw))
    assert found.sessions_to_churn == pytest.approx(1 / 0.1, rel=1e-9)  # 0.05 / (1 - 0.5) a session
    events = frame(plan(raw, n_users=500, end="2024-12-31", attrition_rate=0.0))
    count = events.filter(page="Bye")["session"] + 1
    assert float(count.mean()) == pytest.approx(10, rel=0.15)  # type: ignore[arg-type]


def test_a_session_that_can_never_end_is_said_so(tmp_path: Path) -> None:
    found = explain(saved(tmp_path, config([(HOME, SONG, 0.5), (SONG, SONG, 1.0)])))
    assert math.isinf(found.mean_items)


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        ('"Home" = 70', '"Home" = -70', r"'new-session\.Guest/free\.Home\.weight' is -70"),
        ("free = 4", "free = -4", r"'levels\.free\.weight' is -4"),
        ('"Help" = 0.05 }', '"Help" = 0.6 }', r"p adds up to 1\.1 for .*: transitions\.Guest/free\.Error\.Home, tr"),
        ('"Help" = 0.05 }', '"Help" = -0.6 }', r"'transitions\.Guest/free\.Error\.Help\.p' is -0\.6"),
        ('"Help" = 0.05 }', '"Upgrade" = 0.1 }', r"transitions\.Guest/free\.Error\.Upgrade\.dest: undefined state"),
        ('"Help" = 0.05 }', '"Hepl" = 0.1 }', r"'transitions\.Guest/free\.Error\.Hepl': page 'Hepl' has no method"),
    ],
)
def test_the_short_form_is_refused_at_its_own_places(good: str, bad: str, message: str, tmp_path: Path) -> None:
    written = (Path(__file__).parents[2] / "src/zipotify/simulate/default.toml").read_text("utf-8")
    assert good in written
    path = tmp_path / "short.toml"
    path.write_text(written.replace(good, bad, 1))
    with pytest.raises(ConfigError, match=message):
        explain(path)


def test_the_short_form_means_the_same_as_the_long_one(tmp_path: Path) -> None:
    short = tmp_path / "short.toml"
    short.write_text(
        """
        alpha = 60.0
        beta = 43200.0
        damping = 0.0
        weekend-damping = 0.0
        new-user-auth = "Logged In"
        new-user-level = "free"
        levels = {free = 1}
        auths = {"Logged In" = 1}
        show-user-details = ["Logged In"]
        [pages]
        Home = "GET 200"
        NextSong = "PUT 200"
        Help = "GET 200"
        [new-session."Logged In/*"]
        Home = 1
        [transitions."Logged In/*"]
        Home = {NextSong = 0.6, Help = 0.1}
        NextSong = {NextSong = 0.8}
        Help = {Home = 0.5}
        """
    )
    long = {**GOOD, "show-user-details": [{"auth": "Logged In", "show": True}]}
    assert load_config(short)[0].model_dump() == parse_config(long, "long").model_dump()


def test_the_built_in_configuration_is_sound() -> None:
    found = explain(None)
    assert found.page_shares["NextSong"] > 0.7
    assert 5 < found.mean_items < 50
    assert not math.isinf(found.sessions_to_churn)


@pytest.mark.parametrize(
    ("parse", "text", "message"),
    [
        (choice.shard, "3/2", "is no K/N"),
        (choice.shard, "0/2", "is no K/N"),
        (choice.extras, "played,fun", "there is no 'fun'"),
        (choice.pace, "-3x", "is no speed"),
        (choice.pace, "fast", "is no speed"),
        (parse_faults, "late=2", "'late=2' is no fault and share"),
        (parse_faults, "lat=0.1", "'lat=0.1' is no fault and share"),
        (lambda text: choice.variants([text]), "b=1.5:x.json", "is no variant"),
    ],
)
def test_options_that_cannot_be_read_are_refused(parse: Callable[[str], object], text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        parse(text)
    assert caught.value.to_do


@pytest.mark.parametrize(("start", "end"), [("2024-01-02", "2024-01-01"), ("2024-01-01", "2024-01-01")])
def test_a_run_that_ends_before_it_starts_is_refused(start: str, end: str) -> None:
    with pytest.raises(UsageError, match="before it starts"):
        plan(GOOD, start=start, end=end)


def test_dates_of_the_configuration_count_unlike_in_eventsim() -> None:
    raw = {**GOOD, "start-date": "2023-05-01", "end-date": "2023-06-01T12:00:00"}
    made = plan(raw, start=None, end=None)
    assert (made.end_s - made.start_s) == 31 * 86_400 + 43_200


def test_user_ids_begin_at_the_one_asked_for_unlike_in_eventsim() -> None:
    assert frame(plan(GOOD, first_user_id=700, n_users=30))["user_id"].min() == 700
