"""How a value goes over to another: step, linear, sinusoidal or cubic, over a time, a distance or at a rate.

With start a, change b and range c: linear a + b x/c; sinusoidal a - b (cos(pi x/c) - 1) / 2, whose slope peaks at
pi b / (2 c) and whose curvature peaks at pi^2 b / (2 c^2); cubic a + b (x/c)^2 (3 - 2 x/c), with peaks 3 b / (2 c) and
6 b / c^2. A rate is the peak of the slope.
"""

import math
from dataclasses import dataclass

from scenarios.storyboard import Dynamics
from sim_bridge.embedded.storyboard.network import TINY, sign

HUGE = 1e10


@dataclass(slots=True)
class Transition:
    """A value on its way: from `start` to `target` while `param` runs from 0 to `span`."""

    shape: str
    dimension: str
    start: float = 0.0
    target: float = 0.0
    param: float = 0.0
    span: float = 0.0
    rate: float = 0.0
    slow: float = 1.0

    @staticmethod
    def of(dynamics: Dynamics) -> "Transition":
        """A transition with the dynamics of an action, before its ends are known."""
        by_rate = dynamics.dimension == "rate"
        span, rate = (0.0, abs(dynamics.value)) if by_rate else (dynamics.value, 0.0)
        return Transition(dynamics.shape, dynamics.dimension, span=span, rate=rate)

    def aim(self, start: float | None = None, target: float | None = None) -> None:
        """Sets the ends; at a rate the span follows."""
        self.start = self.start if start is None else start
        self.target = self.target if target is None else target
        if self.dimension == "rate":
            self.span = max(self.span_of_peak(self.rate), TINY)

    def span_of_peak(self, peak: float) -> float:
        """Span at which the slope peaks at a magnitude."""
        if self.shape == "step":
            return 0.0
        factor = {"linear": 1.0, "sinusoidal": 0.5 * math.pi, "cubic": 1.5}[self.shape]
        return factor * abs(self.target - self.start) / max(peak, TINY)

    def span_of_bend(self, peak: float) -> float:
        """Span at which the second derivative peaks at a magnitude."""
        change = abs(self.target - self.start)
        if self.shape == "step":
            return 0.0
        if self.shape == "sinusoidal":
            return math.pi * math.sqrt(change / (2.0 * peak))
        return math.sqrt(6.0 * change / peak)

    @property
    def instant(self) -> bool:
        """Whether it is over at once."""
        return self.shape == "step" or (self.dimension != "rate" and self.span < TINY)

    def peak(self) -> float:
        """Largest magnitude of the slope."""
        if self.dimension == "rate":
            return self.rate
        if self.instant:
            return HUGE
        factor = {"linear": 1.0, "sinusoidal": 0.5 * math.pi, "cubic": 1.5}[self.shape]
        return factor * abs(self.target - self.start) / max(self.span, TINY)

    def slow_down(self, max_rate: float) -> None:
        """Stretches the transition so that its slope stays below a magnitude."""
        peak = self.peak()
        self.slow = peak / max(max_rate, TINY) if peak > max_rate else 1.0

    def slope(self) -> float:
        """Change per unit of the parameter, slowed down as asked."""
        change = self.target - self.start
        if self.instant:
            return HUGE * sign(change)
        x, c = self.param, max(self.span, TINY)
        if self.shape == "linear":
            found = change / c
        elif self.shape == "sinusoidal":
            found = math.pi * change * math.sin(math.pi * x / c) / (2.0 * c)
        else:
            found = 6.0 * change * (c - x) * x / c**3
        return found / self.slow

    def value(self, shape: str = "") -> float:
        """The value now."""
        shape, change = shape or self.shape, self.target - self.start
        if self.instant:
            return self.target
        share = self.param / max(self.span, TINY)
        if shape == "linear":
            return self.start + change * share
        if shape == "sinusoidal":
            return self.start - change * (math.cos(math.pi * share) - 1.0) / 2.0
        return self.start + change * share**2 * (3.0 - 2.0 * share)

    def step(self, amount: float) -> None:
        """Advances the parameter, inside its range."""
        self.param = min(max(self.param + amount / self.slow, 0.0), self.span)

    @property
    def over(self) -> bool:
        """Whether the parameter has reached its end."""
        return self.param > self.span - TINY
