"""Further sensors and labels come back from the store as they were, and only those that were asked for."""

import dataclasses

import numpy as np
import pytest

from driving_data import labels, sensors
from driving_data.errors import StoreError
from driving_data.geometry import SE3
from driving_data.store import SegmentStore, Wanted
from driving_data.store.records import from_record, to_record
from tests.driving_data.example_segments import example_segment
from tests.strategies import assert_same

TIMES = np.arange(4, dtype=np.int64) * 10


def _streams(rng):
    pose = SE3.from_yaw(np.array(0.3), np.array([1.0, 2.0, 3.0]))
    kelvin = rng.uniform(260, 320, (6, 8)).astype(np.float32)
    frame = sensors.CameraFrame("camera_front", 5, pose, rng.integers(0, 255, (6, 8, 3)).astype(np.uint8))
    return sensors.SensorStreams(
        thermal=(sensors.ThermalFrame("thermal", 5, pose, kelvin, kelvin + 1),),
        events=(
            sensors.EventStream(
                "event",
                0,
                40,
                TIMES,
                *(np.arange(4, dtype=np.uint16),) * 2,
                *(np.array([True, False, True, True]),) * 2,
            ),
        ),
        ultrasonic=(sensors.UltrasonicEchoes("u", 3, *(rng.random(2),) * 3, np.array([0, 2], np.uint16)),),
        imu=(sensors.ImuSamples("imu", TIMES, *(rng.random((4, 3)) for _ in range(4))),),
        timing=(sensors.Timing("camera_front", TIMES, TIMES + 2, TIMES + 9),),
        mountings=(sensors.MountingTruth("camera_front", TIMES, np.tile(np.eye(3), (4, 1, 1)), rng.random((4, 3))),),
        clean=sensors.SensorFrames(frames=(frame,)),
    )


def _labels(plain, rng):
    voxels = labels.OCCUPANCY_SHAPE
    occupancy = labels.Occupancy(
        1, np.full(voxels, 17, np.uint8), rng.random(voxels) < 0.5, np.zeros(voxels, bool),
        np.zeros((*voxels, 2), np.float32), np.zeros(voxels, np.int64),
    )  # fmt: skip
    step = labels.ReasoningStep(
        "It brakes.", "speed(lead) < 3", labels.StepVerdict.INCORRECT, {"speed": 2.5}, ("lead",)
    )
    return dataclasses.replace(
        plain,
        occupancy=(occupancy,),
        map_elements=(labels.MapElement(0, "divider", "1.left", rng.random((3, 3)), False, True, False, True, 0.5),),
        relations=(labels.Relation(0, "ego", "behind", "lead", 12.5), labels.Relation(0, "a", "left_of", "b")),
        captions=(labels.Caption(0, 9, "A car brakes.", "braking", ("lead",)),),
        causes=labels.CausalGraph(edges=(labels.CausalEdge("a", "b", "mechanism"),)),
        reasoning=(labels.ReasoningTrace("Why?", "behavior", 3, "x", (labels.ReasoningPath((step,), "y", False),)),),
        reliability=sensors.Reliability(("lidar_top",), np.array([4]), *(np.array([0.5]),) * 4, ("rain",)),
    )


def _full():
    rng = np.random.default_rng(3)
    segment = example_segment("a")
    frame = segment.frames[0]
    height, width = frame.rgb.shape[:2]
    flow = rng.random((height, width, 2)).astype(np.float32)
    flow[0] = np.nan
    richer = dataclasses.replace(
        frame, normal=rng.random((height, width, 3)).astype(np.float16), flow_px=flow,
        raw=rng.integers(0, 4096, (height, width)).astype(np.uint16), exposure_s=0.01, gain=2.0,
    )  # fmt: skip
    sweep = segment.sweeps[0]
    count = len(sweep.points_m)
    sweep = dataclasses.replace(
        sweep, echo=np.ones(count, np.uint8), velocity_mps=rng.random((count, 3)).astype(np.float32),
        scatter=np.zeros(count, bool),
    )  # fmt: skip
    shape = segment.rollout.valid.shape
    rollout = dataclasses.replace(segment.rollout, modes=rng.integers(0, 4096, shape).astype(np.uint16))
    return dataclasses.replace(
        segment, rollout=rollout, frames=(richer, *segment.frames[1:]), sweeps=(sweep, *segment.sweeps[1:]),
        streams=_streams(rng), labels=_labels(segment.labels, rng),
    )  # fmt: skip


def test_further_sensors_and_labels_come_back(tmp_path):
    store, segment = SegmentStore(tmp_path, durable=False), _full()
    store.write(segment)
    found = store.load("a", verify=True)
    provenance = dataclasses.replace(segment.provenance, hashes=found.provenance.hashes)
    assert_same(found, dataclasses.replace(segment, provenance=provenance))


def test_only_what_is_wanted_is_read(tmp_path):
    store = SegmentStore(tmp_path, durable=False)
    store.write(_full())
    wanted = Wanted(labels=("captions",), streams=("imu",), camera_parts=frozenset({"flow"}))
    found = store.load("a", wanted=wanted)
    assert found.labels is not None and found.labels.captions and not found.labels.relations
    assert found.streams.imu and not found.streams.thermal
    assert found.frames[0].flow_px is not None and found.frames[0].normal is None


def test_a_damaged_record_is_named(tmp_path):
    store = SegmentStore(tmp_path, durable=False)
    store.write(_full())
    path = store.directory("a") / "labels" / "captions.npz"
    path.write_bytes(path.read_bytes()[:-40] + b"x" * 40)
    with pytest.raises(StoreError, match=r"captions\.npz"):
        store.load("a", verify=True)


def test_a_record_of_another_type_is_refused():
    data = to_record(labels.Caption(0, 9, "A car brakes.", "braking"))
    assert from_record(labels.Caption, data).text == "A car brakes."
    with pytest.raises(ValueError, match="expected"):
        from_record(labels.CausalEdge, data)
