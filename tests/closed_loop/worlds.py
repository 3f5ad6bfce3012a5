"""Small worlds with known answers: straight roads, moving boxes, observations."""

from dataclasses import replace

import numpy as np

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.maps.lane_map import Lane, LaneKind, LaneMap, TrafficSignal
from driving_data.ports import Observation
from driving_data.rollout import Actors, Event, Rollout, SignalStates
from driving_data.taxonomy import ActorClass, SignalState

CAR = (4.0, 2.0, 1.5)


def polar(radius, angle):
    return np.array([radius * np.cos(angle), radius * np.sin(angle)])


def rollout(
    centers, yaws, velocities, kinds=None, sizes=None, dt_s=0.1, valid=None, lane_map=None, events=(), signals=None,
    start_ns=0, rear_m=1.3,
):  # fmt: skip
    """A rollout from (T, A, 2), (T, A), (T, A, 2); actor 0 is the ego."""
    centers, yaws, velocities = (np.asarray(value, dtype=np.float64) for value in (centers, yaws, velocities))
    num_steps, num_actors = yaws.shape
    kinds = kinds or [ActorClass.CAR] * num_actors
    sizes = np.asarray(sizes if sizes is not None else [CAR] * num_actors, dtype=np.float64)
    valid = np.ones((num_steps, num_actors), dtype=bool) if valid is None else valid
    position = np.concatenate([centers, np.full((num_steps, num_actors, 1), 0.75)], axis=-1)
    velocity = np.concatenate([velocities, np.zeros((num_steps, num_actors, 1))], axis=-1)
    acceleration = np.gradient(velocity, dt_s, axis=0) if num_steps > 1 else np.zeros_like(velocity)
    rear = np.zeros(num_actors)
    rear[0] = rear_m
    return Rollout(
        timestamps_ns=start_ns + (np.arange(num_steps) * round(dt_s * 1e9)).astype(np.int64),
        actors=Actors(
            tuple(["ego", *(f"actor_{i}" for i in range(1, num_actors))]),
            np.array([int(kind) for kind in kinds]),
            sizes,
            rear,
        ),
        ego_index=0,
        world_from_actor=SE3.from_yaw(yaws, position),
        velocity_mps=velocity,
        acceleration_mps2=acceleration,
        yaw_rate_radps=np.gradient(np.unwrap(yaws, axis=0), dt_s, axis=0) if num_steps > 1 else np.zeros_like(yaws),
        steering_rad=np.zeros_like(yaws),
        lights=np.zeros(yaws.shape, dtype=np.uint8),
        valid=valid,
        signals=signals or SignalStates((), np.zeros((num_steps, 0), dtype=np.int64)),
        events=tuple(events),
        lane_map=lane_map,
        environment=Environment(),
    )


def straight(starts, speeds, num_steps=40, yaws=None, **rest):
    """Actors that go straight along their heading from `starts` at constant `speeds`."""
    starts = np.asarray(starts, dtype=np.float64)
    yaws = np.zeros(len(starts)) if yaws is None else np.asarray(yaws, dtype=np.float64)
    dt_s = rest.get("dt_s", 0.1)
    velocity = np.asarray(speeds, dtype=np.float64)[:, None] * np.stack([np.cos(yaws), np.sin(yaws)], axis=-1)
    time = np.arange(num_steps)[:, None, None] * dt_s
    centers = starts[None] + time * velocity[None]
    repeat = (num_steps, 1)
    return rollout(
        centers, np.tile(yaws, repeat), np.broadcast_to(velocity, (num_steps, *velocity.shape)).copy(), **rest
    )


def car_following(num_steps=10, **rest):
    """Gap 36 m, 20 m/s behind 10 m/s: time to collision 3.6 s, headway 1.8 s, required deceleration 1.39 m/s^2."""
    return straight([[0.0, 0.0], [40.0, 0.0]], [20.0, 10.0], num_steps, **rest)


def move(what, angle_rad, shift_m, delay_ns=0):
    """The same rollout, turned, shifted and later."""
    turn = SE3.from_yaw(np.array(angle_rad), np.array([*shift_m, 0.0]))
    lane_map = what.lane_map
    if lane_map is not None:
        lanes = tuple(
            replace(
                lane,
                centerline_m=turn.apply(lane.centerline_m),
                left_m=turn.apply(lane.left_m),
                right_m=turn.apply(lane.right_m),
            )
            for lane in lane_map.lanes
        )
        lights = tuple(
            replace(
                light,
                position_m=turn.apply(light.position_m),
                heading_rad=light.heading_rad + angle_rad,
                stop_line_m=turn.apply(light.stop_line_m),
            )
            for light in lane_map.signals
        )
        lane_map = replace(lane_map, lanes=lanes, signals=lights)
    return replace(
        what,
        timestamps_ns=what.timestamps_ns + delay_ns,
        world_from_actor=turn @ what.world_from_actor,
        velocity_mps=turn.rotate(what.velocity_mps),
        acceleration_mps2=turn.rotate(what.acceleration_mps2),
        events=tuple(replace(event, timestamp_ns=event.timestamp_ns + delay_ns) for event in what.events),
        lane_map=lane_map,
    )


def lane(name, y_m, reverse=False, start_m=-50.0, end_m=300.0, width_m=3.5, limit_mps=15.0, **rest):
    """A straight lane along x whose middle is at `y_m`."""
    x = np.linspace(start_m, end_m, 71)
    line = np.stack([x, np.full_like(x, y_m), np.zeros_like(x)], axis=-1)
    half = np.array([0.0, 0.5 * width_m, 0.0])
    if reverse:
        return Lane(name, LaneKind.DRIVING, line[::-1].copy(), (line - half)[::-1].copy(), (line + half)[::-1].copy(),
                    speed_limit_mps=limit_mps, **rest)  # fmt: skip
    return Lane(name, LaneKind.DRIVING, line, line + half, line - half, speed_limit_mps=limit_mps, **rest)


def two_lane_road(**rest):
    """A lane eastwards at y = 0 and one westwards at y = 3.5; a light with its stop line at x = 30."""
    light = TrafficSignal(
        "light", np.array([45.0, -3.0, 5.0]), np.pi, ("east",), np.array([[30.0, 1.75, 0.0], [30.0, -1.75, 0.0]])
    )
    return LaneMap(
        (lane("east", 0.0, **rest), lane("west", 3.5, reverse=True, **rest)), (light,), routes={"main": ("east",)}
    )


def collision_event(time_s, other="actor_1", **data):
    return Event(round(time_s * 1e9), "collision", ("ego", other), data)


def observation(
    position_m, velocity_mps, kinds=None, sizes=None, yaw_rad=None, route_m=None, spacing_m=1.0, target_mps=15.0,
    limit_mps=20.0, signal_m=np.inf, signal=SignalState.UNKNOWN, lateral_m=0.0, batch=1, remaining_m=200.0,
):  # fmt: skip
    """`batch` equal worlds; actor 0 is the ego, whose centre is at its position; the route runs along x."""
    position = np.asarray(position_m, dtype=np.float64)
    velocity = np.asarray(velocity_mps, dtype=np.float64)
    count = len(position)
    kinds = kinds or [ActorClass.CAR] * count
    yaw = np.zeros(count) if yaw_rad is None else np.asarray(yaw_rad, dtype=np.float64)
    sizes = np.asarray(sizes if sizes is not None else [CAR] * count, dtype=np.float64)
    if route_m is None:
        start = position[0, 0] - 1.3
        x = start + spacing_m * np.arange(101)
        route_m = np.stack([x, np.full_like(x, position[0, 1] - lateral_m), np.zeros_like(x)], axis=-1)

    def tile(value):
        return np.repeat(np.asarray(value)[None], batch, axis=0)

    def flat(points):
        return np.concatenate([points, np.zeros((count, 1))], axis=-1) if points.shape[-1] == 2 else points

    return Observation(
        time_s=np.zeros(batch), position_m=tile(flat(position)), yaw_rad=tile(yaw), velocity_mps=tile(flat(velocity)),
        acceleration_mps2=np.zeros((batch, count)), yaw_rate_radps=np.zeros((batch, count)), size_m=tile(sizes),
        kind=tile(np.array([int(kind) for kind in kinds])), valid=np.ones((batch, count), dtype=bool),
        ego_index=np.zeros(batch, dtype=np.int64), rear_axle_to_center_m=np.full(batch, 1.3),
        wheelbase_m=np.full(batch, 2.7), steering_rad=np.zeros(batch), route_m=tile(route_m),
        route_spacing_m=spacing_m, route_speed_limit_mps=np.full((batch, len(route_m)), float(limit_mps)),
        route_lateral_m=np.full(batch, float(lateral_m)), route_remaining_m=np.full(batch, float(remaining_m)),
        target_speed_mps=np.full(batch, float(target_mps)), signal_distance_m=np.full(batch, float(signal_m)),
        signal_state=np.full(batch, int(signal)), road_friction=np.full(batch, 0.9), done=np.zeros(batch, dtype=bool),
    )  # fmt: skip
