"""Small worlds with known answers: straight roads, moving boxes, observations."""

from dataclasses import replace

import numpy as np

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.maps.lane_map import Lane, LaneKind, LaneMap, TrafficSignal
from driving_data.ports import Observation
from driving_data.rollout import Actors, Event, Rollout, SignalStates
from driving_data.sensors import SensorRig
from driving_data.taxonomy import ActorClass, SignalState
from scenarios.concrete import Actor, ConcreteScenario, Ego, Place, RoadChoice

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


class PointWorlds:
    """A small exact simulator on the straight road: the ego is a point mass along x, others keep their speed.

    Every scenario's `actors[0]` starts at its place and keeps its speed; a scenario named 'broken' raises.
    """

    def __init__(self, opened=None):
        self.opened = opened

    def open(self, scenarios, seeds):
        if self.opened is not None:
            self.opened.append(tuple(scenario.name for scenario in scenarios))
        if any(scenario.name == "broken" for scenario in scenarios):
            raise ValueError("this world cannot be built")
        return _PointSession(scenarios)


class _PointSession:
    def __init__(self, scenarios):
        self.scenarios = scenarios
        self.road = two_lane_road(limit_mps=30.0)

    def reset(self):
        self.step_index = 0
        self.x = np.array([s.ego.start.s_m for s in self.scenarios])
        self.speed = np.array([s.ego.speed_mps for s in self.scenarios])
        self.logs = [[] for _ in self.scenarios]
        self.done = np.zeros(len(self.scenarios), dtype=bool)
        return self._look()

    def step(self, control):
        scenario_steps = np.array([round(s.duration_s / s.step_s) for s in self.scenarios])
        move = ~self.done
        self.speed = np.where(move, np.maximum(self.speed + control.acceleration_mps2 * 0.1, 0.0), self.speed)
        self.x = np.where(move, self.x + self.speed * 0.1, self.x)
        self.step_index += 1
        self.done |= self.step_index >= scenario_steps
        return self._look(move)

    def _look(self, moved=None):
        time = self.step_index * 0.1
        others = np.array([s.actors[0].start.s_m + s.actors[0].speed_mps * time for s in self.scenarios])
        position = np.zeros((len(self.x), 2, 3))
        position[:, 0, 0], position[:, 1, 0] = self.x, others
        velocity = np.zeros_like(position)
        velocity[:, 0, 0], velocity[:, 1, 0] = self.speed, [s.actors[0].speed_mps for s in self.scenarios]
        for k in range(len(self.x)):
            if moved is None or moved[k]:
                self.logs[k].append((position[k, :, :2].copy(), velocity[k, :, :2].copy()))
        one = observation(position[0], velocity[0], batch=len(self.x))
        start = self.x - 1.3
        route = np.zeros((len(self.x), 101, 3))
        route[..., 0] = start[:, None] + np.arange(101.0)
        goal = np.array([s.ego.goal_s_m for s in self.scenarios])
        return replace(
            one, time_s=np.full(len(self.x), time), position_m=position, velocity_mps=velocity, route_m=route,
            route_remaining_m=np.maximum(goal - self.x, 0.0), done=self.done.copy(),
            target_speed_mps=np.array([s.ego.target_speed_mps for s in self.scenarios]),
        )  # fmt: skip

    def run(self, num_steps, policy_kernel):
        raise NotImplementedError("the point world has no built-in driver")

    def rollouts(self):
        made = []
        for log in self.logs:
            centers, velocities = np.stack([c for c, _ in log]), np.stack([v for _, v in log])
            made.append(rollout(centers, np.zeros(centers.shape[:2]), velocities, lane_map=self.road))
        return tuple(made)

    def close(self):
        pass


def concrete(name="follow", gap_m=30.0, lead_mps=5.0, speed_mps=10.0, index=0, tags=("actor:car",), duration_s=8.0):
    """A scenario of the point world: a leader that far ahead of the ego."""
    lead = Actor("actor_1", ActorClass.CAR, CAR, Place("main", gap_m + 4.0), lead_mps)
    ego = Ego(Place("main", 0.0), speed_mps, 12.0, 80.0, size_m=CAR)
    return ConcreteScenario(
        name, RoadChoice("urban"), Environment(), ego, (lead,), SensorRig("none"), duration_s=duration_s, index=index,
        tags=tags,
    )  # fmt: skip
