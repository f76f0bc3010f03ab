"""A soak's parts by themselves: how the rate is found, what slopes say, and that a viewer's trouble is seen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from support.command import wait_until
from zipotify.contracts.serving import builds, connect, job_runs
from zipotify.ops.parts import parts_of
from zipotify.ops.soak_books import work_done
from zipotify.ops.soak_figures import Sample, disk_of, slope_mb_per_hour, summary
from zipotify.ops.soak_harm import Deed, Harm
from zipotify.ops.soak_pace import Governor
from zipotify.ops.soak_traffic import at_present
from zipotify.ops.soak_viewers import PAGES, Viewers
from zipotify.settings import Settings

STEP_S = 30.0
BATCH_S = 12.0
"""What a pipeline that keeps up has in flight: what came since its last batch."""


class Pipeline:
    """Takes in so many events a second, on a clock of its own."""

    def __init__(self, capacity: float, governor: Governor) -> None:
        self.capacity, self.governor = capacity, governor
        self.at_s = self.sent = self.waiting = 0.0

    def saw(self) -> float:
        """Batches take a while, and what came in meanwhile waits: more or less of it when one looks."""
        return self.governor.rate * (self.at_s % 70)

    def step(self, is_disturbed: bool = False) -> float:
        rate = self.governor.rate
        self.at_s += STEP_S
        self.sent += rate * STEP_S
        self.waiting = max(rate * BATCH_S, self.waiting + (rate - self.capacity) * STEP_S)
        return self.governor.note(self.at_s, int(self.waiting + self.saw()), is_disturbed)


@pytest.mark.parametrize("capacity", [90.0, 700.0, 2_600.0, 20_000.0])
def test_the_rate_rises_until_the_pipeline_falls_behind_and_stays_below(capacity: float) -> None:
    pipeline = Pipeline(capacity, Governor(500))
    for _ in range(300):
        pipeline.step()
    found = pipeline.governor.sustained
    assert found is not None
    assert 0.45 * capacity < found < capacity
    assert pipeline.waiting < 30 * found


def test_a_machine_that_gets_slower_gets_less() -> None:
    pipeline = Pipeline(2_000, Governor(500))
    for _ in range(100):
        pipeline.step()
    before, pipeline.capacity = pipeline.governor.rate, 400
    for _ in range(200):
        pipeline.step()
    assert before > 400 > pipeline.governor.rate == pipeline.governor.sustained


def test_faults_that_come_too_fast_make_it_slower_in_the_end() -> None:
    pipeline = Pipeline(300, Governor(500, sustained=500.0))
    rates = [pipeline.step(is_disturbed=True) for _ in range(60)]
    assert rates[5] == 500
    assert rates[-1] < 400


def test_what_waits_after_a_fault_says_nothing() -> None:
    pipeline = Pipeline(100, Governor(500))
    assert {pipeline.step(is_disturbed=True) for _ in range(20)} == {500}
    assert Governor(500).note(30, None, False) == 500
    pipeline.governor.settle()
    assert pipeline.governor.sustained == 500


def test_a_slope_is_what_it_rises_by_in_an_hour() -> None:
    assert slope_mb_per_hour([0, 1800, 3600], [0, 5 * 2**20, 10 * 2**20]) == 10.0
    assert slope_mb_per_hour([5, 5], [0, 2**20]) is None


def test_the_summary_leaves_the_beginning_out_of_slopes_and_nothing_out_of_heights() -> None:
    sizes = [900, 100, 110, 120]
    samples = [
        Sample(at_s * 900.0, 1.0, at_s, None, {"stream": size * 2**20}, {"lake": at_s * 2**20})
        for at_s, size in enumerate(sizes)
    ]
    found = summary(samples, from_s=900)
    assert found["memory"]["stream"] == {"highest_mb": 900.0, "last_mb": 120.0, "slope_mb_per_hour": 40.0}
    assert found["memory"]["total"] == found["memory"]["stream"]
    assert found["disk"]["total"]["slope_mb_per_hour"] == 4.0
    assert len(json.loads(json.dumps(found))["samples"]) == 4


def test_a_home_is_measured_by_folder(settings: Settings) -> None:
    (settings.home.root / "lake" / "events").mkdir(parents=True)
    (settings.home.root / "lake" / "events" / "a").write_bytes(b"x" * 300)
    (settings.home.root / "serving.db").write_bytes(b"x" * 50)
    assert disk_of(settings.home) == {"lake": 300, "other": 50}


def test_an_event_of_the_past_becomes_one_of_now() -> None:
    value = json.loads(at_present(b'{"song":"\\"ts\\":1","ts":1541106106796,"registration":1540919166796}'))
    assert value["song"] == '"ts":1'
    assert value["ts"] > 1_700_000_000_000
    assert value["registration"] == 1_540_919_166_796


def test_each_part_is_hurt_and_the_lake_tended(settings: Settings) -> None:
    harm = Harm(settings, 7, 1.0, print)
    names = [part.name for part in parts_of(settings)]
    steps = [harm._next() for _ in range(len(names) + 2)]
    assert sorted(step for step in steps if step != "tend") == sorted(names)
    assert steps.count("tend") == 2
    assert steps != [Harm(settings, 8, 1.0, print)._next() for _ in steps]


def test_what_fails_around_a_fault_is_excused_and_nothing_else(settings: Settings) -> None:
    harm = Harm(settings, 1, 1.0, print)
    harm.deeds.append(Deed(1000.0, "stream killed", 40.0))
    assert [harm.excuses(at_s) for at_s in (900, 950, 1020, 1090, 1110)] == [False, True, True, True, False]
    settings.home.root.mkdir()
    engine = connect(settings.serving_address())
    with engine.begin() as connection:
        for at_s, state in ((1010, "failed"), (2000, "failed"), (2100, "published")):
            made = {"started_at_ms": at_s * 1000, "state": state, "message": f"at {at_s}"}
            connection.execute(builds.insert().values(build_id=str(at_s), **made))
            connection.execute(job_runs.insert().values(run_id=str(at_s), step="s", job="j", **made))
    problems: list[str] = []
    found = work_done(engine, harm.excuses, problems)
    engine.dispose()
    assert found["builds"] == {"failed": 2, "published": 1}
    assert problems == ["builds: 2000 failed: at 2000", "job_runs: j failed: at 2000"]


class _Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        broken = self.path == "/overview" and self.server.is_broken  # type: ignore[attr-defined]
        codes = {"/api/v1/tiles/few": 403, "/api/v1/tiles/of-an-artist": 400}
        self.send_response(500 if broken else codes.get(self.path, 200))
        self.end_headers()
        self.wfile.write(b'[{"id": "few", "needs": []}, {"id": "of-an-artist", "needs": ["artist"]}]')

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def site() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    server.is_broken = False  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("is_broken", [False, True])
def test_viewers_see_every_page_and_what_is_wrong(site: ThreadingHTTPServer, is_broken: bool) -> None:
    site.is_broken = is_broken  # type: ignore[attr-defined]
    viewers = Viewers(f"http://127.0.0.1:{site.server_port}", lambda: False, pause_s=0.001)
    viewers.start()
    wait_until(lambda: len(viewers.seconds) > 10 * len(PAGES), "some looks")
    viewers.stop()
    assert set(viewers.problems) == ({"/overview: 500"} if is_broken else set())
    assert viewers.figures()["answers"] == len(viewers.seconds)


def test_a_dashboard_that_is_hurt_may_refuse(site: ThreadingHTTPServer) -> None:
    site.server_close()
    for is_hurt in (True, False):
        viewers = Viewers(f"http://127.0.0.1:{site.server_port}", lambda is_hurt=is_hurt: is_hurt, pause_s=0.001)
        viewers.start()
        wait_until(lambda seen=viewers: seen.refused_count + len(seen.problems) > 3, "a few looks")
        viewers.stop()
        assert bool(viewers.problems) is not is_hurt
