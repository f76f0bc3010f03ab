"""Health's tables and the Plan page, without a browser."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from deltalake import write_deltalake

from zipotify.contracts.schemas import arrow_schema
from zipotify.contracts.serving import connect, report_part
from zipotify.contracts.tables import QUARANTINE
from zipotify.dashboard.health import HealthReader
from zipotify.dashboard.history import History
from zipotify.dashboard.keeping import checked, kept
from zipotify.dashboard.lag import lags
from zipotify.dashboard.markup import html_of
from zipotify.dashboard.pages import health, health_books, plan, quarantine
from zipotify.errors import ConfigError
from zipotify.plan.export import as_json
from zipotify.plan.view import read_view
from zipotify.settings import Settings, load_settings

_PLAN = Path(__file__).parents[2] / "docs" / "plan" / "plan.yml"
_OLD = datetime(2020, 1, 2, tzinfo=UTC)


def _refuse(settings: Settings, *rows: dict[str, object]) -> None:
    import pyarrow as pa

    schema = arrow_schema(QUARANTINE)
    full = [dict.fromkeys(schema.names) | row for row in rows]
    write_deltalake(str(settings.home.lake / QUARANTINE.path), pa.Table.from_pylist(full, schema))


def _record(offset: int, reason: str) -> dict[str, object]:
    return {
        "topic": "listen_events",
        "reason": reason,
        "message": "not JSON",
        "value": b"a secret name",
        "source": "sim",
        "produced_at": _OLD.replace(second=offset),
        "ingested_at": _OLD,
        "kafka_partition": 0,
        "kafka_offset": offset,
    }


def test_what_waits_is_counted_from_where_the_stream_is_or_kafka_begins() -> None:
    ranges = {("a", 0): (0, 10), ("a", 1): (4, 9), ("b", 0): (5, 5)}
    found = lags(ranges, {("a", 0): 7, ("a", 1): 2})
    assert [(row["topic"], row["partition"], row["taken"], row["lag"]) for row in found] == [
        ("a", 0, 7, 3),
        ("a", 1, 2, 5),
        ("b", 0, None, 0),
    ]


def test_records_of_a_reason_are_listed_without_what_they_held(settings: Settings) -> None:
    _refuse(settings, _record(1, "NOT_JSON"), _record(2, "NOT_JSON"), _record(3, "TOO_LARGE"))
    search = quarantine.refused_href("NOT_JSON", "listen_events").partition("?")[2]
    rows, count = quarantine.refused(settings, search)
    assert count == 2
    assert [row["id"] for row in rows] == ["listen_events:0:2", "listen_events:0:1"]
    assert {row["size_bytes"] for row in rows} == {13}
    assert "secret" not in str(quarantine.listed(settings, search))
    assert quarantine.refused(settings, "?reason=' or 1=1")[1] == 0


def test_rows_that_should_have_gone_are_seen(settings: Settings) -> None:
    _refuse(settings, _record(1, "NOT_JSON"))
    rows = {row["name"]: row for row in kept(settings)}
    table = rows["lake/quarantine"]
    assert (table["keeps"], table["oldest"], table["row_count"]) == ("90 days", "2020-01-02", 1)
    assert table["is_overdue"]
    assert rows["lake/repeats"]["oldest"] is None
    for_ever = load_settings(settings.home.root, retention_days={})
    assert not next(row for row in kept(for_ever) if row["name"] == "lake/quarantine")["is_overdue"]


def test_a_build_that_a_check_stopped_is_told() -> None:
    builds = (
        {"state": "failed", "message": "warehouse check 'unique' failed: 2", "started_at_ms": 1},
        {"state": "failed", "message": "warehouse model 'x' failed", "started_at_ms": 2},
    )
    assert [row["detail"] for row in checked(None, builds, ())] == ["warehouse check 'unique' failed: 2"]


def test_every_tile_of_health_is_drawn_in_an_empty_home(settings: Settings) -> None:
    settings.home.root.mkdir()
    engine = connect(settings.serving_address())
    report_part(engine, "stream", "running", "all well")
    view = HealthReader(settings, engine, History(settings)).view()
    said = {name: html_of(tile[3](view)) for name, tile in health.TILES.items()}
    assert "The embedded broker does not run." in said["health-lag"]
    assert 'class="zip-columns' in said["health-parts"]
    assert "90 days" in said["health-kept"]
    assert set(health_books.DEFINITIONS) == set(health.TILES)
    engine.dispose()


def test_every_tile_of_a_plan_is_drawn() -> None:
    view = json.loads(as_json(read_view(_PLAN, date(2026, 12, 24))))
    for name in plan.TILES.keys() - {"plan-timeline"}:
        assert html_of(plan.draw(name, lambda: view))
    board = html_of(plan.draw("plan-board", lambda: view))
    assert all(task["task"]["title"].split("&")[0] in board for task in view["tasks"][:3])
    bars = plan.draw("plan-timeline", lambda: view).children.figure.data
    drawn_days = sum(round(width / 86_400_000) for trace in bars for width in trace.x)
    assert drawn_days == sum(len(task["hours_by_day"]) for task in view["tasks"])


def test_no_plan_and_a_wrong_one_are_told() -> None:
    assert "There is no plan here" in html_of(plan.draw("plan-board", plan.no_plan))

    def wrong() -> plan.PlanView:
        raise ConfigError("plan.yml:3: no such role", "correct it")

    with pytest.raises(ConfigError):
        plan.draw("plan-board", wrong)
