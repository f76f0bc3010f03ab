"""Metrics, from the one file that defines them, with what each gave in the recorded run."""

from __future__ import annotations

from docs_pages.markdown import generated, join, table
from docs_pages.recorded import recorded
from zipotify.contracts.metrics import Metric, metrics


def page() -> str:
    """An index and a section for each metric."""
    about = recorded("samples")["about"]
    index = [(f"[{m.title}](#{m.name})", m.meaning, m.unit, f"`{m.table}`") for m in metrics().values()]
    intro = (
        "One definition per figure; models, tiles, API and this page read the same file. The words are on "
        f"[the glossary](glossary.md). Worked examples are from a simulated run of {about['date']}."
    )
    head = ("metric", "what it says", "unit", "answered by")
    return join(
        "# Metrics",
        generated("`zipotify/data/metrics.yml`"),
        intro,
        table(head, index),
        *(_section(metric) for metric in metrics().values()),
    )


def _section(metric: Metric) -> str:
    rows = [
        ("title", metric.title),
        ("formula", metric.formula),
        ("unit, grain", f"{metric.unit}, per {metric.grain}"),
        ("caveats", metric.caveats),
        ("by level, gender, device, state", metric.by_group),
        ("decided by", metric.owner),
        ("worked example", _example(metric)),
    ]
    return f"## {metric.name}\n\n{metric.meaning}\n\n{table(('', ''), rows)}\n\n```sql\n{metric.sql}\n```"


def _example(metric: Metric) -> str:
    answers = recorded("samples").get("metrics", {})
    if metric.name not in answers:
        return "not recorded yet: `scripts/record_run.py`"
    value = answers[metric.name]
    return (
        f"over the recorded run this SQL gives {value:,.3f}".rstrip("0").rstrip(".")
        if value is not None
        else "no value"
    )
