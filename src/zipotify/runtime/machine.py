"""What kind of machine a figure was measured on, so that figures of two machines can be set side by side."""

from __future__ import annotations

import os
import platform
import time

import psutil

_LOOP_STEPS = 3_000_000


def calibration() -> dict[str, object]:
    """Cores, memory, present load, and the CPU seconds of a fixed piece of work on one core (0.2 is ordinary)."""
    started = time.process_time()
    sum(number * number for number in range(_LOOP_STEPS))
    return {
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "python": platform.python_version(),
        "python_loop_s": round(time.process_time() - started, 3),
        "load_average": [round(load, 1) for load in os.getloadavg()],
    }
