"""`python scripts/walkthrough ADDRESS`: do all tasks at a running dashboard, and write what they took."""

from __future__ import annotations

import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from browsing import chromium

from walkthrough.reader import Reader
from walkthrough.tasks import TASKS, as_json, perform

RECORDED = Path(__file__).resolve().parents[2] / "docs" / "recorded" / "walkthrough.json"


def main(address: str) -> None:
    """Each task in a fresh window."""
    done = []
    with chromium() as browser:
        for task in TASKS:
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            done.append(perform(task, Reader(context.new_page(), address)))
            context.close()
            print(f"{done[-1].clicks} clicks, {done[-1].pages} pages: {task.question}")
    about = {"date": datetime.now(UTC).date().isoformat(), "machine": f"{platform.machine()}, {os.cpu_count()} cores"}
    RECORDED.write_text(json.dumps({"about": about, "tasks": as_json(done)}, indent=1, ensure_ascii=False) + "\n")
    print(f"written: {RECORDED}")


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
