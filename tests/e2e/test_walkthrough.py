"""The tasks of docs/walkthrough.md in a real browser: each can be done, and takes the clicks and pages that it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from walkthrough.reader import Reader
from walkthrough.tasks import TASKS, Task, perform

from support.browser import visit
from support.live_feed import Served

pytestmark = pytest.mark.e2e

_RECORDED = Path(__file__).parents[2] / "docs" / "recorded" / "walkthrough.json"
_SMOKE = {"Is it healthy right now?", "My own question, from a tile's SQL.", "How are we doing?"}
"""One task an audience; the others are done by `make prove`."""


def _marked(task: Task) -> object:
    marks = () if task.question in _SMOKE else (pytest.mark.prove,)
    return pytest.param(task, id=f"{task.audience}: {task.question}", marks=marks)


@pytest.mark.parametrize("task", [_marked(task) for task in TASKS])
def test_a_task_takes_what_the_page_says(chrome: Browser, served: Served, task: Task) -> None:
    recorded = {each["question"]: each for each in json.loads(_RECORDED.read_text(encoding="utf-8"))["tasks"]}
    with visit(chrome, served.address) as visiting:
        reader = Reader(visiting.page, served.address)
        done = perform(task, reader)
        reader.go("Overview")  # from wherever the task has led, the bar leads on
        assert "Plays" in reader.read("Key figures")
        assert visiting.complaints == []
    said = recorded[task.question]
    assert (done.clicks, done.entries, done.pages) == (said["clicks"], said["entries"], said["pages"])


def test_the_page_has_five_tasks_an_audience() -> None:
    audiences = [task.audience for task in TASKS]
    assert {name: audiences.count(name) for name in audiences} == dict.fromkeys(set(audiences), 5)
    assert len(set(audiences)) == 3
