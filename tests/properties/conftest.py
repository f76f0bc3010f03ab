"""How the fuzzers run: short and the same each time; with FUZZ_EXAMPLES=N, N new random inputs each."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_GIVEN = os.environ.get("FUZZ_EXAMPLES")
settings.register_profile(
    "fuzz",
    deadline=None,
    derandomize=_GIVEN is None,
    max_examples=int(_GIVEN or 80),
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
settings.load_profile("fuzz")
