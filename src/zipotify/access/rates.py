"""How often one may ask: a moving window, per process, for an address and for whoever asks from there."""

from __future__ import annotations

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

ADDRESS = RateLimitItemPerMinute(12_000)
"""A hundred people who look at the dashboard may come from one address: an office's, or a proxy's."""
PERSON = RateLimitItemPerMinute(1200)
"""A page of the dashboard takes some forty requests. Of those who have not signed in, an address is one person."""
LOGIN = RateLimitItemPerMinute(10)


class Rates:
    """Counts requests; the memory it takes is that of the window."""

    def __init__(
        self, address: RateLimitItem = ADDRESS, person: RateLimitItem = PERSON, login: RateLimitItem = LOGIN
    ) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._address, self._person, self._login = address, person, login

    def allows(self, address: str, is_login: bool) -> bool:
        """Whether one more request of this address is within the limits."""
        if not self._limiter.hit(self._address, "address", address):
            return False
        return not is_login or self._limiter.hit(self._login, "login", address)

    def allows_person(self, name: str | None, address: str) -> bool:
        """Whether one more request of this person or token is; of a stranger, whose name is None, of the address."""
        return self._limiter.hit(self._person, *(("stranger", address) if name is None else ("person", name)))
