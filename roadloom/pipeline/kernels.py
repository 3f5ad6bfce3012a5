"""Compiles the kernels, one family per task, so that later work finds them in the cache.

numba compiles at the first call with given types. Each family plays one small case through the public way in, so that
exactly the signatures that the pipeline uses are compiled. Families are independent: two processes share them.
"""

from collections.abc import Callable, Mapping

import numpy as np

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.ports import SceneDescription
from driving_data.rollout import Actors, WorldState
from driving_data.sensors import CameraModel, LidarModel, SensorRig
from driving_data.taxonomy import ActorClass, Light


def _play() -> None:
    from roadloom.pipeline.recipes import simulate
    from roadloom.settings import Choice
    from scenarios import library
    from scenarios.sampling import sample_many

    simulate(sample_many(library.load("late_pedestrian"), 1, 0)[0], "idm", Choice("embedded"))


def _render(rig: SensorRig) -> None:
    """A car behind another at night on open ground, seen by one small sensor."""
    from generators.raytrace.generator import RaytraceGenerator

    actors = Actors(
        ids=("ego", "lead"),
        kind=np.array([ActorClass.CAR, ActorClass.CAR]),
        size_m=np.array([[4.6, 1.85, 1.5], [4.4, 1.8, 1.5]]),
        rear_axle_to_center_m=np.array([1.35, 0.0]),
    )
    state = WorldState(
        timestamp_ns=0,
        world_from_actor=SE3.from_yaw(np.zeros(2), np.array([[0.0, 0.0, 0.75], [12.0, 0.0, 0.75]])),
        velocity_mps=np.zeros((2, 3)),
        yaw_rate_radps=np.zeros(2),
        steering_rad=np.zeros(2),
        lights=np.full(2, int(Light.LOW_BEAM), dtype=np.uint8),
        valid=np.ones(2, dtype=bool),
        signal_state=np.zeros(0, dtype=np.int64),
    )
    scene = SceneDescription(None, actors, 0, Environment(sun_elevation_rad=-0.2, rain_mmph=2.0, road_wetness=0.5))
    renderer = RaytraceGenerator(threads=1).open(scene, rig, 0)
    frames = renderer.render(state, state)
    renderer.silhouettes(state, state, frames)
    renderer.close()


def _camera() -> None:
    mount = SE3.from_rpy(np.array([-np.pi / 2, 0.0, -np.pi / 2]), np.array([1.5, 0.0, 1.5]))
    _render(SensorRig("warm", cameras=(CameraModel("camera", 32, 18, 20.0, 20.0, 16.0, 9.0, mount),)))


def _lidar() -> None:
    mount = SE3.from_yaw(np.array(0.0), np.array([1.0, 0.0, 1.8]))
    _render(SensorRig("warm", lidars=(LidarModel("lidar", (-0.2, -0.1, 0.0), 36, mount),)))


FAMILIES: Mapping[str, Callable[[], None]] = {"camera": _camera, "simulator": _play, "lidar": _lidar}


def warm_kernels(family: str) -> str:
    """Compiles one family, or loads it from the cache."""
    FAMILIES[family]()
    return family
