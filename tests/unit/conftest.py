"""How the unit tests use Hypothesis: no clock decides, and a failure comes again with the next run."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "zipotify",
    deadline=None,
    derandomize=True,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("zipotify")
