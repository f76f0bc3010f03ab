"""The flow in one picture, as SVG on a ground of its own, so that it reads on light and dark pages and in print."""

from __future__ import annotations

from html import escape
from itertools import pairwise

_WIDTH, _HEIGHT = 1000, 226
_BOX_WIDTH, _BOX_HEIGHT = 124, 62
_MAIN_Y = 16
_MAIN = (
    ("Events", "simulator, files,", "your producers"),
    ("Kafka", "four topics", "keyed by session"),
    ("Spark", "contract, identity", "exactly-once"),
    ("Delta lake", "every event", "typed, by day"),
    ("dbt", "facts, metrics,", "checks that stop"),
    ("Snapshot", "never changes,", "switched whole"),
    ("Dashboard", "history and live,", "SQL, API"),
)
_LEDGER = "The ledger: produced = bronze + refused + repeats + in flight + erased + expired, per topic and hour"


def page() -> str:
    """The SVG."""
    step = (_WIDTH - 20 - _BOX_WIDTH) / (len(_MAIN) - 1)
    lefts = [10 + round(step * number) for number in range(len(_MAIN))]
    boxes = [_box(left, _MAIN_Y, *texts) for left, texts in zip(lefts, _MAIN, strict=True)]
    arrows = [_arrow(left + _BOX_WIDTH, right) for left, right in pairwise(lefts)]
    spark, last, bottom = lefts[2], lefts[-1], _MAIN_Y + _BOX_HEIGHT
    side = [
        _box(spark, 108, "Quarantine", "refused, reason", "comes back"),
        f'<path d="M{spark + 40} {bottom} V106" class="a" marker-end="url(#h)"/>',
        _box(lefts[4], 108, "Live rollups", "the last hours,", "seconds old"),
        f'<path d="M{spark + 90} {bottom} V94 H{lefts[4] + 62} V106" class="a" marker-end="url(#h)"/>',
        f'<path d="M{lefts[4] + _BOX_WIDTH} 139 H{last + 62} V{bottom + 2}" class="a" marker-end="url(#h)"/>',
        f'<rect x="10" y="188" width="{_WIDTH - 20}" height="28" rx="6" class="l"/>',
        f'<text x="{_WIDTH / 2}" y="207" class="t" text-anchor="middle">{escape(_LEDGER)}</text>',
    ]
    return "\n".join([_head(), *boxes, *arrows, *side, "</svg>"]) + "\n"


def _head() -> str:
    style = (
        "text{font-family:Helvetica,Arial,sans-serif;fill:#12312f}.b{fill:#fff;stroke:#00796b;stroke-width:1.5}"
        ".n{font-size:14px;font-weight:bold}.t{font-size:12px}.a{fill:none;stroke:#455a64;stroke-width:1.6}"
        ".l{fill:#e0f2f1;stroke:#00796b}"
    )
    marker = (
        '<marker id="h" markerWidth="8" markerHeight="8" refX="6" refY="3" orient="auto">'
        '<path d="M0 0 L6 3 L0 6 z" fill="#455a64"/></marker>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        'aria-label="Events go through Kafka and Spark into a Delta lake, dbt builds a snapshot, a dashboard shows it">'
        f"<defs><style>{style}</style>{marker}</defs>"
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" rx="10" fill="#f5f9f8"/>'
    )


def _box(left: int, top: int, name: str, first: str, second: str) -> str:
    middle = left + _BOX_WIDTH / 2
    return (
        f'<rect x="{left}" y="{top}" width="{_BOX_WIDTH}" height="{_BOX_HEIGHT}" rx="6" class="b"/>'
        f'<text x="{middle}" y="{top + 20}" class="n" text-anchor="middle">{escape(name)}</text>'
        f'<text x="{middle}" y="{top + 37}" class="t" text-anchor="middle">{escape(first)}</text>'
        f'<text x="{middle}" y="{top + 52}" class="t" text-anchor="middle">{escape(second)}</text>'
    )


def _arrow(left: int, right: int) -> str:
    y = _MAIN_Y + _BOX_HEIGHT // 2
    return f'<path d="M{left + 1} {y} H{right - 2}" class="a" marker-end="url(#h)"/>'
