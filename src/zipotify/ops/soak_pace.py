"""How fast a soak sends: faster and faster until the stream falls behind, then below what it was seen to take in.

A step is half a minute or so. How much waits at its end goes up and down with the stream's batches, so a rate is tried
for some steps: the first pass until the batches fit it, and of the others the second half is held against the first.
"""

from __future__ import annotations

from dataclasses import dataclass, field

FAR_BEHIND_S = 300.0
"""When so many seconds of traffic wait, and more and more, it goes slower whatever the reason: faults come too fast."""
BEHIND_S = 90.0
"""Less than so many seconds of traffic is what waits anyway while a batch is worked on, on a slow machine."""
SETTLE_STEPS, TRIED_STEPS = 3, 6
_FASTER, _SLOWER, _SHARE_OF_TAKEN = 1.6, 0.9, 0.7
"""Of what was taken in, a share: what waits after a fault has to be worked off beside it."""
_GROWTH = 0.2
"""The stream falls behind when more than this share of what comes in is added to what waits."""


@dataclass
class Governor:
    """Chooses the rate, in events per second; `sustained` is what the machine was found to sustain."""

    rate: float
    sustained: float | None = None
    _good: float | None = None
    """The fastest rate that was tried and held."""
    _all: list[tuple[float, int]] = field(default_factory=list)
    """Time and events waiting at the ends of the steps of this rate."""
    _steps: list[tuple[float, int]] = field(default_factory=list)
    """Those in a row that were not disturbed."""

    def note(self, at_s: float, waiting: int | None, is_disturbed: bool) -> float:
        """The rate of the next step, after one at whose end so many events wait (None: Kafka did not say).

        What waits after a fault, or while the lake is tended, says little of the machine: the rate stays.
        """
        if waiting is None or is_disturbed:
            self._steps.clear()
        else:
            self._steps.append((at_s, waiting))
        if waiting is not None:
            self._all = [*self._all, (at_s, waiting)][-SETTLE_STEPS - TRIED_STEPS :]
        if self._is_far_behind():
            self._set(_SLOWER * self.rate)
        elif len(self._steps) >= SETTLE_STEPS + TRIED_STEPS:
            self._judge(_growth_per_s(self._steps), _mean(self._steps[-(TRIED_STEPS // 2) :])[1])
        return self.rate

    def _is_far_behind(self) -> bool:
        if self.sustained is None or len(self._all) < SETTLE_STEPS + TRIED_STEPS:
            return False
        return (
            min(waiting for _, waiting in self._all) > FAR_BEHIND_S * self.rate
            and _growth_per_s(self._all) > _GROWTH * self.rate
        )

    def _judge(self, growth_per_s: float, waiting: float) -> None:
        if growth_per_s > _GROWTH * self.rate and waiting > BEHIND_S * self.rate:
            taken = max(self.rate - growth_per_s, 0.1 * self.rate)
            self._set(min(_SLOWER * self.rate, _SHARE_OF_TAKEN * taken))
        elif self.sustained is None:
            self._good = self.rate
            self.rate *= _FASTER
        self._steps.clear()

    def _set(self, rate: float) -> None:
        """The search is over, if it was not."""
        self.rate = self.sustained = rate
        self._steps.clear()
        self._all.clear()

    def settle(self) -> None:
        """End the search at the fastest rate that held so far; the first one when none was tried to its end."""
        if self.sustained is None:
            self._set(self._good or self.rate)


def _growth_per_s(steps: list[tuple[float, int]]) -> float:
    tried, half = steps[SETTLE_STEPS:], TRIED_STEPS // 2
    (first_s, first), (second_s, second) = _mean(tried[:half]), _mean(tried[half:])
    return (second - first) / (second_s - first_s)


def _mean(steps: list[tuple[float, int]]) -> tuple[float, float]:
    return sum(at_s for at_s, _ in steps) / len(steps), sum(waiting for _, waiting in steps) / len(steps)
