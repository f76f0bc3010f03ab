"""A build says which batches became visible with it, and nothing when none did."""

from __future__ import annotations

import logging

import pytest

from zipotify.contracts.checkpoints import batch_name
from zipotify.contracts.snapshot import Manifest
from zipotify.warehouse.build import _log_batches

STREAM = "5f1c9a02-7d5e-4c3b-9a55-000000000000"


def _published(**batches: int) -> Manifest:
    return Manifest("one", "one.duckdb", "2024-02-01T00:00:00Z", None, None, {}, "", {}, batches=batches)


def test_the_batches_since_the_last_build_are_named(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "zipotify")
    _log_batches(None, _published(**{STREAM: 3}))
    _log_batches(_published(**{STREAM: 3}), _published(**{STREAM: 3}))
    _log_batches(_published(**{STREAM: 3}), _published(**{STREAM: 9}))
    found = [(vars(record)["first_batch"], vars(record)["last_batch"]) for record in caplog.records]
    assert found == [("5f1c9a02-0", "5f1c9a02-3"), ("5f1c9a02-4", "5f1c9a02-9")]
    assert batch_name(STREAM, 4) == "5f1c9a02-4"
