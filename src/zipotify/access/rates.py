"""How often one address may ask: a moving window, per process."""

from __future__ import annotations

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

ANY_REQUEST = RateLimitItemPerMinute(1200)
"""A page of the dashboard takes some forty requests."""
LOGIN = RateLimitItemPerMinute(10)


class Rates:
    """Counts requests; the memory it takes is that of the window."""

    def __init__(self, any_request: RateLimitItem = ANY_REQUEST, login: RateLimitItem = LOGIN) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._any_request = any_request
        self._login = login

    def allows(self, address: str, is_login: bool) -> bool:
        """Whether one more request of this address is within the limits."""
        if not self._limiter.hit(self._any_request, "any", address):
            return False
        return not is_login or self._limiter.hit(self._login, "login", address)
