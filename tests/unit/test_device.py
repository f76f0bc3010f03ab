"""Device classes: the first word that fits wins, and bronze keeps no more than the class."""

from __future__ import annotations

import pytest

from zipotify.contracts.device import device_class


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        ('"Mozilla/5.0 (iPhone; CPU iPhone OS 7_1 like Mac OS X)"', "iPhone"),
        ("Mozilla/5.0 (iPad; CPU OS 7_1 like Mac OS X)", "iPad"),
        ("Mozilla/5.0 (Linux; Android 9; Pixel 3)", "Android"),
        ("Mozilla/5.0 (Windows NT 6.1; WOW64)", "Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_4)", "Mac"),
        ("Mozilla/5.0 (X11; Linux x86_64)", "Linux"),
        ("curl/8.0", "Other"),
        ("", "Other"),
        (None, None),
    ],
)
def test_classes(agent: str | None, expected: str | None) -> None:
    assert device_class(agent) == expected
