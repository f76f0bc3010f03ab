"""The plan's tools at their edges: circles, names that nothing has, dates that are none, a task across New Year."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, date, datetime
from pathlib import Path

import icalendar
import pytest
import yaml
from typer.testing import CliRunner

from zipotify.cli import application
from zipotify.errors import ConfigError, MissingInputError, UsageError
from zipotify.plan.check import check
from zipotify.plan.export import as_calendar, as_json, as_markdown
from zipotify.plan.log import Log, StandupEntry, VoteEntry, log_path, read_log
from zipotify.plan.model import Plan
from zipotify.plan.schedule import critical_chain, load, share_by_day
from zipotify.plan.standup import record_move, record_standup, record_vote
from zipotify.plan.starter import write_starter
from zipotify.plan.view import PlanView, read_view, view_of
from zipotify.plan.yaml_file import read_plan

SHIPPED = Path(__file__).parents[2] / "docs" / "plan" / "plan.yml"
BASE = """\
title: Small
starts_on: 2026-12-21
ends_on: 2027-01-03
deliver_by: 2027-01-15
standup: {at: "09:30"}
days_off:
  - {date: 2026-12-25, name: Christmas Day, standup: ballot}
  - {date: 2027-01-01, name: New Year's Day, standup: none}
ballots:
  - {id: christmas, date: 2026-12-25, question: "Meet?", default: none, closes_on: 2026-12-23}
roles:
  - {id: lake, name: Lake, does: stores, weekday_hours: 6, weekend_hours: 2}
  - {id: streaming, name: Streaming, does: streams, weekday_hours: 6}
milestones:
  - {id: end, name: The end, due_on: 2027-01-15}
tasks:
"""


def task(name: str, first: str = "2026-12-21", last: str = "2026-12-22", hours: float = 4, **more: str) -> str:
    fields = {"role": "lake", "needs": "[]", "milestone": "end", **more}
    text = (
        f"  - {{id: {name}, title: {name}, starts_on: {first}, due_on: {last}, estimate_hours: {hours}, done_when: seen"
    )
    return text + "".join(f", {key}: {value}" for key, value in fields.items()) + "}\n"


@pytest.fixture
def plan_file(tmp_path: Path) -> Path:
    return tmp_path / "plan.yml"


def written(path: Path, *tasks: str) -> Path:
    path.write_text(BASE + "".join(tasks))
    return path


def kinds(path: Path, today: date = date(2026, 12, 21)) -> list[str]:
    return [finding.kind for finding in check(read_plan(path).plan, Log(), today)]


def shipped(today: str = "2026-12-21") -> PlanView:
    return view_of(read_plan(SHIPPED), Log(), date.fromisoformat(today))


def test_shipped_plan_has_no_findings_and_covers_every_role() -> None:
    view = shipped()
    assert view.findings == ()
    assert len(view.plan.roles) == 7
    assert {task.role for task in view.plan.tasks if task.kind == "setup"} == set(view.plan.role_by_id)
    assert view.plan.deliver_by == date(2027, 1, 15)


def test_shipped_plan_meets_every_day_but_new_year_and_by_default_christmas() -> None:
    missing = {date(2026, 12, 21 + n) for n in range(11)} | {date(2027, 1, n) for n in (1, 2, 3)}
    missing -= set(shipped().standup_days)
    assert missing == {date(2026, 12, 25), date(2027, 1, 1)}
    assert [(result.state, result.answer) for result in shipped().ballots] == [("open", "none")]


def test_wrong_date_is_named_with_its_line(plan_file: Path) -> None:
    written(plan_file, task("good"), task("bad", first="2026-02-30"))
    with pytest.raises(ConfigError) as caught:
        read_plan(plan_file)
    assert f"{plan_file}:18: tasks.bad.starts_on:" in caught.value.what
    assert "2026-02-30" in caught.value.what


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "1: the plan is empty"),
        ("# only a comment\n", "1: the plan is empty"),
        ("title: [\n", "2: "),
        ("title: A\ntitle: B\n", "2: 'title' stands here a second time"),
        (BASE.replace("title: Small", "titel: Small"), "1: titel: is not a key"),
        (BASE + task("a", hours=-1), "17: tasks.a.estimate_hours: "),
        (BASE + task("a", state="finished"), "17: tasks.a.state: "),
        ("- a list\n", "1: plan: "),
    ],
)
def test_unreadable_plan_is_refused_with_its_line(plan_file: Path, text: str, complaint: str) -> None:
    plan_file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_plan(plan_file)
    assert f"{plan_file}:{complaint}" in caught.value.what


def test_missing_file_is_refused(plan_file: Path) -> None:
    with pytest.raises(MissingInputError, match="no plan at"):
        read_plan(plan_file)


def test_plan_without_tasks_shows_and_exports(plan_file: Path) -> None:
    plan_file.write_text(BASE.replace("tasks:\n", "tasks: []\n"))
    view = read_view(plan_file, date(2026, 12, 21))
    assert view.tasks == ()
    assert "# Small" in as_markdown(view)
    shown = CliRunner().invoke(application(), ["plan", "--plan", str(plan_file), "--today", "2026-12-21"])
    assert shown.exit_code == 0, shown.output
    assert "no tasks yet" in shown.output


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"role": "captain"}, "b: unknown role 'captain' (known: lake, streaming)"),
        ({"needs": "[c]"}, "b: unknown task 'c' (known: a, b)"),
        ({"milestone": "moon"}, "b: unknown milestone 'moon' (known: end)"),
    ],
)
def test_unknown_names_are_refused_with_their_line(plan_file: Path, more: dict[str, str], complaint: str) -> None:
    written(plan_file, task("a"), task("b", **more))
    with pytest.raises(ConfigError) as caught:
        read_view(plan_file, date(2026, 12, 21))
    assert caught.value.what == f"{plan_file}:18: reference: {complaint}"


def test_circle_is_named_in_order(plan_file: Path) -> None:
    written(plan_file, task("a", needs="[c]"), task("b", needs="[a]"), task("c", needs="[b]"))
    with pytest.raises(ConfigError) as caught:
        read_view(plan_file, date(2026, 12, 21))
    circle = caught.value.what.split("wait for each other: ")[1].split(" -> ")
    assert circle[0] == circle[-1]
    assert set(circle) == {"a", "b", "c"}
    needs = {"a": "c", "b": "a", "c": "b"}
    assert all(needs[waiting] == needed for waiting, needed in itertools.pairwise(circle))


def test_task_across_new_year_rests_on_the_day_off(plan_file: Path) -> None:
    written(plan_file, task("across", "2026-12-31", "2027-01-03", hours=10))
    plan = read_plan(plan_file).plan
    shares = share_by_day(plan, plan.tasks[0])
    assert shares == {date(2026, 12, 31): 6.0, date(2027, 1, 2): 2.0, date(2027, 1, 3): 2.0}
    assert kinds(plan_file) == []
    event = _events(as_calendar(read_view(plan_file, date(2026, 12, 21))))["task-across@zipotify.invalid"]
    assert event.decoded("dtend") == date(2027, 1, 4)  # the end of a day is the next one


def test_overload_names_role_day_and_hours(plan_file: Path) -> None:
    written(plan_file, task("a", hours=8), task("b", hours=8))
    (finding,) = check(read_plan(plan_file).plan, Log(), date(2026, 12, 21))
    assert (finding.kind, "lake: 8.0 h planned on 2026-12-21, 6 h there" in finding.message) == ("overload", True)
    assert "2026-12-21 to 2026-12-22" in finding.message


@pytest.mark.parametrize(
    ("tasks", "found"),
    [
        ([task("a", "2027-01-01", "2027-01-02", 1)], ["day off"]),
        ([task("a", "2026-12-24", "2026-12-26", 2, role="streaming")], ["day off"]),  # a Saturday, when it is off
        ([task("a", "2026-12-22", "2026-12-21")], ["date"]),
        ([task("a"), task("b", "2026-12-21", "2026-12-23", role="streaming", needs="[a]")], ["order"]),
        ([task("a", "2027-01-14", "2027-01-18")], ["date"]),
        ([task("a", "2026-12-18", "2026-12-21")], ["date"]),
    ],
)
def test_checks(plan_file: Path, tasks: list[str], found: list[str]) -> None:
    assert kinds(written(plan_file, *tasks)) == found


def test_late_task_is_found_until_it_is_done(plan_file: Path) -> None:
    written(plan_file, task("a"))
    assert kinds(plan_file, date(2026, 12, 22)) == []
    assert kinds(plan_file, date(2026, 12, 24)) == ["late"]
    record_move(plan_file, "a", "done", "", date(2026, 12, 23))
    assert read_view(plan_file, date(2026, 12, 24)).findings == ()


def test_burn_down_follows_moves(plan_file: Path) -> None:
    written(plan_file, task("a", hours=4), task("b", "2026-12-23", "2026-12-24", hours=6))
    record_move(plan_file, "a", "done", "", date(2026, 12, 22))
    days = read_view(plan_file, date(2026, 12, 23)).burn_down
    assert [day.planned_hours for day in days[:4]] == [8.0, 6.0, 3.0, 0.0]
    assert [day.actual_hours for day in days[:4]] == [10.0, 6.0, 6.0, None]


def test_longest_chain_and_load(plan_file: Path) -> None:
    long = task("b", "2026-12-23", "2026-12-24", hours=5, needs="[a]")
    plan = read_plan(written(plan_file, task("a", hours=3), long, task("c", "2026-12-28", "2026-12-28", hours=6))).plan
    assert critical_chain(plan) == ["a", "b"]
    assert load(plan)["lake", date(2026, 12, 28)] == 6


def test_readiness_follows_needs_and_blocks(plan_file: Path) -> None:
    written(plan_file, task("a", hours=2), task("b", "2026-12-23", "2026-12-24", needs="[a]"))
    assert [item.readiness for item in read_view(plan_file, date(2026, 12, 21)).tasks] == ["ready", "waiting"]
    record_move(plan_file, "a", "done", "", date(2026, 12, 21))
    record_move(plan_file, "b", "blocked", "no bucket", date(2026, 12, 23))
    view = read_view(plan_file, date(2026, 12, 23))
    assert [(item.readiness, item.why) for item in view.tasks] == [("done", ""), ("blocked", "no bucket")]
    shown = CliRunner().invoke(application(), ["plan", "blocked", "--plan", str(plan_file), "--today", "2026-12-23"])
    assert "no bucket" in shown.output


def test_standup_is_recorded_per_role_and_day_and_replaced(plan_file: Path) -> None:
    written(plan_file, task("a"))
    for words in ("first", "second"):
        record_standup(plan_file, StandupEntry(date=date(2026, 12, 26), role="lake", yesterday="x", today=words))
    assert len(log_path(plan_file).read_text().splitlines()) == 2
    (said,) = read_view(plan_file, date(2026, 12, 26)).standups
    assert said.today == "second"


def test_no_standup_on_new_years_day_says_when_the_next_is(plan_file: Path) -> None:
    written(plan_file, task("a"))
    with pytest.raises(UsageError) as caught:
        record_standup(plan_file, StandupEntry(date=date(2027, 1, 1), role="lake", yesterday="", today="x"))
    assert "New Year's Day" in caught.value.what
    assert caught.value.to_do == "the next one is on 2027-01-02"
    assert not log_path(plan_file).exists()


def test_christmas_is_held_when_more_vote_for_it(plan_file: Path) -> None:
    written(plan_file, task("a"))
    christmas, lake = date(2026, 12, 25), StandupEntry(date=date(2026, 12, 25), role="lake", yesterday="", today="x")
    with pytest.raises(UsageError, match="no stand-up on 2026-12-25"):
        record_standup(plan_file, lake)
    vote = VoteEntry(date=date(2026, 12, 22), ballot="christmas", role="lake", choice="held")
    record_vote(plan_file, vote)
    assert christmas in read_view(plan_file, date(2026, 12, 24)).standup_days
    record_standup(plan_file, lake)
    record_vote(plan_file, vote.model_copy(update={"role": "streaming", "choice": "none"}))  # even: the default stands
    assert christmas not in read_view(plan_file, date(2026, 12, 24)).standup_days
    with pytest.raises(UsageError, match="closed on 2026-12-23"):
        record_vote(plan_file, vote.model_copy(update={"date": date(2026, 12, 24)}))


def test_wrong_log_line_is_named(plan_file: Path) -> None:
    log_path(written(plan_file, task("a"))).write_text('\n{"what": "standup", "date": "soon"}\n')
    with pytest.raises(ConfigError, match=r"plan\.log\.ndjson:2: "):
        read_log(log_path(plan_file))


def _events(calendar: bytes) -> dict[str, icalendar.Event]:
    return {str(event["uid"]): event for event in icalendar.Calendar.from_ical(calendar).walk("VEVENT")}


def test_calendar_has_standups_tasks_and_milestones_and_is_reproducible() -> None:
    view = shipped()
    events = _events(as_calendar(view))
    assert len(events) == len(view.standup_days) + len(view.plan.tasks) + len(view.plan.milestones)
    assert "standup-2027-01-01@zipotify.invalid" not in events
    assert events["standup-2027-01-02@zipotify.invalid"].decoded("dtstart") == datetime(2027, 1, 2, 9, 30, tzinfo=UTC)
    assert as_calendar(view) == as_calendar(shipped())


def test_json_and_markdown_name_every_task() -> None:
    view = shipped()
    assert [item["task"]["id"] for item in json.loads(as_json(view))["tasks"]] == list(view.plan.task_by_id)
    assert all(f"`{name}`" in as_markdown(view) for name in view.plan.task_by_id)


def test_json_holds_what_a_page_shows(plan_file: Path) -> None:
    written(plan_file, task("a", hours=8), task("b", "2026-12-31", "2027-01-02", hours=8, needs="[a]"))
    record_move(plan_file, "a", "done", "", date(2026, 12, 22))
    content = json.loads(as_json(read_view(plan_file, date(2027, 1, 3))))
    by_day = {day["day"]: day for day in content["days"]}
    assert by_day["2027-01-01"] == {
        "day": "2027-01-01",
        "is_weekend": False,
        "day_off": "New Year's Day",
        "has_standup": False,
    }
    first, second = content["tasks"]
    assert (first["done_on"], second["done_on"], second["is_late"]) == ("2026-12-22", None, True)
    assert second["hours_by_day"] == {"2026-12-31": 6.0, "2027-01-02": 2.0}
    assert {"role": "lake", "day": "2027-01-02", "planned_hours": 2.0, "capacity_hours": 2.0} in content["load"]
    assert [(found["kind"], found["line"]) for found in content["findings"]] == [("late", 18)]


def test_page_of_the_plan_explains_every_key_of_the_json() -> None:
    explained = SHIPPED.with_name("index.md").read_text(encoding="utf-8").split("## For programs")[1]
    content = json.loads(as_json(shipped()))
    keys = {*content, *content["days"][0], *content["tasks"][0], *content["load"][0], *content["burn_down"][0]}
    assert {key for key in keys if f"`{key}`" not in explained} == set()


def test_starter_is_a_sound_plan_and_never_overwrites(plan_file: Path) -> None:
    write_starter(plan_file, date(2027, 1, 16))  # a Saturday: the first task is on the Monday after
    assert kinds(plan_file, date(2027, 1, 16)) == []
    with pytest.raises(UsageError, match="is there already"):
        write_starter(plan_file, date(2027, 1, 18))


def test_command_line_says_what_is_wrong(plan_file: Path) -> None:
    written(plan_file, task("a", "2027-01-01", "2027-01-02", 1))
    checked = CliRunner().invoke(application(), ["plan", "check", "--plan", str(plan_file), "--today", "2026-12-21"])
    assert checked.exit_code == 1
    assert f"{plan_file}:17: day off: a: starts_on 2027-01-01 is New Year's Day, a day off" in checked.output


def test_every_section_shows_the_shipped_plan() -> None:
    shown = CliRunner().invoke(application(), ["plan", "--plan", str(SHIPPED), "--today", "2026-12-28"])
    assert shown.exit_code == 0, shown.output
    for words in ("Board", "Timeline", "Burn-down", "Who is on what", "Blocked"):
        assert words in shown.output


def test_roles_and_lines_survive_plain_yaml() -> None:
    """What other tools read from the file is what we read."""
    plain = yaml.safe_load(SHIPPED.read_text())
    assert [role["id"] for role in plain["roles"]] == [role.id for role in read_plan(SHIPPED).plan.roles]
    assert isinstance(read_plan(SHIPPED).plan, Plan)


def test_readable_page_is_what_the_tool_exports() -> None:
    page = SHIPPED.with_name("schedule.md").read_text(encoding="utf-8")
    assert page == as_markdown(shipped()), "run: zipotify plan export --format markdown -o docs/plan/schedule.md"
