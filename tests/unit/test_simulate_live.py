"""The live run's lanes: where one stands is saved exactly, and what it hands out doesn't depend on when it is asked."""

import pytest

from support.simulation import plan
from zipotify.simulate.lane import Lane
from zipotify.simulate.plan import Extras

RICH = Extras(played=True, origin=True, device=True, track_id=True, drift=True, bots=0.2)


def drained(lane: Lane, moments: list[int], limit: int = 10_000) -> list[bytes]:
    """Everything that is due at those moments, one after the other."""
    found: list[bytes] = []
    for moment in moments:
        while (due := lane.take(moment, limit)) or lane.position_s < moment:
            found += [record.value for record in due]
    return found


@pytest.mark.parametrize("extras", [Extras(), RICH])
def test_a_lane_hands_out_the_same_whenever_it_is_asked(extras: Extras) -> None:
    made = plan(n_users=40, extras=extras)
    start, end = made.start_s, made.start_s + 3 * 86_400
    whole = drained(Lane("early", made), [end])
    assert drained(Lane("early", made), [*list(range(start, end + 1, 10007)), end], limit=7) == whole
    assert len(whole) > 500


@pytest.mark.parametrize("extras", [Extras(), RICH])
@pytest.mark.parametrize("taken", [0, 1, 137, 400])
def test_a_lane_goes_on_exactly_where_it_was_saved(taken: int, extras: Extras) -> None:
    made = plan(n_users=40, extras=extras)
    end = made.start_s + 3 * 86_400
    whole = drained(Lane("early", made), [end])
    lane, got = Lane("early", made), []
    while len(got) < taken:
        got += [record.value for record in lane.take(end, min(50, taken - len(got)))]
    resumed = Lane("early", made, lane.save())
    assert resumed.position_s == lane.position_s
    assert got + drained(resumed, [end]) == whole


@pytest.mark.parametrize("taken", [0, 1, 137, 400])
def test_what_was_handed_out_can_be_made_again(taken: int) -> None:
    made = plan(n_users=40)
    lane, got = Lane("early", made), []
    while len(got) < taken:
        got += [record.value for record in lane.take(made.start_s + 3 * 86_400, min(50, taken - len(got)))]
    assert [record.value for record in Lane("early", made, lane.save()).handed_out()] == got


def test_nothing_is_handed_out_before_its_time() -> None:
    made = plan(n_users=40)
    lane = Lane("launch", made)
    for moment in range(made.start_s, made.start_s + 86_400, 3_600):
        assert all(record.ts_s <= moment for record in lane.take(moment, 10_000))
