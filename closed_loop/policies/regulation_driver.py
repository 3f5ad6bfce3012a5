"""The driver models of UN Regulation 157 as policies: lane keeping, calm speed keeping, and their reaction to danger.

When a model finds danger and how it brakes comes from `closed_loop.regulation.models`; this module adds what the
published grids leave out. There one other vehicle is on a straight lane and a case ends; here there are many, along a
route, and driving goes on:
- Danger is judged for every actor beside or ahead, in (s, d) of the route; the hardest braking asked for counts.
- The grids tell some models that a leader brakes or uncovers an obstacle ("triggered"). Here an actor in the swath
  triggers where it brakes or stands and the calm law no longer suffices: slowing to its speed within the gap takes
  more than `calm_mps2`.
- While all is safe and nothing was unsafe, speed and distance are kept within +-`calm_mps2` (the grids' +-1 m/s^2).
  After a reaction the speed is held, as in the grids; once all was safe for `recover_s`, the driver is calm again
  and its reaction time starts anew (the grids never get there).
- A case that the careful driver has settled (a cut-in with a long time to collision) stays open: should the time
  fall under two seconds later, it reacts.
"""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from jaxtyping import Bool, Float

from closed_loop.policies.corridor import Corridor, corridor_of, ego_of
from closed_loop.policies.lateral import SteeringParameters, steer
from closed_loop.policies.pid import Clock
from closed_loop.policies.tracking import allowed_speed_mps
from closed_loop.regulation.models import CarefulDriver, DriverModel, FuzzyDriver, Reg157Driver, RssDriver
from closed_loop.regulation.situation import Situation
from driving_data.ports import Control, Observation

_STANDING_MPS = 0.1
_FAR_M = 1e3


@dataclass(frozen=True, slots=True)
class KeepingParameters:
    """How the driver drives while nothing is wrong.

    Attributes:
        calm_mps2: bound of accelerations while all is safe, both ways.
        speed_gain_1ps: of the speed error.
        gap_gain_1ps2: of the error of the distance that the model keeps.
        keeps_distance: whether it keeps a distance at all (the published cut-ins do not).
        lead_braking_mps2: an actor ahead that decelerates at least so counts as braking.
        recover_s: so long all must be safe until the driver is calm again.
        step_s: control period that is assumed in the first step, before two times are known.
        lateral_mps2: lateral acceleration that bends are taken with on a dry road.
        steering: lane keeping.
    """

    calm_mps2: float = 1.0
    speed_gain_1ps: float = 0.5
    gap_gain_1ps2: float = 0.1
    keeps_distance: bool = True
    lead_braking_mps2: float = 0.4
    recover_s: float = 1.0
    step_s: float = 0.1
    lateral_mps2: float = 2.5
    steering: SteeringParameters = field(default_factory=SteeringParameters)


class ReactiveDriver:
    """Memory and reaction of one model in B worlds; the policies below differ in the model alone."""

    def __init__(self, model: DriverModel, keeping: KeepingParameters) -> None:
        self.model = model
        self.keeping = keeping
        self._clock = Clock()
        self.reset(0)

    def reset(self, num_worlds: int) -> None:
        """Everyone is calm."""
        self._clock.reset()
        self._wait_s = np.full(num_worlds, float(self.model.braking.wait_s))
        self._braking = np.zeros(num_worlds)
        self._safe_s = np.full(num_worlds, np.inf)
        self._speed: np.ndarray | None = None

    def act(self, observation: Observation) -> Control:
        """Keeps the lane; keeps speed and distance, or reacts."""
        if len(self._wait_s) != len(observation.done):
            self.reset(len(observation.done))
        corridor = corridor_of(observation)
        dt = self._clock.tick(observation.time_s)
        dt = np.where(dt > 0, dt, self.keeping.step_s)
        speed = np.maximum(corridor.speed_mps, 0.0)
        rate = np.zeros_like(speed) if self._speed is None else (speed - self._speed) / dt
        self._speed = speed
        unsafe, asked = self._danger(observation, corridor, speed, rate)
        reaction = self._react(unsafe, asked, dt)
        self._safe_s = np.where(unsafe, 0.0, self._safe_s + dt)
        calm = self._safe_s >= self.keeping.recover_s
        self._wait_s = np.where(calm, self.model.braking.wait_s, self._wait_s)
        self._braking = np.where(calm, 0.0, self._braking)
        calmly = self._keep(observation, corridor, speed)
        # After a reaction the speed is held; slower where the calm law wants it.
        kept = np.where(calm, calmly, np.minimum(calmly, 0.0))
        acceleration = np.where(unsafe, -reaction, kept)
        # No faster stop than within this step: the driver does not reverse.
        return Control(np.maximum(acceleration, -speed / dt), steer(observation, corridor, self.keeping.steering))

    def _react(self, unsafe: np.ndarray, asked_mps2: np.ndarray, dt_s: np.ndarray) -> Float[np.ndarray, "B"]:
        """Deceleration of this step; waits first, then presses the brake harder and harder."""
        style = self.model.braking
        waits = self._wait_s > 1e-9
        grown = np.minimum(self._braking + style.jerk_mps3 * dt_s, style.most_mps2)
        braked = np.where(waits, style.release_mps2, np.minimum(grown, asked_mps2))
        self._braking = np.where(unsafe, braked, self._braking)
        self._wait_s = np.where(unsafe & waits, self._wait_s - dt_s, self._wait_s)
        return braked

    def _danger(
        self, observation: Observation, corridor: Corridor, speed_mps: np.ndarray, rate_mps2: np.ndarray
    ) -> tuple[Bool[np.ndarray, "B"], Float[np.ndarray, "B"]]:
        """Whether anyone is a danger, and the hardest braking that one of them asks for."""
        seen = situations(observation, corridor, speed_mps, rate_mps2)
        count = corridor.present.shape
        told = self._triggers(observation, corridor, seen).reshape(-1)
        found, more = self.model.judge(seen), self.model.judge(seen, triggered=True)
        unsafe = (found.unsafe | (told & more.unsafe & ~seen.passed)).reshape(count) & corridor.present
        harder = np.where(told & more.unsafe, np.maximum(more.braking_mps2, found.braking_mps2), found.braking_mps2)
        asked = np.where(unsafe, harder.reshape(count), 0.0)
        return np.asarray(unsafe.any(axis=1)), asked.max(axis=1, initial=0.0)

    def _triggers(self, observation: Observation, corridor: Corridor, seen: Situation) -> Bool[np.ndarray, "B A"]:
        shape = corridor.present.shape
        gap, lateral = seen.gap_m.reshape(shape), seen.lateral_gap_m.reshape(shape)
        closing = np.maximum((seen.speed_mps - seen.other_speed_mps).reshape(shape), 0.0)
        ahead = corridor.present & ~seen.passed.reshape(shape) & (lateral < 0)
        along = np.where(corridor.present, np.nan_to_num(observation.acceleration_mps2), 0.0)
        brakes = (along * np.cos(corridor.turned_rad) <= -self.keeping.lead_braking_mps2) | (
            np.abs(corridor.speed_along_mps) <= _STANDING_MPS
        )
        needed = closing**2 / (2 * np.maximum(gap, 0.1))
        return ahead & brakes & (needed > self.keeping.calm_mps2)

    def _keep(self, observation: Observation, corridor: Corridor, speed_mps: np.ndarray) -> Float[np.ndarray, "B"]:
        p = self.keeping
        wanted = allowed_speed_mps(observation, corridor, p.lateral_mps2, p.calm_mps2)
        free = p.speed_gain_1ps * (wanted - speed_mps)
        if not p.keeps_distance:
            return np.clip(free, -p.calm_mps2, p.calm_mps2)
        gap = np.maximum(corridor.s_m - corridor.half_along_m - corridor.front_m[:, None], 0.0)
        beside = np.abs(corridor.d_m - observation.route_lateral_m[:, None])
        reach = corridor.half_across_m + corridor.half_width_m[:, None]
        leads = corridor.present & (beside < reach) & (corridor.s_m > observation.rear_axle_to_center_m[:, None])
        wished = self.model.distance_m(speed_mps) + 2.0
        lead = np.maximum(corridor.speed_along_mps, 0.0)
        follow = p.gap_gain_1ps2 * (gap - wished[:, None]) + p.speed_gain_1ps * (lead - speed_mps[:, None])
        follow = np.where(leads, follow, np.inf).min(axis=1, initial=np.inf)
        return np.clip(np.minimum(free, follow), -p.calm_mps2, p.calm_mps2)


def situations(
    observation: Observation, corridor: Corridor, speed_mps: Float[np.ndarray, "B"], rate_mps2: Float[np.ndarray, "B"]
) -> Situation:
    """Every actor of every world as the models see one, B * A cases; who is absent is far ahead and as fast."""
    present, shape = corridor.present, corridor.present.shape
    center = observation.rear_axle_to_center_m[:, None]
    half_length = 0.5 * ego_of(observation.size_m, observation.ego_index)[:, :1]
    along = np.where(present, corridor.s_m - center, _FAR_M)
    across = np.where(present, corridor.d_m - observation.route_lateral_m[:, None], _FAR_M)
    sideways = corridor.speed_mps * np.sin(corridor.heading_error_rad)
    lengths = half_length + corridor.half_along_m

    def flat(values: np.ndarray) -> np.ndarray:
        return np.broadcast_to(values, shape).reshape(-1).astype(np.float64)

    return Situation(
        gap_m=flat(np.abs(along) - lengths),
        lateral_gap_m=flat(np.abs(across) - corridor.half_across_m - corridor.half_width_m[:, None]),
        center_distance_m=flat(np.abs(along)),
        length_m=flat(lengths),
        speed_mps=flat(speed_mps[:, None]),
        other_speed_mps=flat(np.where(present, corridor.speed_along_mps, speed_mps[:, None])),
        approach_mps=flat(-np.sign(across) * (corridor.speed_across_mps - sideways[:, None])),
        acceleration_mps2=flat(rate_mps2[:, None]),
        passed=(along < 0).reshape(-1),
    )


@dataclass(frozen=True, slots=True)
class CarefulDriverParameters:
    """The competent and careful driver of annex 3, and how it drives meanwhile."""

    driver: CarefulDriver = field(default_factory=CarefulDriver)
    keeping: KeepingParameters = field(default_factory=KeepingParameters)


@dataclass(frozen=True, slots=True)
class FuzzySafetyParameters:
    """The fuzzy safety model, and how it drives meanwhile."""

    driver: FuzzyDriver = field(default_factory=FuzzyDriver)
    keeping: KeepingParameters = field(default_factory=KeepingParameters)


@dataclass(frozen=True, slots=True)
class Reg157Parameters:
    """What paragraph 5.2.5.2 asks, and how it drives meanwhile."""

    driver: Reg157Driver = field(default_factory=Reg157Driver)
    keeping: KeepingParameters = field(default_factory=KeepingParameters)


@dataclass(frozen=True, slots=True)
class RssDriverParameters:
    """Responsibility-sensitive safety as a driver, with the grids' parameters, and how it drives meanwhile."""

    driver: RssDriver = field(default_factory=RssDriver)
    keeping: KeepingParameters = field(default_factory=KeepingParameters)


class CarefulDriverPolicy:
    """The competent and careful human driver of the regulation, on any road."""

    Parameters: ClassVar[type] = CarefulDriverParameters

    def __init__(self, parameters: CarefulDriverParameters | None = None) -> None:
        self.parameters = parameters or CarefulDriverParameters()
        self._driver = ReactiveDriver(self.parameters.driver, self.parameters.keeping)

    @property
    def name(self) -> str:
        """Name in reports."""
        return "careful_driver"

    def reset(self, num_worlds: int) -> None:
        """Calm again."""
        self._driver.reset(num_worlds)

    def act(self, observation: Observation) -> Control:
        """Keeps the lane and reacts."""
        return self._driver.act(observation)


class FuzzySafetyPolicy:
    """The fuzzy safety model, on any road."""

    Parameters: ClassVar[type] = FuzzySafetyParameters

    def __init__(self, parameters: FuzzySafetyParameters | None = None) -> None:
        self.parameters = parameters or FuzzySafetyParameters()
        self._driver = ReactiveDriver(self.parameters.driver, self.parameters.keeping)

    @property
    def name(self) -> str:
        """Name in reports."""
        return "fuzzy_safety"

    def reset(self, num_worlds: int) -> None:
        """Calm again."""
        self._driver.reset(num_worlds)

    def act(self, observation: Observation) -> Control:
        """Keeps the lane and reacts."""
        return self._driver.act(observation)


class Reg157Policy:
    """What the regulation asks of an automated lane keeping system, on any road."""

    Parameters: ClassVar[type] = Reg157Parameters

    def __init__(self, parameters: Reg157Parameters | None = None) -> None:
        self.parameters = parameters or Reg157Parameters()
        self._driver = ReactiveDriver(self.parameters.driver, self.parameters.keeping)

    @property
    def name(self) -> str:
        """Name in reports."""
        return "reg157"

    def reset(self, num_worlds: int) -> None:
        """Calm again."""
        self._driver.reset(num_worlds)

    def act(self, observation: Observation) -> Control:
        """Keeps the lane and reacts."""
        return self._driver.act(observation)


class RssDriverPolicy:
    """The RSS driver of the published grids, on any road; `rss_guarded` is the guard around other policies."""

    Parameters: ClassVar[type] = RssDriverParameters

    def __init__(self, parameters: RssDriverParameters | None = None) -> None:
        self.parameters = parameters or RssDriverParameters()
        self._driver = ReactiveDriver(self.parameters.driver, self.parameters.keeping)

    @property
    def name(self) -> str:
        """Name in reports."""
        return "rss_driver"

    def reset(self, num_worlds: int) -> None:
        """Calm again."""
        self._driver.reset(num_worlds)

    def act(self, observation: Observation) -> Control:
        """Keeps the lane and reacts."""
        return self._driver.act(observation)
