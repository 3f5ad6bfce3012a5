"""What the benchmarks run on: a busy motorway, an urban street, and segments made from them."""

from collections.abc import Sequence
from dataclasses import replace

from driving_data.environment import Environment
from driving_data.rollout import Rollout
from driving_data.segment import Raw, Segment
from driving_data.sensors import LidarModel, SensorRig
from driving_data.taxonomy import ActorClass, SignalState
from roadloom.pipeline.recipes import Recipe, simulate
from roadloom.pipeline.tasks import judged
from roadloom.settings import Choice, ValidationConfig
from scenarios import library
from scenarios.concrete import Actor, ConcreteScenario, Driver, Ego, Place, RoadChoice, SignalProgram
from scenarios.sampling import sample_many
from scenarios.types.sensors import camera, lidar

EMBEDDED, RAYTRACE = Choice("embedded"), Choice("raytrace")


def motorway(num_actors: int, duration_s: float) -> ConcreteScenario:
    """An ego among others on three lanes of a motorway, all driven by IDM, 100 m apart or less."""
    others = tuple(
        Actor(
            f"car_{k}",
            ActorClass.CAR,
            (4.6, 1.85, 1.5),
            Place(f"main.{1 + k % 3}", 120.0 + 24.0 * k),
            24.0 + 2.0 * (k % 3),
            Driver(desired_speed_mps=24.0 + 2.0 * (k % 3)),
        )
        for k in range(num_actors - 1)
    )
    return ConcreteScenario(
        name="motorway",
        road=RoadChoice("motorway", {"lanes": 3, "length_m": 5000.0}),
        environment=Environment(),
        ego=Ego(Place("main.2", 50.0), 26.0, 28.0, 4950.0),
        actors=others,
        rig=SensorRig("none"),
        duration_s=duration_s,
    )


def jam(num_actors: int, duration_s: float) -> ConcreteScenario:
    """The motorway with a barrier across its lanes 1.5 km on: all come to rest behind it and stand there."""
    flowing = motorway(num_actors - 3, duration_s)
    barriers = tuple(
        Actor(f"barrier_{k}", ActorClass.BARRIER, (1.0, 3.0, 1.0), Place(f"main.{k}", 1500.0)) for k in (1, 2, 3)
    )
    return replace(flowing, name="jam", actors=(*flowing.actors, *barriers))


def crossing(num_actors: int, duration_s: float) -> ConcreteScenario:
    """An ego and others on all twelve ways through a crossroads with lights: bends, conflicts, queues at red."""
    names = ("main", "from_right", "oncoming", "from_left")
    turns = ("straight", "straight", "right", "left")
    others = tuple(
        Actor(
            f"car_{k}",
            ActorClass.CAR,
            (4.6, 1.85, 1.5),
            Place(f"{names[k % 4]}.{turns[k // 4 % 4]}", 350.0 - 34.0 * (k // 4)),
            9.0,
            Driver(desired_speed_mps=13.0),
        )
        for k in range(num_actors - 1)
    )
    green, amber, red = SignalState.GREEN, SignalState.YELLOW, SignalState.RED
    lights = tuple(
        SignalProgram(f"signal.{name}", ((green, 18.0), (amber, 3.0), (red, 21.0)), 21.0 * (k % 2))
        for k, name in enumerate(names)
    )
    return ConcreteScenario(
        name="crossing",
        road=RoadChoice("crossroads", {"arm_length_m": 400.0, "exit_length_m": 400.0}),
        environment=Environment(),
        ego=Ego(Place("main.left", 376.0 - 34.0 * (num_actors // 4 + 1)), 9.0, 13.0, 750.0),
        actors=others,
        rig=SensorRig("none"),
        signals=lights,
        duration_s=duration_s,
    )


def street(num_actors: int = 20) -> tuple[ConcreteScenario, Rollout]:
    """An urban street of the library with so many actors besides the ego, and what happened there.

    The fullest of a few draws; people who stand on the left pavement make up the number.
    """
    drawn = max(sample_many(library.load("late_pedestrian"), 10, 3), key=lambda scenario: len(scenario.actors))
    missing = max(num_actors - len(drawn.actors), 0)
    people = tuple(
        Actor(f"waiting_{k}", ActorClass.PEDESTRIAN, (0.5, 0.6, 1.75), Place("sidewalk.left", 60.0 + 7.0 * k, 1.2))
        for k in range(missing)
    )
    played = replace(drawn, actors=(*drawn.actors[:num_actors], *people), duration_s=3.0)
    return played, simulate(played, "idm", EMBEDDED)


def camera_rig(width_px: int = 480, height_px: int = 270) -> SensorRig:
    """One camera ahead with 70 degrees."""
    front = camera("camera_front", 0.0, 1.22, (1.7, 0.0, 1.5), (width_px, height_px))
    return SensorRig("camera", (front,))


def lidar_rig(beams: int, azimuths: int) -> SensorRig:
    """One lidar on the roof, from -30 to +10 degrees."""
    base: LidarModel = lidar("lidar_top", (0.94, 0.0, 1.84))
    angles = tuple(-0.5236 + 0.6981 * k / (beams - 1) for k in range(beams))
    return SensorRig("lidar", lidars=(replace(base, elevation_rad=angles, num_azimuths=azimuths),))


def recipe(scenario: ConcreteScenario, max_frames: int, rig: SensorRig | None = None) -> Recipe:
    """How the main job would make a segment of the scenario."""
    return Recipe(scenario, "idm", EMBEDDED, RAYTRACE, Choice("standard"), max_frames, rig)


def segments(names: Sequence[str], max_frames: int, rig: SensorRig | None = None) -> list[Segment[Raw]]:
    """One judged segment of each named library scenario."""
    drawn = [sample_many(library.load(name), 1, 5)[0] for name in names]
    return [judged(recipe(scenario, max_frames, rig).make(), ValidationConfig()) for scenario in drawn]
