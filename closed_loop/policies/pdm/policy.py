"""The planner: 15 proposals, simulated and scored in every step; the best one is tracked."""

from dataclasses import replace
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from closed_loop.policies.corridor import corridor_of, signal_gap_m
from closed_loop.policies.lateral import MAX_STEERING_RAD
from closed_loop.policies.pdm import pdm_kernels as kernels
from closed_loop.policies.pdm.parameters import PdmParameters
from closed_loop.policies.pdm.score import Crowd, Scores, crowd_of, score
from closed_loop.tracking import KinematicBicycle, LqrTracker, RearAxleState, Trajectory, ego_state
from driving_data.ports import Control, Observation

MAX_BRAKING_MPS2 = 8.0


class PdmClosedPolicy:
    """After PDM-Closed: proposals by IDM along the route, roll-outs by tracker and bicycle, NAVSIM-like scores.

    Where its inputs differ from the original's: the route is the scenario's and known for 100 m, straight on beyond;
    the desired speed is at most the scenario's target speed; a red light is a standing leader at its stop line.
    Source: Dauner, Hallgarten, Geiger, Chitta, "Parting with misconceptions about learning-based vehicle motion
    planning", CoRL 2023.
    """

    Parameters: ClassVar[type] = PdmParameters

    def __init__(self, parameters: PdmParameters | None = None) -> None:
        self.parameters = parameters or PdmParameters()

    @property
    def name(self) -> str:
        """Name in reports."""
        return "pdm_closed"

    def reset(self, num_worlds: int) -> None:
        """There is nothing to forget."""

    def act(self, observation: Observation) -> Control:
        """Follows the best proposal, or brakes in an emergency."""
        p = self.parameters
        state, crowd = ego_state(observation), crowd_of(observation)
        proposals = propose(observation, crowd, p)
        scores = judged(observation, state, crowd, proposals, p)
        best, worlds = np.argmax(scores.total, axis=1), np.arange(len(observation.done))
        plan = Trajectory(proposals[worlds, best, :, :2], proposals[worlds, best, :, 2], p.step_s)
        acceleration, steering = tracked(observation, state, plan, p)
        brake = emergency(state.speed_mps, scores.contact_s[worlds, best], p)
        acceleration = np.where(brake & (state.speed_mps > 0), -p.emergency.braking_mps2, acceleration)
        return Control(
            np.clip(acceleration, -MAX_BRAKING_MPS2, MAX_BRAKING_MPS2),
            np.clip(steering, -MAX_STEERING_RAD, MAX_STEERING_RAD),
        )


def emergency(
    speed_mps: Float[np.ndarray, "B"], contact_s: Float[np.ndarray, "B"], parameters: PdmParameters
) -> np.ndarray:
    """Whether the chosen proposal hits somebody by its own fault soon and the ego is slow; both bounds inclusive."""
    brake = parameters.emergency
    return brake.enabled & (contact_s <= brake.within_s) & (speed_mps <= brake.max_speed_mps)


def propose(observation: Observation, crowd: Crowd, parameters: PdmParameters) -> Float[np.ndarray, "B Q K 3"]:
    """Poses (x, y, yaw) of the rear axle at every step of the plan, the present place on the path first."""
    p, corridor = parameters, corridor_of(observation)
    count, num_steps = len(observation.done), round(p.plan_s / p.step_s) + 1
    route = np.ascontiguousarray(observation.route_m[..., :2])
    step = np.diff(route, axis=1)
    heading = np.unwrap(np.arctan2(step[..., 1], step[..., 0]), axis=1)
    limit = observation.route_speed_limit_mps[:, 0]
    limit = np.minimum(np.where(np.isfinite(limit), limit, p.idm.fallback_mps), observation.target_speed_mps)
    stop = signal_gap_m(observation, corridor.speed_mps, p.yellow_braking_mps2, MAX_BRAKING_MPS2)
    start = np.stack([np.zeros(count), np.maximum(corridor.speed_mps, 0.0), stop + corridor.front_m], axis=-1)
    body = np.stack(
        [corridor.front_m, observation.rear_axle_to_center_m, corridor.half_width_m + p.swath_margin_m], axis=-1
    )
    idm = np.array([p.idm.min_gap_m, p.idm.headway_s, p.idm.max_acceleration_mps2, p.idm.braking_mps2, p.idm.exponent])
    made = np.empty((count, len(p.fractions) * len(p.offsets_m), num_steps, 3))
    kernels.propose(
        route, float(observation.route_spacing_m), heading, np.ascontiguousarray(corridor.curvature_1pm), crowd.rows,
        crowd.valid, start, limit[:, None] * np.array(p.fractions), np.array(p.offsets_m), idm, body, p.step_s, made,
    )  # fmt: skip
    return made


def judged(
    observation: Observation,
    state: RearAxleState,
    crowd: Crowd,
    proposals: Float[np.ndarray, "B Q K 3"],
    parameters: PdmParameters,
) -> Scores:
    """Scores of the proposals as the tracker would drive them."""
    ego, acceleration = rolled_out(observation, state, proposals, parameters)
    return score(observation, crowd, ego, acceleration, parameters)


def rolled_out(
    observation: Observation, state: RearAxleState, proposals: Float[np.ndarray, "B Q K 3"], parameters: PdmParameters
) -> tuple[Float[np.ndarray, "B Q T 4"], Float[np.ndarray, "B Q T 2"]]:
    """Box centre, yaw and speed, and the acceleration of the centre, of every proposal through tracker and bicycle."""
    p, (count, num) = parameters, proposals.shape[:2]
    steps = round(p.rollout_s / p.step_s)
    ego, acceleration = np.empty((count, num, steps + 1, 4)), np.empty((count, num, steps + 1, 2))
    for wheelbase in np.unique(observation.wheelbase_m):
        here = np.flatnonzero(observation.wheelbase_m == wheelbase)
        poses = proposals[here, :, : steps + 1].reshape(len(here) * num, steps + 1, 3)
        tracker = LqrTracker(replace(p.tracker, wheelbase_m=float(wheelbase), step_s=p.step_s))
        states = tracker.drive(
            repeated(state, here, num), Trajectory(poses[..., :2], poses[..., 2], p.step_s), steps,
            KinematicBicycle(wheelbase_m=float(wheelbase)),
        )  # fmt: skip
        rear = np.repeat(observation.rear_axle_to_center_m[here], num)[:, None]
        boxes, felt = centers(states, rear, float(wheelbase), p.step_s)
        ego[here], acceleration[here] = (
            boxes.reshape(len(here), num, steps + 1, 4),
            felt.reshape(len(here), num, steps + 1, 2),
        )
    return ego, acceleration


def repeated(state: RearAxleState, worlds: np.ndarray, times: int) -> RearAxleState:
    """The states of some worlds, each `times` times in a row."""
    return RearAxleState(
        *(
            np.repeat(values[worlds], times, axis=0)
            for values in (
                state.position_m, state.yaw_rad, state.speed_mps, state.acceleration_mps2, state.steering_rad
            )
        )
    )  # fmt: skip


def centers(
    states: tuple[RearAxleState, ...], rear_m: Float[np.ndarray, "N 1"], wheelbase_m: float, step_s: float
) -> tuple[Float[np.ndarray, "N T 4"], Float[np.ndarray, "N T 2"]]:
    """From rear axles to box centres: x, y, yaw, speed; and accelerations a - w^2 r ahead, v w + w' r to the left."""
    yaw = np.stack([state.yaw_rad for state in states], axis=-1)
    speed = np.stack([state.speed_mps for state in states], axis=-1)
    rate = speed * np.tan(np.stack([state.steering_rad for state in states], axis=-1)) / wheelbase_m
    place = np.stack([state.position_m for state in states], axis=1)
    ahead = np.stack([state.acceleration_mps2 for state in states], axis=-1) - rate**2 * rear_m
    left = speed * rate + np.gradient(rate, step_s, axis=-1) * rear_m
    x, y = place[..., 0] + rear_m * np.cos(yaw), place[..., 1] + rear_m * np.sin(yaw)
    return np.stack([x, y, yaw, speed], axis=-1), np.stack([ahead, left], axis=-1)


def tracked(
    observation: Observation, state: RearAxleState, plan: Trajectory, parameters: PdmParameters
) -> tuple[Float[np.ndarray, "B"], Float[np.ndarray, "B"]]:
    """Acceleration and steering angle that follow the plans, each with its ego's own wheelbase."""
    acceleration, steering = np.empty(len(state.yaw_rad)), np.empty(len(state.yaw_rad))
    for wheelbase in np.unique(observation.wheelbase_m):
        here = np.flatnonzero(observation.wheelbase_m == wheelbase)
        tracker = LqrTracker(replace(parameters.tracker, wheelbase_m=float(wheelbase)))
        part = Trajectory(plan.position_m[here], plan.yaw_rad[here], plan.step_s)
        acceleration[here], steering[here] = tracker.control(repeated(state, here, 1), part)
    return acceleration, steering


__all__ = ["PdmClosedPolicy", "emergency", "judged", "propose", "rolled_out"]
