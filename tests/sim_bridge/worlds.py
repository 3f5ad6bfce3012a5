"""Small roads and scenarios with known answers."""

from dataclasses import replace

import numpy as np

from driving_data.environment import Environment
from driving_data.maps.lane_map import Lane, LaneKind, LaneMap, TrafficSignal
from driving_data.sensors import SensorRig
from driving_data.taxonomy import ActorClass
from scenarios.concrete import Actor, ConcreteScenario, Driver, Ego, Place, RoadChoice
from sim_bridge.embedded.options import EmbeddedOptions
from sim_bridge.embedded.simulator import EmbeddedSimulator

CAR = (4.5, 1.8, 1.5)
LANE_M = 3.5


def lane_along(name: str, points_m: np.ndarray, junction: str | None = None, limit_mps: float = float("nan")) -> Lane:
    """A driving lane of 3.5 m around a line."""
    step = np.gradient(points_m[:, :2], axis=0)
    normal = np.stack([-step[:, 1], step[:, 0], np.zeros(len(step))], axis=-1)
    normal /= np.linalg.norm(normal[:, :2], axis=-1, keepdims=True)
    half = 0.5 * LANE_M * normal
    return Lane(
        name, LaneKind.DRIVING, points_m, points_m + half, points_m - half, junction_id=junction,
        speed_limit_mps=limit_mps,
    )  # fmt: skip


def straight_map(grade: float = 0.0) -> LaneMap:
    """Three parallel lanes of 1200 m to the east; `left` lies at y = 3.5, `middle` at 0, `right` at -3.5."""
    x = np.arange(0.0, 1200.1, 2.0)
    lanes = [lane_along(n, np.stack([x, 0 * x + y, grade * x], -1)) for n, y in (("l", 3.5), ("m", 0.0), ("r", -3.5))]
    signal = TrafficSignal(
        "light", np.array([205.0, -6.0, 4.0]), np.pi, ("m", "r"), np.array([[200.0, 1.75, 0.0], [200.0, -5.25, 0.0]])
    )
    return LaneMap(tuple(lanes), signals=(signal,), routes={"left": ("l",), "middle": ("m",), "right": ("r",)})


def winding_map() -> LaneMap:
    """Two parallel lanes that wind to the east."""
    x = np.arange(0.0, 900.1, 1.0)
    wave = 12.0 * np.sin(x / 45.0)
    center = np.stack([x, wave, 2.0 * np.sin(x / 80.0)], -1)
    slope = 12.0 / 45.0 * np.cos(x / 45.0)
    normal = np.stack([-slope, np.ones_like(x), 0 * x], -1) / np.hypot(1.0, slope)[:, None]
    return LaneMap(
        (lane_along("m", center), lane_along("l", center + LANE_M * normal)),
        routes={"middle": ("m",), "left": ("l",)},
    )


def circle_map(radius_m: float) -> LaneMap:
    """One lane on three quarters of a circle to the left, from the origin to the east."""
    angle = np.arange(0.0, 1.5 * np.pi, 1.0 / radius_m)
    points = np.stack([radius_m * np.sin(angle), radius_m * (1 - np.cos(angle)), 0 * angle], -1)
    return LaneMap((lane_along("c", points),), routes={"middle": ("c",)})


def simulator(lane_map: LaneMap | None = None, options: EmbeddedOptions | None = None) -> EmbeddedSimulator:
    """The embedded simulator on one of these maps."""
    made = lane_map or straight_map()
    return EmbeddedSimulator(options or EmbeddedOptions(), lambda _: made)


def car(name: str, s_m: float, speed_mps: float, route: str = "middle", **changes: object) -> Actor:
    """A car with an IDM driver who wishes to keep its speed."""
    actor = Actor(
        name, ActorClass.CAR, CAR, Place(route, s_m), speed_mps, Driver(desired_speed_mps=max(speed_mps, 1.0))
    )
    return replace(actor, **changes)


def scenario(*actors: Actor, **changes: object) -> ConcreteScenario:
    """An ego at s = 50 m of the middle lane at 15 m/s among actors, for ten seconds."""
    base = ConcreteScenario(
        name="test",
        road=RoadChoice("test"),
        environment=Environment(),
        ego=Ego(Place("middle", 50.0), 15.0, 15.0, 900.0),
        actors=actors,
        rig=SensorRig("none"),
    )
    return replace(base, **changes)
