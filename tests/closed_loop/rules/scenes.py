"""Small scenes for rules: a motorway along x, an intersection, and drives along them."""

from dataclasses import replace

import numpy as np

from driving_data.maps.lane_map import Lane, LaneKind, LaneMap, Marking, MarkingKind, RoadSign, TrafficSignal
from driving_data.rollout import SignalStates
from driving_data.taxonomy import SignalState
from tests.closed_loop import worlds

NO_LIMIT = float("nan")


def motorway(limit_mps=NO_LIMIT, signs=(), broad=False, ramp=False):
    """Lanes 'right', 'middle', 'left' at y = 0, 3.5, 7; a ramp at y = -3.5 that ends in 'right'."""
    near, far = Marking(MarkingKind.BROKEN, width_m=0.3 if broad else 0.12), Marking(MarkingKind.BROKEN)
    lanes = [
        worlds.lane("right", 0.0, limit_mps=limit_mps, left_neighbor="middle", left_marking=near),
        worlds.lane("middle", 3.5, limit_mps=limit_mps, left_neighbor="left", right_neighbor="right",
                    right_marking=near, left_marking=far),
        worlds.lane("left", 7.0, limit_mps=limit_mps, right_neighbor="middle"),
    ]  # fmt: skip
    if ramp:
        entry = worlds.lane("ramp", -3.5, limit_mps=limit_mps, left_neighbor="right")
        lanes.append(replace(entry, kind=LaneKind.ENTRY))
    return LaneMap(tuple(lanes), signs=tuple(signs))


def drive(paths, dt_s=0.1, lane_map=None, **rest):
    """A rollout from one (T, 2) path and one yaw (number or (T,)) per actor; velocities are exact differences."""
    places = np.stack([np.asarray(path, dtype=float) for path, _ in paths], axis=1)
    yaws = np.stack([np.broadcast_to(np.asarray(yaw, dtype=float), len(places)) for _, yaw in paths], axis=1)
    velocity = np.gradient(places, dt_s, axis=0)
    return worlds.rollout(places, yaws, velocity, dt_s=dt_s, lane_map=lane_map, **rest)


def cruise(x_m, y_m, speed_mps, count=60, dt_s=0.1, to_y_m=None, at_s=1.0, sideways_mps=1.75):
    """A path along x, with a change to another lateral place that begins at `at_s`."""
    time = np.arange(count) * dt_s
    y = np.full(count, float(y_m))
    if to_y_m is not None:
        way = np.clip((time - at_s) * sideways_mps, 0.0, abs(to_y_m - y_m))
        y = y + np.sign(to_y_m - y_m) * way
    return np.stack([x_m + speed_mps * time, y], axis=-1), 0.0


def profile(x_m, y_m, speeds, dt_s=0.1):
    """A path along x with a speed for every sample."""
    speeds = np.asarray(speeds, dtype=float)
    x = x_m + np.concatenate([[0.0], np.cumsum(0.5 * (speeds[1:] + speeds[:-1]) * dt_s)])
    return np.stack([x, np.full(len(x), float(y_m))], axis=-1), 0.0


def exact_speeds(rollout, actor, speeds, accelerations):
    """The rollout with these speeds and accelerations along x instead of differences."""
    velocity, acceleration = rollout.velocity_mps.copy(), rollout.acceleration_mps2.copy()
    velocity[:, actor, 0], acceleration[:, actor, 0] = speeds, accelerations
    return replace(rollout, velocity_mps=velocity, acceleration_mps2=acceleration)


def intersection(right_turn=False):
    """A lane to x = 30, a stop line there, and a junction lane straight on or turning right."""
    approach = worlds.lane("approach", 0.0, start_m=-100.0, end_m=30.0, successors=("inside",))
    if right_turn:
        angle = np.linspace(np.pi / 2, 0.0, 30)
        arcs = [
            np.stack([30 + r * np.cos(angle), -10 + r * np.sin(angle), np.zeros(30)], -1) for r in (10, 11.75, 8.25)
        ]
        inside = Lane("inside", LaneKind.DRIVING, *arcs, predecessors=("approach",), junction_id="j")
    else:
        inside = worlds.lane("inside", 0.0, start_m=30.0, end_m=60.0, predecessors=("approach",), junction_id="j")
    light = TrafficSignal("light", np.array([62.0, 0.0, 5.0]), np.pi, ("inside",),
                          np.array([[30.0, 1.75, 0.0], [30.0, -1.75, 0.0]]))  # fmt: skip
    return LaneMap((approach, inside), (light,))


def stop_sign_road():
    """The same approach with a stop sign at x = 30 instead of the light."""
    sign = RoadSign("stop", "stop", np.array([30.0, -3.0, 2.0]), np.pi, lane_ids=("approach",))
    return replace(intersection(), signals=(), signs=(sign,))


def lights(count, red_from, red_to):
    """The light: red in these samples, else green."""
    state = np.full((count, 1), int(SignalState.GREEN))
    state[red_from:red_to] = int(SignalState.RED)
    return SignalStates(("light",), state)
