from dataclasses import replace

import numpy as np
import pytest

from driving_data.ports import SceneDescription
from driving_data.provenance import Provenance
from driving_data.segment import Segment, Source
from driving_data.sensors import NO_STREAMS
from driving_data.store import SegmentStore
from scenarios.types.sensors import rig
from tests.generators.street import StreetGenerator, rollout

LAYERS = ("points_m", "intensity", "ring", "offset_ns", "semantic", "instance", "echo", "velocity_mps", "scatter")


def test_the_full_rig_has_what_it_says():
    full = rig("full")
    assert [each.name for each in full.cameras][:2] == ["CAM_FRONT", "CAM_FRONT_RIGHT"] and len(full.cameras) == 6
    assert [each.device for each in full.lidars] == ["HDL-32E", "RS-LiDAR-M1"]
    names = [each.name for each in full.radars]
    assert names == [f"RADAR_{where}" for where in ("FRONT", "FRONT_LEFT", "FRONT_RIGHT", "BACK_LEFT", "BACK_RIGHT")]
    yaw = np.rad2deg([each.ego_from_radar.yaw_rad() for each in full.radars])
    assert yaw == pytest.approx([0, 90, -90, 175, -175])
    places = np.stack([each.ego_from_ultrasonic.translation_m for each in full.ultrasonics])
    ways = np.stack([each.ego_from_ultrasonic.rotation[:, 0] for each in full.ultrasonics])
    assert len(places) == 12 and np.all(places[:, 2] == 0.5)
    # Mirror images of each other in the middle line, and all look away from the vehicle.
    mirrored = places * np.array([1, -1, 1])
    assert all(np.abs(places - each).max(axis=1).min() < 1e-9 for each in mirrored)
    assert np.all(np.sum((places - np.array([1.32, 0, 0.5])) * ways, axis=1) > 0.5)


def test_what_ranging_sensors_see_comes_back_from_the_store(tmp_path):
    full = replace(rig("full"), cameras=())
    ride = rollout(5, speed_mps=12.0)
    ride = replace(ride, environment=replace(ride.environment, snow_mmph=1.0))
    scene = SceneDescription(None, ride.actors, 0, ride.environment)
    seen = StreetGenerator(2).open(scene, full, 3).render(ride.state_at(0), ride.state_at(1))
    assert len(seen.sweeps) == 2 and len(seen.radar) == 5 and len(seen.ultrasonic) == 12
    segment = Segment(
        segment_id="full", source=Source.SYNTHETIC, rollout=ride, rig=full, provenance=Provenance("t"),
        sweeps=seen.sweeps, radar=seen.radar, streams=replace(NO_STREAMS, ultrasonic=seen.ultrasonic),
    )  # fmt: skip
    store = SegmentStore(tmp_path, durable=False)
    store.write(segment)
    back = store.load("full", verify=True)
    for one, two in zip(seen.sweeps, back.sweeps, strict=True):
        assert one.scatter is not None and one.scatter.any()
        for name in LAYERS:
            left, right = getattr(one, name), getattr(two, name)
            assert left.dtype == right.dtype and np.array_equal(left, right, equal_nan=left.dtype.kind == "f")
    for one, two in zip(seen.radar, back.radar, strict=True):
        for name in ("position_m", "range_rate_mps", "rcs_dbsm", "snr_db", "instance", "origin", "track_id"):
            assert np.array_equal(getattr(one, name), getattr(two, name))
    for one, two in zip(seen.ultrasonic, back.streams.ultrasonic, strict=True):
        for name in ("range_m", "amplitude", "clean_range_m", "instance"):
            assert np.array_equal(getattr(one, name), getattr(two, name))
    assert back.rig.lidars[0].firing_offset_s == full.lidars[0].firing_offset_s
    assert back.rig.lidars[1].pattern == "raster" and back.rig.radars[3].reference_snr_db == 25.0
