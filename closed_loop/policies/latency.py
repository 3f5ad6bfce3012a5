"""Latency between seeing and acting, injected without a wall clock: the same seed gives the same delays."""

import hashlib
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from driving_data.ports import Control, Observation

_SOON_S = 1e-9


@dataclass(frozen=True, slots=True)
class LatencyParameters:
    """How late controls take effect.

    Attributes:
        latency_s: a control computed from what was seen at t acts at t + latency_s,
        jitter_s: plus a draw, uniform in [0, jitter_s).
        seed: of the draws. They are keyed by this seed, the world's first observation and the step, so that neither
            batch size nor order changes them.
    """

    latency_s: float = 0.0
    jitter_s: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not (self.latency_s >= 0 and self.jitter_s >= 0):
            raise ValueError(f"latency and jitter are not negative: {self.latency_s} s, {self.jitter_s} s")


class LatencyLine:
    """Holds controls back until their time has come.

    A control acts from the first step at or after its arrival until a newer one arrives. One that arrives after a
    newer one has (jitter) is dropped. Until the first arrives, the ego neither accelerates nor turns its wheels.
    """

    def __init__(self, parameters: LatencyParameters) -> None:
        self.parameters = parameters
        self.reset()

    def reset(self) -> None:
        """Forgets what is under way."""
        self._under_way: list[tuple[np.ndarray, np.ndarray, Control]] = []
        self._acting: Control | None = None
        self._seen_s = np.zeros(0)
        self._worlds: tuple[int, ...] = ()
        self._step = 0

    def hand_over(self, observation: Observation, control: Control) -> Control:
        """Takes the control that was computed now and gives the one that acts now."""
        now = observation.time_s
        if self._acting is None or len(self._seen_s) != len(now):
            self.reset()
            self._seen_s = np.full(len(now), -np.inf)
            self._worlds = tuple(world_key(observation, k) for k in range(len(now)))
            self._acting = Control(np.zeros(len(now)), observation.steering_rad.astype(np.float64))
        arrives = now + self._delays_s()
        acceleration, steering = self._acting.acceleration_mps2, self._acting.steering_rad
        self._under_way.append((now.copy(), arrives, control))
        for seen, due, sent in self._under_way:
            takes = (due <= now + _SOON_S) & (seen >= self._seen_s)
            acceleration = np.where(takes, sent.acceleration_mps2, acceleration)
            steering = np.where(takes, sent.steering_rad, steering)
            self._seen_s = np.where(takes, seen, self._seen_s)
        # What has arrived is done with: either it acts, or a newer one does.
        self._under_way = [item for item in self._under_way if (item[1] > now + _SOON_S).any()]
        self._acting = Control(acceleration, steering)
        self._step += 1
        return Control(acceleration.copy(), steering.copy())

    def _delays_s(self) -> Float[np.ndarray, "B"]:
        p = self.parameters
        delays = np.full(len(self._worlds), float(p.latency_s))
        if p.jitter_s > 0:
            delays += p.jitter_s * np.array([uniform_draw(p.seed, world, self._step) for world in self._worlds])
        return delays


def uniform_draw(seed: int, world: int, step: int) -> float:
    """A number in [0, 1) that depends on nothing but these three."""
    bits = np.random.Philox(key=np.array([seed % 2**64, world], dtype=np.uint64), counter=step)
    return float(np.random.Generator(bits).random())


def world_key(observation: Observation, world: int) -> int:
    """A number that tells a world from others by what is first seen of it: its route, its ego and its task."""
    ego = int(observation.ego_index[world])
    parts = (
        observation.route_m[world], observation.position_m[world, ego], observation.velocity_mps[world, ego],
        observation.target_speed_mps[world : world + 1],
    )  # fmt: skip
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).digest()
    return int.from_bytes(digest[:8], "little")
