"""Pages of the docs that are made from the code, so that they cannot drift from it.

`make docs` writes them; a test compares each with what would be written.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from docs_pages import (
    api_reference,
    cli_reference,
    data_model,
    fields_page,
    flow_picture,
    metrics_page,
    one_pager,
    reasons_page,
    settings_reference,
    walkthrough_page,
)

PROJECT = Path(__file__).resolve().parents[2]
DOCS = PROJECT / "docs"

PAGES: dict[str, Callable[[], str]] = {
    "reference/cli.md": cli_reference.page,
    "reference/settings.md": settings_reference.page,
    "reference/api.md": api_reference.page,
    "data-model.md": data_model.page,
    "data-model-fields.md": fields_page.page,
    "metrics.md": metrics_page.page,
    "reasons.md": reasons_page.page,
    "one-pager.md": one_pager.page,
    "walkthrough.md": walkthrough_page.page,
    "diagrams/flow.svg": flow_picture.page,
}
"""Page under docs -> what writes it."""


def write_all() -> list[str]:
    """Write what differs; the names of the pages that changed."""
    changed = []
    for name, make in PAGES.items():
        path, text = DOCS / name, make()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            changed.append(name)
    return changed
