"""Shadow mode: one policy drives, another sees the same and says what it would do; where they part is listed.

Commands differ from the start in small things; what counts is where they lead. Beside the difference of the commands a
divergence tells how far apart the ego would be after a second if each command were kept (kinematic bicycle).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from driving_data.ports import Control, Observation, Policy, Simulator
from scenarios.concrete import ConcreteScenario


@dataclass(frozen=True, slots=True)
class ShadowLimits:
    """From when on two commands count as different.

    Attributes:
        acceleration_mps2: difference of the accelerations above which they part.
        steering_rad: difference of the steering angles above which they part.
        position_m: or distance after `horizon_s` above which they part.
        horizon_s: for how long commands are kept to see where they lead.
        min_duration_s: shorter divergences are not listed.
    """

    acceleration_mps2: float = 1.0
    steering_rad: float = 0.03
    position_m: float = 1.0
    horizon_s: float = 1.0
    min_duration_s: float = 0.2


@dataclass(frozen=True, slots=True)
class Divergence:
    """A stretch of time in which the two policies would do different things.

    Attributes:
        scenario_name: of the scenario.
        scenario_digest: its identity.
        start_s: first moment.
        end_s: last moment.
        peak_s: moment at which the places after the horizon are farthest apart.
        acceleration_mps2: shadow - driver at that moment.
        steering_rad: shadow - driver at that moment.
        position_m: distance of the places after the horizon, at that moment.
    """

    scenario_name: str
    scenario_digest: str
    start_s: float
    end_s: float
    peak_s: float
    acceleration_mps2: float
    steering_rad: float
    position_m: float


def shadow(
    driver: Policy, other: Policy, simulator: Simulator, scenarios: Sequence[ConcreteScenario],
    limits: ShadowLimits = ShadowLimits(),
) -> tuple[Divergence, ...]:  # fmt: skip
    """Drives `driver` through scenarios with `other` beside it; the divergences, by scenario and time.

    What happens is what happens with `driver` alone: `other` sees every observation and moves nothing.
    """
    session = simulator.open(scenarios, [scenario.seed for scenario in scenarios])
    try:
        observation = session.reset()
        driver.reset(len(scenarios))
        other.reset(len(scenarios))
        seen: list[_Moment] = []
        for _ in range(max(round(scenario.duration_s / scenario.step_s) for scenario in scenarios)):
            if observation.done.all():
                break
            mine, theirs = driver.act(observation), other.act(observation)
            seen.append(_moment(observation, mine, theirs, limits))
            observation = session.step(mine)
    finally:
        session.close()
    found = [d for world, scenario in enumerate(scenarios) for d in _stretches(seen, world, scenario, limits)]
    return tuple(found)


@dataclass(frozen=True, slots=True, eq=False)
class _Moment:
    """Differences of all worlds at one moment; NaN where a world has ended."""

    time_s: Float[np.ndarray, "B"]
    acceleration_mps2: Float[np.ndarray, "B"]
    steering_rad: Float[np.ndarray, "B"]
    position_m: Float[np.ndarray, "B"]


def _moment(observation: Observation, mine: Control, theirs: Control, limits: ShadowLimits) -> _Moment:
    worlds = np.arange(len(observation.time_s))
    speed = np.linalg.norm(observation.velocity_mps[worlds, observation.ego_index, :2], axis=-1)
    apart = [place_after(speed, c.acceleration_mps2, c.steering_rad, observation.wheelbase_m, limits.horizon_s)
             for c in (mine, theirs)]  # fmt: skip
    gone = np.where(observation.done, np.nan, 0.0)
    return _Moment(
        observation.time_s.copy(),
        theirs.acceleration_mps2 - mine.acceleration_mps2 + gone,
        theirs.steering_rad - mine.steering_rad + gone,
        np.linalg.norm(apart[1] - apart[0], axis=-1) + gone,
    )


def place_after(
    speed_mps: Float[np.ndarray, "B"], acceleration_mps2: Float[np.ndarray, "B"], steering_rad: Float[np.ndarray, "B"],
    wheelbase_m: Float[np.ndarray, "B"], horizon_s: float,
) -> Float[np.ndarray, "B 2"]:  # fmt: skip
    """Where the rear axle is after the horizon in the ego's frame, the command kept, standing where it stops.

    On an arc of curvature tan(steering) / wheelbase of length v t + a t^2 / 2.
    """
    braking = np.minimum(acceleration_mps2, -1e-9)
    time = np.where(acceleration_mps2 < 0.0, np.minimum(horizon_s, -speed_mps / braking), horizon_s)
    length = speed_mps * time + 0.5 * acceleration_mps2 * time**2
    turn = np.tan(steering_rad) / wheelbase_m * length
    # sin(x) / x and (1 - cos(x)) / x without dividing by zero.
    along = length * np.sinc(turn / np.pi)
    aside = length * 0.5 * turn * np.sinc(0.5 * turn / np.pi) ** 2
    return np.stack([along, aside], axis=-1)


def _stretches(
    seen: Sequence[_Moment], world: int, scenario: ConcreteScenario, limits: ShadowLimits
) -> list[Divergence]:
    time = np.array([moment.time_s[world] for moment in seen])
    acceleration = np.array([moment.acceleration_mps2[world] for moment in seen])
    steering = np.array([moment.steering_rad[world] for moment in seen])
    position = np.array([moment.position_m[world] for moment in seen])
    apart = (
        (np.abs(acceleration) > limits.acceleration_mps2)
        | (np.abs(steering) > limits.steering_rad)
        | (position > limits.position_m)
    )
    edges = np.flatnonzero(np.diff(np.concatenate([[False], apart, [False]]).astype(np.int8)))
    found: list[Divergence] = []
    for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if time[stop - 1] - time[start] < limits.min_duration_s - 1e-9:
            continue
        peak = start + int(np.nanargmax(position[start:stop]))
        found.append(
            Divergence(
                scenario.name, scenario.digest(), float(time[start]), float(time[stop - 1]), float(time[peak]),
                float(acceleration[peak]), float(steering[peak]), float(position[peak]),
            )
        )  # fmt: skip
    return found
