"""The docs' fields of inner models are those of a warehouse that is built now."""

from __future__ import annotations

import pytest
from docs_pages.recorded import recorded
from record_models import model_columns

from zipotify.settings import Settings

pytestmark = pytest.mark.integration


def test_columns_of_inner_models_are_the_recorded_ones(built: Settings) -> None:
    found = model_columns(built.home.warehouse_file)
    assert found == recorded("models")["models"], "run: scripts/record_models.py HOME, then make docs"
