"""From a planned trajectory to controls: the one-step LQR tracker of nuPlan and its kinematic bicycle.

Longitudinal:  v(H) = v + H dt a,  a = -(H dt) q (v - v_ref) / ((H dt)^2 q + r)
Lateral:       x = (lateral error, heading error, steering), x' = A x + B u + g over H steps of dt with one constant
               steering rate u = -B^T Q e / (B^T Q B + R), e = A_H x + g_H (angles wrapped)
Bicycle:       accelerations and steering follow their commands through first-order lags, then explicit Euler steps.

Speeds and curvatures of the trajectory come from two regularised least-squares fits to its poses. Everything is at
the rear axle and batched over B. Source: closed-loop definition of nuPlan (nuplan-devkit e924167: LQR tracker
q_lon 10, r_lon 1, q_lat (1, 10, 0), r_lat 1, 10 steps of 0.1 s; kinematic bicycle with lags of 0.2 s and 0.05 s). The
penalties of the fits (jerk 1e-4, curvature rate 1e-2, initial curvature 1e-10) are that devkit's defaults.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float

from driving_data.geometry import wrap_angle
from driving_data.ports import Control, Observation

PACIFICA_WHEELBASE_M = 3.089
_INITIAL_CURVATURE_PENALTY = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class RearAxleState:
    """Where B vehicles are and how they move, at the rear axle.

    Attributes:
        position_m: in `world`, shape (B, 2).
        yaw_rad: shape (B,).
        speed_mps: along the vehicle's x axis, shape (B,).
        acceleration_mps2: along the vehicle's x axis, shape (B,).
        steering_rad: road-wheel angle, left positive, shape (B,).
    """

    position_m: Float[np.ndarray, "B 2"]
    yaw_rad: Float[np.ndarray, "B"]
    speed_mps: Float[np.ndarray, "B"]
    acceleration_mps2: Float[np.ndarray, "B"]
    steering_rad: Float[np.ndarray, "B"]

    def of(self, rows: Bool[np.ndarray, "B"]) -> "RearAxleState":
        """Some of the vehicles."""
        return RearAxleState(
            self.position_m[rows], self.yaw_rad[rows], self.speed_mps[rows], self.acceleration_mps2[rows],
            self.steering_rad[rows],
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Trajectory:
    """Planned poses of B rear axles, N of them at equal steps; the first is the pose at the start of the plan.

    Attributes:
        position_m: in `world`, shape (B, N, 2).
        yaw_rad: shape (B, N).
        step_s: time between poses.
    """

    position_m: Float[np.ndarray, "B N 2"]
    yaw_rad: Float[np.ndarray, "B N"]
    step_s: float = 0.1

    def __post_init__(self) -> None:
        if self.yaw_rad.shape[1] < 3:
            raise ValueError(f"a trajectory needs at least three poses, this has {self.yaw_rad.shape[1]}")
        if not self.step_s > 0:
            raise ValueError(f"the step of a trajectory must be positive, this is {self.step_s}")

    def of(self, rows: Bool[np.ndarray, "B"]) -> "Trajectory":
        """Those of some of the vehicles."""
        return Trajectory(self.position_m[rows], self.yaw_rad[rows], self.step_s)

    def resampled(self, step_s: float = 0.1) -> "Trajectory":
        """The same way at steps of about `step_s` that divide its own: linear between poses, headings the short way."""
        fine = max(1, round(self.step_s / step_s))
        at = np.arange((self.yaw_rad.shape[1] - 1) * fine + 1) / fine
        yaw = np.unwrap(self.yaw_rad, axis=1)
        x, y, turned = (_at(values, 1.0, at) for values in (self.position_m[..., 0], self.position_m[..., 1], yaw))
        return Trajectory(np.stack([x, y], axis=-1), turned, self.step_s / fine)


@dataclass(frozen=True, slots=True)
class LqrParameters:
    """Weights and horizon; defaults are nuPlan's.

    Attributes:
        q_longitudinal: weight of the squared speed error.
        r_longitudinal: weight of the squared acceleration.
        q_lateral: weights of lateral error, heading error and steering.
        r_lateral: weight of the squared steering rate.
        step_s: step of the prediction.
        horizon: number of steps.
        jerk_penalty: of the fit of speeds.
        curvature_rate_penalty: of the fit of curvatures.
        stopping_gain_1ps: proportional gain while stopping.
        stopping_mps: at or under this speed, of ego and reference, the tracker stops.
        wheelbase_m: of the tracked vehicle.
    """

    q_longitudinal: float = 10.0
    r_longitudinal: float = 1.0
    q_lateral: tuple[float, float, float] = (1.0, 10.0, 0.0)
    r_lateral: float = 1.0
    step_s: float = 0.1
    horizon: int = 10
    jerk_penalty: float = 1e-4
    curvature_rate_penalty: float = 1e-2
    stopping_gain_1ps: float = 0.5
    stopping_mps: float = 0.2
    wheelbase_m: float = PACIFICA_WHEELBASE_M


@dataclass(frozen=True, slots=True)
class LqrTracker:
    """Turns a trajectory into an acceleration and a steering angle for B vehicles at once."""

    parameters: LqrParameters = LqrParameters()

    def control(
        self, state: RearAxleState, trajectory: Trajectory, elapsed_s: float = 0.0
    ) -> tuple[Float[np.ndarray, "B"], Float[np.ndarray, "B"]]:
        """Acceleration in m/s^2 and road-wheel angle in radians to command for the next step of the prediction.

        The steering angle is where the commanded rate leads within one `step_s`.

        Args:
            state: of the vehicles now.
            trajectory: to follow.
            elapsed_s: time since the trajectory began.
        """
        acceleration, rate = self.command(state, trajectory, elapsed_s)
        return acceleration, state.steering_rad + rate * self.parameters.step_s

    def command(
        self, state: RearAxleState, trajectory: Trajectory, elapsed_s: float = 0.0
    ) -> tuple[Float[np.ndarray, "B"], Float[np.ndarray, "B"]]:
        """Acceleration in m/s^2 and steering rate in rad/s, as nuPlan's tracker gives them."""
        return self._from_profiles(state, trajectory, profiles(trajectory, self.parameters), elapsed_s)

    def drive(
        self, state: RearAxleState, trajectory: Trajectory, num_steps: int, model: "KinematicBicycle"
    ) -> tuple[RearAxleState, ...]:
        """States of vehicles that follow one trajectory for `num_steps` steps, the present one first."""
        fitted = profiles(trajectory, self.parameters)
        states = [state]
        for k in range(num_steps):
            command = self._from_profiles(states[-1], trajectory, fitted, k * self.parameters.step_s)
            states.append(model.step(states[-1], *command, self.parameters.step_s))
        return tuple(states)

    def _from_profiles(
        self, state: RearAxleState, trajectory: Trajectory, fitted: tuple[np.ndarray, np.ndarray], elapsed_s: float
    ) -> tuple[np.ndarray, np.ndarray]:
        p = self.parameters
        ahead = elapsed_s + p.step_s * np.arange(p.horizon + 1)
        reference = _at(fitted[0], trajectory.step_s, ahead[-1:])[:, 0]
        curvature = _at(fitted[1], trajectory.step_s, ahead[:-1])
        acceleration = longitudinal_command(state.speed_mps, reference, p)
        speeds = state.speed_mps[:, None] + acceleration[:, None] * p.step_s * np.arange(p.horizon)
        rate = lateral_command(tracking_error(state, trajectory, elapsed_s), speeds, curvature, p)
        stop = (reference <= p.stopping_mps) & (state.speed_mps <= p.stopping_mps)
        braking = -p.stopping_gain_1ps * (state.speed_mps - reference)
        return np.where(stop, braking, acceleration), np.where(stop, 0.0, rate)


def longitudinal_command(
    speed_mps: Float[np.ndarray, "B"], reference_mps: Float[np.ndarray, "B"], parameters: LqrParameters
) -> Float[np.ndarray, "B"]:
    """Constant acceleration that minimises q (v(H) - v_ref)^2 + r a^2."""
    reach = parameters.horizon * parameters.step_s
    gain = reach * parameters.q_longitudinal / (reach**2 * parameters.q_longitudinal + parameters.r_longitudinal)
    return -gain * (speed_mps - reference_mps)


def lateral_command(
    error: Float[np.ndarray, "B 3"],
    speeds_mps: Float[np.ndarray, "B H"],
    curvature_1pm: Float[np.ndarray, "B H"],
    parameters: LqrParameters,
) -> Float[np.ndarray, "B"]:
    """Constant steering rate that minimises x(H)^T Q x(H) + r u^2 from x(0) = `error`."""
    dt = parameters.step_s
    lateral, heading, steering = error[:, 0].copy(), error[:, 1].copy(), error[:, 2]
    # Response to a unit rate: lateral, heading and steering after the steps so far.
    by_rate = np.zeros_like(error)
    for k in range(parameters.horizon):
        move = speeds_mps[:, k] * dt
        lateral = lateral + move * heading
        heading = heading + move * (steering / parameters.wheelbase_m - curvature_1pm[:, k])
        by_rate[:, 0] += move * by_rate[:, 1]
        by_rate[:, 1] += move / parameters.wheelbase_m * by_rate[:, 2]
        by_rate[:, 2] += dt
    ahead = np.stack([lateral, wrap_angle(heading), wrap_angle(steering)], axis=-1)
    weighted = by_rate * np.asarray(parameters.q_lateral)
    return -np.sum(weighted * ahead, axis=-1) / (np.sum(weighted * by_rate, axis=-1) + parameters.r_lateral)


def tracking_error(state: RearAxleState, trajectory: Trajectory, elapsed_s: float = 0.0) -> Float[np.ndarray, "B 3"]:
    """Lateral error (left positive), heading error and steering angle against the planned pose of this moment."""
    at = np.array([elapsed_s])
    x, y = (_at(trajectory.position_m[..., axis], trajectory.step_s, at)[:, 0] for axis in (0, 1))
    yaw = _at(np.unwrap(trajectory.yaw_rad, axis=1), trajectory.step_s, at)[:, 0]
    dx, dy = state.position_m[:, 0] - x, state.position_m[:, 1] - y
    lateral = dy * np.cos(yaw) - dx * np.sin(yaw)
    return np.stack([lateral, wrap_angle(state.yaw_rad - yaw), state.steering_rad], axis=-1)


def profiles(
    trajectory: Trajectory, parameters: LqrParameters = LqrParameters()
) -> tuple[Float[np.ndarray, "B M"], Float[np.ndarray, "B M"]]:
    """Speeds and curvatures of a trajectory at its poses but the last, from regularised least squares.

    The speed of the first interval and the accelerations after it are fitted to the displacements along the headings
    with a penalty on jerk; then the first curvature and its rates to the turns, with a penalty on the rates.
    """
    dt = trajectory.step_s
    step = np.diff(trajectory.position_m, axis=1)
    yaw = trajectory.yaw_rad[:, :-1]
    along = np.cos(yaw) * step[..., 0] + np.sin(yaw) * step[..., 1]
    # Row by row: one product over all rows may differ in the last bit with their number.
    fit = np.matmul(along[:, None, :], _speed_fit(along.shape[1], dt, parameters.jerk_penalty).T)[:, 0]
    speed = np.cumsum(np.concatenate([fit[:, :1], fit[:, 1:] * dt], axis=1), axis=1)
    turn = wrap_angle(np.diff(trajectory.yaw_rad, axis=1))
    return speed, _curvatures(turn, speed, dt, parameters.curvature_rate_penalty)


@lru_cache(maxsize=16)
def _speed_fit(num_steps: int, dt: float, jerk_penalty: float) -> Float[np.ndarray, "M M"]:
    """From displacements along the headings to (first speed, accelerations); headings cancel in the normal matrix."""
    integrate = np.tri(num_steps) * dt**2
    integrate[:, 0] = dt
    jerk = np.diff(np.eye(num_steps)[1:], axis=0)
    made = np.linalg.pinv(integrate.T @ integrate + jerk_penalty * jerk.T @ jerk) @ integrate.T
    made.setflags(write=False)
    return made


def _curvatures(turn: np.ndarray, speed: np.ndarray, dt: float, penalty: float) -> np.ndarray:
    """Minimises sum (v dt k - turn)^2 + p0 k_0^2 + p sum ((k_j - k_j-1) / dt)^2 over curvatures k.

    The first curvature and its rates are the unknowns of the definition; in the curvatures themselves the normal
    matrix has three diagonals, which are eliminated from top to bottom.
    """
    count, side = turn.shape[1], penalty / dt**2
    diagonal = (speed * dt) ** 2
    diagonal[:, :-1] += side if count > 1 else 0.0
    diagonal[:, 1:] += side
    diagonal[:, 0] += _INITIAL_CURVATURE_PENALTY
    made = speed * dt * turn
    for k in range(1, count):
        factor = side / diagonal[:, k - 1]
        diagonal[:, k] -= factor * side
        made[:, k] += factor * made[:, k - 1]
    made[:, -1] /= diagonal[:, -1]
    for k in range(count - 2, -1, -1):
        made[:, k] = (made[:, k] + side * made[:, k + 1]) / diagonal[:, k]
    return made


def _at(values: Float[np.ndarray, "B N"], step_s: float, time_s: Float[np.ndarray, "K"]) -> Float[np.ndarray, "B K"]:
    """Linear interpolation of samples at equal steps, held at both ends."""
    place = np.clip(time_s / step_s, 0.0, values.shape[1] - 1)
    k = np.minimum(place.astype(np.int64), values.shape[1] - 2)
    share = place - k
    return values[:, k] * (1 - share) + values[:, k + 1] * share


@dataclass(frozen=True, slots=True)
class KinematicBicycle:
    """The vehicle model around nuPlan's tracker.

    Attributes:
        wheelbase_m: distance between the axles.
        acceleration_lag_s: time constant of the acceleration.
        steering_lag_s: time constant of the steering.
        max_steering_rad: greatest road-wheel angle, inclusive.
    """

    wheelbase_m: float = PACIFICA_WHEELBASE_M
    acceleration_lag_s: float = 0.2
    steering_lag_s: float = 0.05
    max_steering_rad: float = float(np.pi / 3)

    def step(
        self,
        state: RearAxleState,
        acceleration_mps2: Float[np.ndarray, "B"],
        steering_rate_radps: Float[np.ndarray, "B"],
        step_s: float = 0.1,
    ) -> RearAxleState:
        """The states one step later under constant commands: lags first, then explicit Euler from the present speed."""
        got = state.acceleration_mps2 + step_s / (step_s + self.acceleration_lag_s) * (
            acceleration_mps2 - state.acceleration_mps2
        )
        turned = step_s / (step_s + self.steering_lag_s) * (step_s * steering_rate_radps)
        move = state.speed_mps * step_s
        direction = np.stack([np.cos(state.yaw_rad), np.sin(state.yaw_rad)], axis=-1)
        return RearAxleState(
            position_m=state.position_m + move[:, None] * direction,
            yaw_rad=wrap_angle(state.yaw_rad + move * np.tan(state.steering_rad) / self.wheelbase_m),
            speed_mps=state.speed_mps + got * step_s,
            acceleration_mps2=got,
            steering_rad=np.clip(state.steering_rad + turned, -self.max_steering_rad, self.max_steering_rad),
        )


NUPLAN_TRACKER, NUPLAN_BICYCLE = LqrTracker(), KinematicBicycle()


def ego_state(observation: Observation) -> RearAxleState:
    """The egos of an observation at their rear axles, for the tracker."""
    worlds = np.arange(len(observation.ego_index))
    yaw = observation.yaw_rad[worlds, observation.ego_index]
    forward = np.stack([np.cos(yaw), np.sin(yaw)], axis=-1)
    center = observation.position_m[worlds, observation.ego_index, :2]
    velocity = observation.velocity_mps[worlds, observation.ego_index, :2]
    return RearAxleState(
        position_m=center - observation.rear_axle_to_center_m[:, None] * forward,
        yaw_rad=yaw,
        speed_mps=np.sum(velocity * forward, axis=-1),
        acceleration_mps2=observation.acceleration_mps2[worlds, observation.ego_index],
        steering_rad=observation.steering_rad,
    )


def track(
    observation: Observation, trajectory: Trajectory, tracker: LqrTracker = LqrTracker(), elapsed_s: float = 0.0
) -> Control:
    """The control that lets the egos of an observation follow their trajectories, each with its own wheelbase."""
    state = ego_state(observation)
    acceleration, steering = np.empty(len(observation.done)), np.empty(len(observation.done))
    for wheelbase in np.unique(observation.wheelbase_m):
        own = observation.wheelbase_m == wheelbase
        fitted = LqrTracker(replace(tracker.parameters, wheelbase_m=float(wheelbase)))
        acceleration[own], steering[own] = fitted.control(state.of(own), trajectory.of(own), elapsed_s)
    return Control(acceleration, steering)
