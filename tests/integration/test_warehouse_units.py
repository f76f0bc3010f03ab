"""dbt's unit tests of single models: the tricky logic at fixed instants."""

from __future__ import annotations

import warnings

import pytest

from zipotify.settings import Settings
from zipotify.warehouse.runner import DbtRunner

pytestmark = pytest.mark.integration


def test_models_do_what_their_unit_tests_say(built: Settings) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        passed = DbtRunner(built).unit_tests()
    assert "plays_are_heard_until_the_next_moment" in passed
    assert "a_level_changes_at_its_instant_not_on_its_day" in passed
    assert len(passed) >= 4
