"""The docs and the code say the same: generated pages, links, verbs, and what must be found in two clicks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from docs_pages import DOCS, PAGES
from docs_pages.recorded import recorded
from docs_pages.settings_reference import docs as settings_docs
from one_pager_pdf import TARGET, fingerprint, page_count

from support.docs import PROJECT, pages
from zipotify.contracts.fields import EVENTS, LISTEN_EVENTS
from zipotify.contracts.identity import event_id
from zipotify.contracts.metrics import Metric
from zipotify.contracts.tables import BRONZE, USERS_PRIVATE
from zipotify.settings import Settings

_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+\s+(.+?)\s*$", re.MULTILINE)
_FENCED = re.compile(r"```.*?```", re.DOTALL)
MUST_FIND = {
    "what-does-listen-count": ("at least 30", "whole if the track is shorter"),
    "where-does-a-malformed-event-go-and-how-does-it-come-back": ("quarantine", "zipotify quarantine replay"),
    "what-do-i-change-to-double-the-traffic": ("max_offsets_per_trigger", "spark_master", "kafka_partitions"),
    "which-table-has-the-grain-user-day": ("fct_user_days",),
    "what-happens-on-2027-01-01": ("ISO week 53", "day off without a stand-up"),
}
"""Heading of an answer -> words without which it would be none."""


@pytest.mark.parametrize("name", PAGES)
def test_generated_page_is_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), f"docs/{name} has drifted: run `make docs`"


def anchors(page: Path) -> set[str]:
    """Headings as GitHub and mkdocs name them."""
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    return {
        re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", title)).strip().lower().replace(" ", "-")
        for title in _HEADING.findall(text)
    }


def links(page: Path) -> list[str]:
    return _LINK.findall(_FENCED.sub("", page.read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(PROJECT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        if "://" in link or link.startswith("mailto:"):
            continue
        target, _, anchor = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), f"{page.relative_to(PROJECT)} links to {link}"
        if anchor and path.suffix == ".md":
            assert anchor in anchors(path), f"{page.relative_to(PROJECT)}: {link} has no such heading"


def reachable(start: Path, clicks: int) -> set[Path]:
    """Pages that so many clicks lead to."""
    found, newest = {start}, {start}
    for _ in range(clicks):
        targets = {(page.parent / link.partition("#")[0]).resolve() for page in newest for link in links(page)}
        newest = {path for path in targets if path.suffix == ".md" and path.exists()} - found
        found |= newest
    return found


def slug(title: str) -> str:
    """A heading as one would search for it, whatever its punctuation."""
    return "-".join(re.findall(r"[a-z0-9]+", title.lower()))


@pytest.mark.parametrize(("question", "words"), MUST_FIND.items())
def test_answers_are_on_one_page_two_clicks_from_the_readme(question: str, words: tuple[str, ...]) -> None:
    answers = []
    for page in reachable(PROJECT / "README.md", 2):
        for section in page.read_text(encoding="utf-8").split("\n## ")[1:]:
            title, _, text = section.partition("\n")
            if slug(title) == question:
                answers.append(" ".join(text.split()))
    assert len(answers) == 1, f"answered on {len(answers)} pages within two clicks"
    assert [word for word in words if word not in answers[0]] == []


def test_every_page_is_reached_from_the_start_page() -> None:
    lost = {page for page in pages() if page.is_relative_to(DOCS)} - reachable(DOCS / "index.md", 3)
    assert sorted(str(page.relative_to(DOCS)) for page in lost) == []


def test_every_setting_says_what_it_is() -> None:
    undocumented = set(Settings.model_fields) - set(settings_docs())
    assert undocumented == set()


def test_recorded_journey_fits_the_contract_of_today() -> None:
    """A recording that no longer matches identity or columns must be made again (scripts/record_run.py)."""
    run = recorded("journey")
    bronze = run["bronze"]
    where = (bronze["session_id"], bronze["item_in_session"], bronze["ts_ms"])
    assert run["event_id"] == event_id(bronze["source"], LISTEN_EVENTS, *where)
    assert set(bronze) <= {column.name for column in BRONZE[LISTEN_EVENTS].columns}
    personal = {field.name for field in EVENTS[LISTEN_EVENTS].fields if field.is_personal}
    kept_apart = personal | {column.name for column in USERS_PRIVATE.columns if column.personal}
    assert not kept_apart & set(run["fct_plays"][0])


def test_one_pager_is_printed_on_one_page_and_up_to_date() -> None:
    printed = TARGET.read_bytes()
    assert page_count(printed) == 1
    assert fingerprint().encode() in printed, "docs/one-pager.pdf is older than the page: run `make docs`"


def test_every_alert_has_a_runbook() -> None:
    rules = yaml.safe_load((PROJECT / "deploy" / "prometheus" / "alerts.yml").read_text())
    alerts = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    listed = re.findall(r"^\| `(\w+)`.*\((\S+\.md)\) \|$", (DOCS / "runbooks" / "index.md").read_text(), re.MULTILINE)
    assert {name for name, _ in listed} == alerts
    assert all(name in (DOCS / "runbooks" / page).read_text().splitlines()[0] for name, page in listed)


def test_no_page_names_a_place_of_this_machine() -> None:
    hidden = re.compile(r"/work/|/root/|/tmp/(?!\S*zipotify)|\.shared|issues show")
    named = [f"{page.relative_to(PROJECT)}: {hit}" for page in pages() for hit in hidden.findall(page.read_text())]
    assert named == []


def test_the_metric_that_the_guide_shows_is_one() -> None:
    guide = (DOCS / "how-to" / "own-metric.md").read_text(encoding="utf-8")
    *_, shown = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)
    assert [Metric(**each).name for each in yaml.safe_load(shown)] == ["whole_share"]
