"""Fields, their order and their types, held against the contracts and against real Eventsim output."""

import gzip
import io
import re
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pyarrow as pa
import pytest

from support.simulation import SONGS, frame, plan, write
from zipotify.contracts.fields import EVENTS, PAGE_VIEW_EVENTS, TOPICS
from zipotify.simulate.experiment import Variant, plan_variants
from zipotify.simulate.lines import LineWriter
from zipotify.simulate.plan import Extras, Options
from zipotify.simulate.shard import Shard

USER = ["userId", "lastName", "firstName", "gender", "registration"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return write(plan(n_users=300, growth_rate=0.5, end="2024-02-01"), tmp_path_factory.mktemp("lines"))


def rows(text: bytes) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in text.splitlines()]


def kinds(text: bytes) -> set[tuple[tuple[str, str], ...]]:
    """Each line's fields in order, with the JSON type of each value."""
    return {tuple((k, type(v).__name__) for k, v in row.items()) for row in rows(text)}


@pytest.mark.parametrize("topic", TOPICS)
def test_fields_order_and_types_are_those_of_real_eventsim(
    topic: str, made: dict[str, bytes], shared_data: Path
) -> None:
    real = (shared_data / "eventsim" / "reference_sample" / f"{topic}.ndjson").read_bytes()
    assert kinds(made[f"{topic}.ndjson"]) <= kinds(real) | _whole_numbers(kinds(real))
    assert {shape for shape in kinds(real) if len(shape) > 5} & kinds(made[f"{topic}.ndjson"])


def _whole_numbers(shapes: set[Any]) -> set[Any]:
    """A shown user appears with and without a song in page views; the sample may lack one of them."""
    return {tuple(pair for pair in shape if pair[0] not in ("artist", "song", "duration")) for shape in shapes}


@pytest.mark.parametrize("topic", TOPICS)
def test_bytes_are_laid_out_as_eventsim_does(topic: str, made: dict[str, bytes], shared_data: Path) -> None:
    real = (shared_data / "eventsim" / "reference_sample" / f"{topic}.ndjson").read_bytes()
    for text in (made[f"{topic}.ndjson"], real):
        for line in text.splitlines()[:1000]:
            assert orjson.dumps(orjson.loads(line)) == line  # no spaces, UTF-8 as it is, shortest numbers


@pytest.mark.parametrize("topic", TOPICS)
def test_fields_are_in_the_contracts_order(topic: str, made: dict[str, bytes]) -> None:
    order = [field.name for field in EVENTS[topic].fields]
    for row in rows(made[f"{topic}.ndjson"])[:500]:
        assert [name for name in order if name in row] == list(row)


def test_the_user_is_hidden_where_the_configuration_says_so(made: dict[str, bytes]) -> None:
    for row in rows(made["page_view_events.ndjson"]):
        assert all((name in row) == (row["auth"] in ("Logged In", "Cancelled")) for name in USER)


def test_topics_follow_from_page_views(made: dict[str, bytes]) -> None:
    views = rows(made["page_view_events.ndjson"])
    listens = rows(made["listen_events.ndjson"])
    assert [(v["ts"], v["sessionId"], v["itemInSession"], v["song"]) for v in views if v["page"] == "NextSong"] == [
        (v["ts"], v["sessionId"], v["itemInSession"], v["song"]) for v in listens
    ]
    changes = [v for v in views if v["page"] in ("Submit Upgrade", "Submit Downgrade")]
    assert [v["level"] for v in rows(made["status_change_events.ndjson"])] == [v["level"] for v in changes]
    by_session: dict[int, dict[int, Any]] = {}
    for view in views:
        by_session.setdefault(view["sessionId"], {})[view["itemInSession"]] = view
    after_login = [
        view for view in views
        if by_session[view["sessionId"]].get(view["itemInSession"] - 1, {}).get("page") == "Login"
    ]  # fmt: skip
    auths = rows(made["auth_events.ndjson"])
    known = {(v["sessionId"], v["itemInSession"]) for v in after_login}
    assert known <= {(a["sessionId"], a["itemInSession"]) for a in auths}
    assert len(auths) - len(known) <= 1  # the login itself may lie before the start
    success = {(v["sessionId"], v["itemInSession"]): v["auth"] == "Logged In" for v in after_login}
    assert all(success.get((a["sessionId"], a["itemInSession"]), a["success"]) == a["success"] for a in auths)


def test_registration_lies_before_every_event(made: dict[str, bytes]) -> None:
    assert all(row["registration"] <= row["ts"] for row in rows(made["page_view_events.ndjson"]) if "userId" in row)


def test_a_user_is_always_the_same_person_in_the_same_place(made: dict[str, bytes]) -> None:
    names = [*USER, "city", "zip", "state", "userAgent", "lon", "lat"]
    people = pl.DataFrame([{n: r[n] for n in names} for r in rows(made["page_view_events.ndjson"]) if "userId" in r])
    assert people.unique().height == people["userId"].n_unique()


def test_durations_are_32_bit_floats_in_their_shortest_form(made: dict[str, bytes]) -> None:
    texts = set(re.findall(rb'"duration":([0-9.]+)', made["listen_events.ndjson"]))
    assert texts == {b"100.25", b"200.5", b"31.9"}


def test_compressed_lines_hold_the_same(made: dict[str, bytes], tmp_path: Path) -> None:
    same = plan(n_users=300, growth_rate=0.5, end="2024-02-01")
    packed, fast = write(same, tmp_path / "gz", "ndjson.gz"), write(same, tmp_path / "zst", "ndjson.zst")
    for topic in TOPICS:
        assert gzip.decompress(packed[f"{topic}.ndjson.gz"]) == made[f"{topic}.ndjson"]
        stream = pa.CompressedInputStream(io.BytesIO(fast[f"{topic}.ndjson.zst"]), "zstd")
        assert stream.read() == made[f"{topic}.ndjson"]


@pytest.mark.parametrize("extras", [Extras(), Extras(True, True, True, True)])
def test_parquet_holds_the_same_as_the_lines(extras: Extras, tmp_path: Path) -> None:
    variants = plan_variants(plan(n_users=40, extras=extras), (), Options())
    lines = write(variants, tmp_path / "lines")
    write(variants, tmp_path / "parquet", "parquet")
    for topic in TOPICS:
        table = pl.read_parquet(tmp_path / "parquet" / topic)
        told = [{k: v for k, v in row.items() if v is not None} for row in table.to_dicts()]
        expected = rows(lines[f"{topic}.ndjson"])
        assert [list(row) for row in told] == [list(row) for row in expected]
        assert all(_close(ours, theirs) for ours, theirs in zip(told, expected, strict=True))


def _close(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    return set(ours) == set(theirs) and all(
        abs(value - theirs[name]) < 1e-4 if isinstance(value, float) else value == theirs[name]
        for name, value in ours.items()
    )


def test_records_for_kafka_come_in_the_order_ts_user_topic_item() -> None:
    made = plan(n_users=30)
    records = list(LineWriter([made]).records(Shard([made]).advance(made.end_s)))
    keys = [(r.ts_s, r.session_id >> 20, TOPICS.index(r.topic)) for r in records]
    assert keys == sorted(keys)
    assert all(orjson.loads(r.value)["sessionId"] == r.session_id for r in records)
    assert len(records) == len(frame(made)) + sum(r.topic != PAGE_VIEW_EVENTS for r in records)


def test_an_experiment_tags_its_users_and_keeps_them_apart(tmp_path: Path, shared_data: Path) -> None:
    variant = Variant("new-home", 0.5, shared_data / "eventsim" / "alt-example-config.json")
    base = plan(n_users=200, end="2024-02-01")
    plans = plan_variants(base, (variant,), Options())
    events = [row for row in rows(write(plans, tmp_path)["page_view_events.ndjson"]) if "userId" in row]
    tags = pl.DataFrame([{"user": e["userId"], "tag": e["tag"]} for e in events]).unique()
    assert tags["user"].n_unique() == len(tags)
    assert sorted(tags["tag"].unique()) == ["control", "new-home"]
    assert 60 < (tags["tag"] == "new-home").sum() < 140


def test_texts_are_escaped_as_json(made: dict[str, bytes]) -> None:
    assert {row["artist"] for row in rows(made["listen_events.ndjson"])} == set(SONGS.artist)
