"""`zipotify chaos`: seeded traffic through real parts that are killed, frozen and cut off; then a look at the books.

A round is run once; its result stays in the home. What a round does is in `chaos_round`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from zipotify.ops.chaos_round import ChaosOptions, Round, RoundReport
from zipotify.settings import Settings

__all__ = ["ChaosOptions", "RoundReport", "as_dict", "run_chaos"]


def run_chaos(settings: Settings, options: ChaosOptions, say: Callable[[str], None]) -> list[RoundReport]:
    """Run the rounds that have no result yet; the results are in `chaos/` in the home, one file a round."""
    folder = settings.home.root / "chaos"
    folder.mkdir(parents=True, exist_ok=True)
    return [_known_or_run(folder, settings, options, number, say) for number in range(1, options.rounds + 1)]


def _known_or_run(
    folder: Path, settings: Settings, options: ChaosOptions, number: int, say: Callable[[str], None]
) -> RoundReport:
    result = folder / f"seed-{options.seed}-round-{number}.json"
    if result.exists():
        report = RoundReport(**json.loads(result.read_text()))
        say(f"round {number}: done before, {len(report.differences)} differences")
        return report
    home = folder / f"seed-{options.seed}-round-{number}"
    shutil.rmtree(home, ignore_errors=True)
    with Round(home, settings, options, number, say) as chaos_round:
        report = chaos_round.run()
    result.write_text(json.dumps(as_dict(report), indent=2) + "\n")
    if not report.differences:
        shutil.rmtree(home)
    return report


def as_dict(report: RoundReport) -> dict[str, Any]:
    """For JSON."""
    return asdict(report)
