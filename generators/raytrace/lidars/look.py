"""One turn of one lidar."""

from driving_data.sensors import LidarSweep
from generators.raytrace.cameras.develop import frame_rng
from generators.raytrace.lidars.sweep import Firings, firing_fractions, sweep
from generators.raytrace.moment import LIDAR_DRAWS, Moment, Opened, placed_at, sensor_poses


def look(opened: Opened, moment: Moment, index: int, turn: Firings) -> LidarSweep:
    """The turn of one lidar that begins at the start of the moment."""
    model = opened.rig.lidars[index]
    fraction = firing_fractions(model, moment.duration_s)
    poses = sensor_poses(moment, fraction, model.ego_from_lidar)
    rng = frame_rng(opened.seed, moment.start.timestamp_ns, LIDAR_DRAWS + index)
    return sweep(
        opened.traced, placed_at(opened, moment, fraction), poses, model, turn, moment.start.timestamp_ns,
        opened.scene.environment, rng, opened.threads,
    )  # fmt: skip
