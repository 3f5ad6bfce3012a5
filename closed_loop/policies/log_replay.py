"""Drives as the log did: `log:path/to/log`, or `LogReplayPolicy(rollouts=...)`. The expert of every comparison.

A policy sees no scenario, so each world's log is found by its beginning: of the logs whose ego starts within `match_m`
and `match_rad` of this one, that whose ego's speed and whose other actors are nearest to what is seen. Nobody is
minded: what the log avoided, this avoids only as long as the others do what they did.

tracking 'lqr': the next `window_s` of the log through the LQR tracker of `closed_loop.tracking`, as nuPlan does.
tracking 'preview': the logged acceleration and curvature of the moment at which the vehicle's lags let the command act,
plus feedback of place and speed; as near to perfect tracking as controls can come.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float

from closed_loop.policies.planned import Lags, bounded, check_tracking, preview
from closed_loop.registry import build_policy
from closed_loop.tracking import RearAxleState, Trajectory, ego_state, track
from driving_data.errors import RoadloomError
from driving_data.geometry import wrap_angle
from driving_data.logs.registry import read
from driving_data.ports import Control, Observation, Policy
from driving_data.rollout import Rollout


@dataclass(frozen=True, slots=True)
class LogReplayParameters:
    """Which logs, and how they are followed.

    Attributes:
        path: file or folder of logs; empty where rollouts were handed over in Python.
        tracking: 'lqr' or 'preview'.
        window_s: how far ahead the tracker sees.
        step_s: time between the poses that it sees.
        match_m: the ego begins no farther from the logged one than this,
        match_rad: and its heading differs by no more.
        acceleration_lag_s: lag of the vehicle's acceleration that 'preview' allows for,
        steering_lag_s: and of its steering.
    """

    path: str = ""
    tracking: str = "lqr"
    window_s: float = 2.0
    step_s: float = 0.1
    match_m: float = 1.0
    match_rad: float = 0.2
    acceleration_lag_s: float = 0.2
    steering_lag_s: float = 0.05

    def __post_init__(self) -> None:
        check_tracking(self.tracking)
        if not self.window_s >= 3 * self.step_s > 0:
            raise ValueError(f"window_s must hold at least three steps, not {self.window_s} / {self.step_s}")


@dataclass(frozen=True, slots=True, eq=False)
class LoggedWay:
    """Box centre, unwrapped heading, speed, acceleration along it and yaw rate of a logged ego over time.

    `others_m` are the places of everybody else at the first moment.
    """

    time_s: Float[np.ndarray, "T"]
    center_m: Float[np.ndarray, "T 2"]
    yaw_rad: Float[np.ndarray, "T"]
    speed_mps: Float[np.ndarray, "T"]
    acceleration_mps2: Float[np.ndarray, "T"]
    yaw_rate_radps: Float[np.ndarray, "T"]
    others_m: Float[np.ndarray, "N 2"]

    def at(self, time_s: Float[np.ndarray, "K"]) -> Float[np.ndarray, "K 6"]:
        """x, y, yaw, speed, acceleration, yaw rate, linear between the moments of the log, held at both ends."""
        columns = (
            self.center_m[:, 0], self.center_m[:, 1], self.yaw_rad, self.speed_mps, self.acceleration_mps2,
            self.yaw_rate_radps,
        )  # fmt: skip
        made = np.stack([np.interp(time_s, self.time_s, column) for column in columns], axis=-1)
        # The log ends: whoever follows it stops there.
        made[time_s > self.time_s[-1], 3:] = 0.0
        return made


def logged_way(rollout: Rollout) -> LoggedWay | None:
    """The way of a rollout's ego from its first moment; None where it is not there, or for less than three moments."""
    ego = rollout.ego_index
    valid = rollout.valid[:, ego]
    if valid.sum() < 3 or not valid[0]:
        return None
    time = rollout.seconds()[valid] - rollout.seconds()[0]
    yaw = np.unwrap(rollout.world_from_actor.yaw_rad()[valid, ego])
    center = rollout.world_from_actor.translation_m[valid, ego, :2]
    velocity = rollout.velocity_mps[valid, ego, :2]
    if not np.isfinite(velocity).all():
        velocity = np.gradient(center, time, axis=0)
    speed = velocity[:, 0] * np.cos(yaw) + velocity[:, 1] * np.sin(yaw)
    there = rollout.valid[0].copy()
    there[ego] = False
    others = rollout.world_from_actor.translation_m[0, there, :2]
    return LoggedWay(time, center, yaw, speed, np.gradient(speed, time), np.gradient(yaw, time), others)


def unlikeness_m(way: LoggedWay, speed_mps: float, others_m: Float[np.ndarray, "N 2"]) -> float:
    """How unlike two beginnings are whose egos stand alike.

    The speeds' difference over a second, and how far, on average and at most 10 m, those who are seen are from the
    nearest logged ones.
    """
    unlike = abs(float(way.speed_mps[0]) - speed_mps)
    if len(others_m) == 0 or len(way.others_m) == 0:
        return unlike + 10.0 * float(len(others_m) != len(way.others_m))
    apart = np.linalg.norm(others_m[:, None] - way.others_m[None], axis=-1).min(axis=1)
    return unlike + float(np.minimum(apart, 10.0).mean())


class LogReplayPolicy:
    """Follows, in each world, the log that began there."""

    Parameters: ClassVar[type] = LogReplayParameters

    def __init__(self, parameters: LogReplayParameters | None = None, rollouts: Sequence[Rollout] = ()) -> None:
        self.parameters = parameters or LogReplayParameters()
        made = [logged_way(rollout) for rollout in rollouts or _rollouts(self.parameters.path)]
        self._ways = [way for way in made if way is not None]
        if not self._ways:
            raise ValueError("no log to replay: name a file or folder (log:path), or hand rollouts over")
        self._chosen: list[LoggedWay] = []
        self._begin_s = np.zeros(0)

    @property
    def name(self) -> str:
        """Name in reports."""
        return "log_replay"

    def reset(self, num_worlds: int) -> None:
        """Forgets which log is whose."""
        self._chosen = []

    def act(self, observation: Observation) -> Control:
        """Follows the logs.

        Raises:
            RoadloomError: no log begins where an ego begins.
        """
        if len(self._chosen) != len(observation.done):
            self._chosen = [self._match(observation, world) for world in range(len(observation.done))]
            self._begin_s = observation.time_s.copy()
        state, now = ego_state(observation), observation.time_s - self._begin_s
        follow = self._by_tracker if self.parameters.tracking == "lqr" else self._by_preview
        control = follow(observation, state, now)
        # Who follows a standing log brakes to a stop and does not reverse.
        backwards = (state.speed_mps <= 0) & (control.acceleration_mps2 < 0)
        return bounded(Control(np.where(backwards, 0.0, control.acceleration_mps2), control.steering_rad))

    def _match(self, observation: Observation, world: int) -> LoggedWay:
        ego = observation.ego_index[world]
        place, yaw = observation.position_m[world, ego, :2], observation.yaw_rad[world, ego]
        away = np.array([np.hypot(*(way.center_m[0] - place)) for way in self._ways])
        turned = np.array([abs(float(wrap_angle(np.array(way.yaw_rad[0] - yaw)))) for way in self._ways])
        fits = (away <= self.parameters.match_m) & (turned <= self.parameters.match_rad)
        if not fits.any():
            nearest = int(np.argmin(away))
            raise RoadloomError(
                f"no log begins where the ego of world {world} begins; the nearest of {len(self._ways)} is "
                f"{away[nearest]:.1f} m and {np.degrees(turned[nearest]):.0f} degrees off"
            )
        seen = observation.valid[world].copy()
        seen[ego] = False
        speed = float(np.linalg.norm(observation.velocity_mps[world, ego, :2]))
        others = observation.position_m[world, seen, :2]
        unlike = [unlikeness_m(way, speed, others) + away[k] if fits[k] else np.inf for k, way in enumerate(self._ways)]
        return self._ways[int(np.argmin(unlike))]

    def _by_tracker(self, observation: Observation, state: RearAxleState, now_s: np.ndarray) -> Control:
        p = self.parameters
        ahead = p.step_s * np.arange(round(p.window_s / p.step_s) + 1)
        poses = np.stack([way.at(now + ahead) for way, now in zip(self._chosen, now_s, strict=True)])
        back = observation.rear_axle_to_center_m[:, None]
        yaw = poses[..., 2]
        axle = poses[..., :2] - back[..., None] * np.stack([np.cos(yaw), np.sin(yaw)], axis=-1)
        return track(observation, Trajectory(axle, yaw, p.step_s))

    def _by_preview(self, observation: Observation, state: RearAxleState, now_s: np.ndarray) -> Control:
        p = self.parameters
        moments = np.array(Lags(p.acceleration_lag_s, p.steering_lag_s).moments_s())
        rows = np.stack([way.at(now + moments) for way, now in zip(self._chosen, now_s, strict=True)])
        forward = np.stack([np.cos(state.yaw_rad), np.sin(state.yaw_rad)], axis=-1)
        center = state.position_m + observation.rear_axle_to_center_m[:, None] * forward
        return preview(center, state, rows, observation.wheelbase_m)


def _rollouts(path: str) -> list[Rollout]:
    return [segment.rollout for segment in read(Path(path))] if path else []


def load_policy(target: str, parameters: Mapping[str, Any] | None = None) -> Policy:
    """The policy that replays the logs at a path.

    Raises:
        InputError: there is no log, or a parameter does not fit.
    """
    return build_policy(LogReplayPolicy, f"log:{target}", {**(parameters or {}), "path": target})
