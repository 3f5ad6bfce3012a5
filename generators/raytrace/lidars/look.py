"""One turn of one lidar."""

from dataclasses import replace

import numpy as np

from driving_data.sensors import LidarSweep
from generators.raytrace.cameras.develop import frame_rng
from generators.raytrace.lidars.scan import Firings, firing_fractions, firings, repeats
from generators.raytrace.lidars.scatter import plumes
from generators.raytrace.lidars.sweep import sweep
from generators.raytrace.moment import LIDAR_DRAWS, Moment, Opened, placed_at, sensor_poses
from generators.raytrace.motion import swept_velocity_mps

_HOUR_NS = 3_600_000_000_000


def look(opened: Opened, moment: Moment, index: int, turn: Firings) -> LidarSweep:
    """The turn of one lidar that begins at the start of the moment."""
    model, start = opened.rig.lidars[index], moment.start
    if not repeats(model):
        turn = firings(model, (start.timestamp_ns % _HOUR_NS) * 1e-9)
    fraction = firing_fractions(turn, moment.duration_s)
    poses = sensor_poses(moment, fraction, model.ego_from_lidar)
    rng = frame_rng(opened.seed, start.timestamp_ns, LIDAR_DRAWS + index)
    environment = opened.scene.environment
    seen = sweep(
        opened.traced, placed_at(opened, moment, fraction), poses, model, turn, start.timestamp_ns, environment, rng,
        opened.threads, plumes(environment, start, opened.scene.actors),
    )  # fmt: skip
    return replace(seen, velocity_mps=_velocity(moment, seen))


def _velocity(moment: Moment, seen: LidarSweep) -> np.ndarray:
    """Velocity of the surface at each point; NaN where the echo came from the air."""
    assert seen.instance is not None and seen.scatter is not None
    world = seen.world_from_lidar.apply(seen.points_m.astype(np.float64))
    fraction = seen.offset_ns * 1e-9 / moment.duration_s if moment.duration_s > 0.0 else np.zeros(len(world))
    actor = seen.instance.astype(np.int64) - 1
    velocity = swept_velocity_mps(moment.start, moment.end, actor, world, fraction)
    return np.where(seen.scatter[:, None], np.nan, velocity).astype(np.float32)
