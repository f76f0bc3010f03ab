"""The docs' commands that need dbt or Kafka, run as a reader runs them: the tutorial first, the rest in its home."""

from __future__ import annotations

import re
import subprocess
import textwrap
from pathlib import Path
from typing import Any

import pytest

from support.command import GENEROUS_S, environment
from support.docs import DOCS, JUDGES, PROJECT, Block, Command, blocks, missing_lines, pages
from zipotify.dashboard.filters import Filters
from zipotify.dashboard.history import History
from zipotify.dashboard.views import Views
from zipotify.settings import load_settings

pytestmark = pytest.mark.integration

TUTORIAL = DOCS / "tutorial.md"
_BIN = PROJECT / ".venv" / "bin"


def wants(page: Path, need: str) -> list[Block]:
    """Blocks of a page that ask for what the test has."""
    return [block for block in blocks(page) if block.markers.get("needs") == need and "not run" not in block.markers]


def run_in(folder: Path, block: Block, **settings: str) -> None:
    """Run a block's commands in a folder, and hold codes and output against the page."""
    for command in block.commands:
        if command.arguments[:1] in (["make"], []):
            continue
        done = subprocess.run(
            ["sh", "-c", command.text],
            cwd=folder,
            env=environment(PATH=f"{_BIN}:/usr/bin:/bin", ZIPOTIFY_HOME=str(folder / "home"), **settings),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=GENEROUS_S,
        )
        printed = done.stdout + done.stderr
        wanted = block.exit_code if command is block.commands[-1] else 0
        assert done.returncode in allowed(command, wanted), f"{block.place}: `{command.text}`:\n{printed[-2000:]}"
        assert missing_lines(command, printed) == [], f"{block.place}: `{command.text}` printed:\n{printed[-2000:]}"


def allowed(command: Command, wanted: int) -> set[int]:
    judges = command.arguments[:1] == ["zipotify"] and command.arguments[1:2][0] in JUDGES
    return {0, 1} if judges else {wanted}


@pytest.fixture(scope="module")
def after_tutorial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which somebody has followed the tutorial."""
    folder = tmp_path_factory.mktemp("docs")
    for block in wants(TUTORIAL, "warehouse"):
        run_in(folder, block)
    return folder


def test_tutorial_does_what_it_says(after_tutorial: Path) -> None:
    assert sorted(path.name for path in (after_tutorial / "events").iterdir()) == [
        "auth_events.ndjson",
        "listen_events.ndjson",
        "page_view_events.ndjson",
        "status_change_events.ndjson",
    ]


def _pages_with(need: str) -> list[Path]:
    return [page for page in pages() if page != TUTORIAL and wants(page, need)]


@pytest.mark.parametrize("page", _pages_with("warehouse"), ids=lambda page: str(page.relative_to(PROJECT)))
def test_page_does_what_it_says(page: Path, after_tutorial: Path) -> None:
    for block in wants(page, "warehouse"):
        run_in(after_tutorial, block)


def test_the_tile_that_the_guide_shows_is_drawn(after_tutorial: Path) -> None:
    guide = (DOCS / "how-to" / "own-metric.md").read_text(encoding="utf-8")
    [code] = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    module: dict[str, Any] = {}
    exec(textwrap.dedent(code), module)
    settings = load_settings(after_tutorial / "home", warehouse_memory_mb=512)
    frame = Views(settings, History(settings)).frame(module["WHOLE"], Filters(period="all"))
    assert frame is not None
    assert len(frame.records()) == 14
    assert "of plays were heard to the end" in module["WHOLE"].tell(frame)
    assert module["WHOLE"].draw(frame) is not None


def test_pages_with_kafka_do_what_they_say(tmp_path: Path, after_tutorial: Path, broker: str) -> None:
    (tmp_path / "mine").mkdir()
    lines = (after_tutorial / "events" / "listen_events.ndjson").read_text().splitlines(keepends=True)[:5]
    (tmp_path / "mine" / "listen_events.ndjson").write_text("".join(lines) + "this is no JSON\n")
    for page in _pages_with("kafka"):
        for block in wants(page, "kafka"):
            run_in(tmp_path, block, ZIPOTIFY_BOOTSTRAP_SERVERS=broker)
