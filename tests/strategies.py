"""One Hypothesis strategy per core type. Shapes, names and choices are drawn; arrays are filled from a drawn seed.

`assert_same(a, b)` says whether two values are equal array by array: type, dtype, shape, bits (NaN equals NaN).
"""

import dataclasses
import functools
import random
from enum import Enum

import numpy as np
from hypothesis import strategies as st

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.labels import Boxes2D, Boxes3D, Labels
from driving_data.maps.lane_map import (
    Lane,
    LaneKind,
    LaneMap,
    MapArea,
    MapObject,
    Marking,
    MarkingKind,
    RoadSign,
    TrafficSignal,
)
from driving_data.provenance import Provenance, Step
from driving_data.rollout import Actors, Event, Rollout, SignalStates
from driving_data.segment import Segment, Source
from driving_data.sensors import (
    CameraFrame,
    CameraModel,
    LidarModel,
    LidarSweep,
    RadarModel,
    RadarReturns,
    SensorRig,
)
from driving_data.taxonomy import ActorClass, SignalState
from driving_data.verdict import ValidationReport, Verdict

STEP_NS = 100_000_000


def composite(function):
    """As `st.composite`; what beartype draws from `random` to check containers is undone (Hypothesis objects to it)."""

    @functools.wraps(function)
    def quiet(draw, *args, **named):
        state = random.getstate()
        try:
            return function(draw, *args, **named)
        finally:
            random.setstate(state)

    return st.composite(quiet)


names = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
finite = st.floats(-1e6, 1e6, allow_nan=False)
plain_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_infinity=True) | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
plain_mappings = st.dictionaries(names, plain_values, max_size=3)


@composite
def generators(draw):
    """A numpy generator, shrinking towards seed 0."""
    return np.random.Generator(np.random.Philox(key=draw(st.integers(0, 2**32 - 1))))


@composite
def se3(draw, *shape):
    """Rigid transforms of a batch shape, any rotation."""
    rng = draw(generators())
    return SE3.from_quaternion(rng.normal(size=(*shape, 4)), rng.uniform(-500, 500, (*shape, 3)))


environments = st.builds(
    Environment,
    sun_elevation_rad=st.floats(-1.5, 1.5),
    sun_azimuth_rad=st.floats(-3, 3),
    cloud_cover=st.floats(0, 1),
    rain_mmph=st.floats(0, 80),
    snow_mmph=st.floats(0, 20),
    fog_visibility_m=st.floats(10, 20000),
    wind_mps=st.floats(0, 30),
    road_wetness=st.floats(0, 1),
    road_friction=st.floats(0.05, 1),
    street_lights=st.booleans(),
)
markings = st.builds(Marking, st.sampled_from(MarkingKind), st.sampled_from(["white", "yellow"]), st.floats(0.05, 0.4))


@composite
def actors(draw, min_size=1, max_size=4):
    """Who is there; the first is the ego."""
    ids = draw(st.lists(names, min_size=min_size, max_size=max_size, unique=True))
    rng = draw(generators())
    return Actors(
        ids=tuple(ids),
        kind=rng.choice([int(kind) for kind in ActorClass], len(ids)).astype(np.int64),
        size_m=rng.uniform(0.3, 12, (len(ids), 3)),
        rear_axle_to_center_m=rng.uniform(0, 2, len(ids)),
    )


@composite
def lanes(draw, lane_id, others=()):
    """One lane that may lead to others."""
    rng = draw(generators())
    count = draw(st.integers(2, 5))
    middle = np.cumsum(rng.uniform(0, 3, (count, 3)), axis=0)
    linked = st.lists(st.sampled_from(others), max_size=2, unique=True).map(tuple) if others else st.just(())
    return Lane(
        id=lane_id,
        kind=draw(st.sampled_from(LaneKind)),
        centerline_m=middle,
        left_m=middle + np.array([0, 1.75, 0]),
        right_m=middle - np.array([0, 1.75, 0]),
        left_marking=draw(markings),
        right_marking=draw(markings),
        predecessors=draw(linked),
        successors=draw(linked),
        left_neighbor=draw(st.none() | st.just(lane_id)),
        speed_limit_mps=draw(st.just(float("nan")) | st.floats(1, 40)),
        road_id=draw(names),
        junction_id=draw(st.none() | names),
    )


@composite
def lane_maps(draw):
    """A small road network; topology is arbitrary, not drivable."""
    ids = draw(st.lists(names, max_size=3, unique=True))
    rng = draw(generators())
    place = [rng.uniform(-100, 100, 3) for _ in range(3)]
    some_ids = tuple(ids[:1])
    return LaneMap(
        lanes=tuple(draw(lanes(lane_id, tuple(ids))) for lane_id in ids),
        signals=tuple(
            TrafficSignal(name, place[0], 0.5, some_ids, rng.uniform(-9, 9, (2, 3)))
            for name in draw(st.lists(names, max_size=2, unique=True))
        ),
        signs=(RoadSign("s", "speed_limit", place[1], -1.0, draw(st.sampled_from([float("nan"), 13.9])), some_ids),),
        areas=tuple(
            MapArea(name, "crosswalk", rng.uniform(-9, 9, (draw(st.integers(3, 5)), 3)))
            for name in draw(st.lists(names, max_size=2, unique=True))
        ),
        objects=(MapObject("o", "tree", place[2], 0.0, np.array([1.0, 1.0, 6.0])),),
        routes=draw(st.dictionaries(names, st.just(tuple(ids)), max_size=2)),
        opendrive=draw(st.none() | st.just('<?xml version="1.0"?>\r\n<OpenDRIVE>é</OpenDRIVE>')),
        name=draw(names),
        left_hand_traffic=draw(st.booleans()),
    )


@composite
def rollouts(draw, max_steps=4):
    """What happened: masked values are NaN."""
    who = draw(actors())
    steps, count = draw(st.integers(1, max_steps)), len(who)
    rng = draw(generators())
    signal_ids = draw(st.lists(names, max_size=2, unique=True))
    valid = rng.random((steps, count)) < 0.8
    valid[:, 0] = True
    missing = np.where(valid, 0.0, np.nan)[..., None]
    poses = SE3.from_yaw(rng.uniform(-3, 3, (steps, count)), rng.uniform(-200, 200, (steps, count, 3)))
    start_ns = draw(st.integers(0, 2**60))
    events = [Event(start_ns, draw(names), (who.ids[0],), draw(plain_mappings)) for _ in range(draw(st.integers(0, 2)))]
    return Rollout(
        timestamps_ns=start_ns + STEP_NS * np.arange(steps, dtype=np.int64),
        actors=who,
        ego_index=0,
        world_from_actor=SE3(poses.rotation + missing[..., None], poses.translation_m + missing),
        velocity_mps=rng.normal(0, 5, (steps, count, 3)) + missing,
        acceleration_mps2=rng.normal(0, 1, (steps, count, 3)) + missing,
        yaw_rate_radps=rng.normal(0, 1, (steps, count)) + missing[..., 0],
        steering_rad=np.full((steps, count), np.nan),
        lights=rng.integers(0, 128, (steps, count)).astype(np.uint8),
        valid=valid,
        signals=SignalStates(
            tuple(signal_ids), rng.choice([int(s) for s in SignalState], (steps, len(signal_ids))).astype(np.int64)
        ),
        events=tuple(events),
        lane_map=draw(st.none() | lane_maps()),
        environment=draw(environments),
    )


@composite
def camera_models(draw, name="camera_front"):
    """A small camera."""
    width, height = draw(st.integers(2, 9)), draw(st.integers(2, 7))
    focal = draw(st.floats(2, 50))
    distortion = draw(st.sampled_from([(), (0.1, -0.2, 0.0, 0.001, 0.0)]))
    return CameraModel(name, width, height, focal, focal, width / 2, height / 2, draw(se3()), distortion)


@composite
def rigs(draw):
    """A rig of up to two cameras, a lidar and a radar."""
    cameras = tuple(draw(camera_models(name)) for name in draw(st.sampled_from([(), ("camera_front",), ("a/b", "c")])))
    lidars = tuple(
        LidarModel(n, (-0.2, 0.0, 0.1), 16, draw(se3())) for n in draw(st.sampled_from([(), ("lidar_top",)]))
    )
    radars = tuple(RadarModel(n, draw(se3())) for n in draw(st.sampled_from([(), ("radar_front",)])))
    return SensorRig(draw(names), cameras, lidars, radars, rate_hz=10.0)


@composite
def camera_frames(draw, camera, timestamp_ns, num_actors=1):
    """One picture of a camera; the extra channels may be missing."""
    rng = draw(generators())
    shape = (camera.height_px, camera.width_px)
    depth = np.where(rng.random(shape) < 0.3, np.inf, rng.uniform(0.1, 200, shape)).astype(np.float32)
    return CameraFrame(
        camera=camera.name,
        timestamp_ns=timestamp_ns,
        world_from_camera=draw(se3()),
        rgb=rng.integers(0, 256, (*shape, 3)).astype(np.uint8),
        depth_m=draw(st.none() | st.just(depth)),
        semantic=draw(st.none() | st.just(rng.integers(0, 29, shape).astype(np.uint8))),
        instance=draw(st.none() | st.just(rng.choice([0, num_actors, 65535], shape).astype(np.uint16))),
    )


@composite
def lidar_sweeps(draw, lidar, timestamp_ns, num_actors=1):
    """One turn of a lidar, possibly without a return."""
    rng = draw(generators())
    count = draw(st.sampled_from([0, 1, 7, 40]))
    labelled = draw(st.booleans())
    return LidarSweep(
        lidar=lidar.name,
        timestamp_ns=timestamp_ns,
        world_from_lidar=draw(se3()),
        points_m=rng.normal(0, 30, (count, 3)).astype(np.float32),
        intensity=rng.random(count, dtype=np.float32),
        ring=rng.integers(0, 3, count).astype(draw(st.sampled_from([np.int64, np.int32, np.int16]))),
        offset_ns=rng.integers(-STEP_NS, 1, count),
        semantic=rng.integers(0, 29, count).astype(np.uint8) if labelled else None,
        instance=rng.integers(0, num_actors + 1, count).astype(np.uint16) if labelled else None,
    )


@composite
def radar_returns(draw, radar, timestamp_ns):
    """Detections of a radar at one moment, possibly none."""
    rng = draw(generators())
    count = draw(st.integers(0, 5))
    return RadarReturns(
        radar.name, timestamp_ns, draw(st.none() | se3()), rng.normal(0, 40, (count, 3)), rng.normal(0, 9, count),
        rng.integers(-1, 5, count),
    )  # fmt: skip


@composite
def labels(draw, rollout, num_frames):
    """Boxes of a rollout; 2D ones only where there are frames."""
    rng = draw(generators())
    step, actor = np.nonzero(rollout.valid)
    boxes_3d = Boxes3D(
        rollout.timestamps_ns[step], step.astype(np.int64), actor.astype(np.int64),
        rng.integers(-1, 50, len(step)), np.where(rng.random(len(step)) < 0.2, np.nan, rng.random(len(step))),
    )  # fmt: skip
    count = draw(st.integers(0, 3)) if num_frames else 0
    corners = np.sort(rng.uniform(0, 9, (count, 2, 2)), axis=1).reshape(count, 4).astype(np.float32)
    boxes_2d = Boxes2D(
        rng.integers(0, max(num_frames, 1), count), rng.integers(0, rollout.num_actors, count), corners, corners,
        rng.integers(1, 9, count), np.full(count, np.nan),
    )  # fmt: skip
    return Labels(boxes_3d, boxes_2d)


verdicts = st.builds(
    Verdict,
    check=names,
    version=names,
    passed=st.booleans(),
    score=finite,
    threshold=finite | st.just(float("inf")),
    hard=st.booleans(),
    reason=names,
    evidence=plain_mappings,
)


@composite
def reports(draw, segment_id):
    """Verdicts on a segment."""
    found = draw(st.lists(verdicts, max_size=3, unique_by=lambda verdict: verdict.check))
    return ValidationReport(segment_id, tuple(found))


provenances = st.builds(
    Provenance,
    producer=names,
    seed=st.none() | st.integers(0, 2**64),
    scenario=st.none() | plain_mappings,
    scenario_digest=st.none() | names,
    steps=st.lists(st.builds(Step, names, names, plain_mappings, plain_mappings), max_size=2).map(tuple),
    parents=st.lists(names, max_size=2, unique=True).map(tuple),
    generation_depth=st.integers(0, 3),
    origin=st.none() | names,
    licence=st.none() | names,
    family=st.just("") | names,
    versions=st.dictionaries(names, names, max_size=2),
)


@composite
def segments(draw):
    """A whole segment; every optional part may be missing."""
    rollout, rig = draw(rollouts()), draw(rigs())
    moments = [int(t) for t in rollout.timestamps_ns]
    seen = rollout.num_actors
    frames = [draw(camera_frames(camera, t, seen)) for t in moments[:2] for camera in rig.cameras]
    sweeps = [draw(lidar_sweeps(lidar, t, seen)) for t in moments[:2] for lidar in rig.lidars]
    segment_id = draw(names)
    rng = draw(generators())
    return Segment(
        segment_id=segment_id,
        source=draw(st.sampled_from(Source)),
        rollout=rollout,
        rig=rig,
        provenance=draw(provenances),
        frames=tuple(frames),
        sweeps=tuple(sweeps),
        radar=tuple(draw(radar_returns(radar, t)) for t in moments for radar in rig.radars),
        labels=draw(st.none() | labels(rollout, len(frames))),
        tags=tuple(draw(st.lists(names, max_size=3, unique=True))),
        description=draw(st.just("") | names),
        triggers=tuple(draw(st.lists(names, max_size=2, unique=True))),
        embeddings=draw(st.dictionaries(names, st.just(rng.random(4, dtype=np.float32)), max_size=2)),
        vehicle_id=draw(st.just("") | names),
        report=draw(st.none() | reports(segment_id)),
    )


def assert_same(found, expected, path="value"):
    """Fails with the path of the first difference."""
    if dataclasses.is_dataclass(expected):
        assert type(found) is type(expected), f"{path}: {type(found)} instead of {type(expected)}"
        for field in dataclasses.fields(expected):
            assert_same(getattr(found, field.name), getattr(expected, field.name), f"{path}.{field.name}")
    elif isinstance(expected, np.ndarray):
        assert isinstance(found, np.ndarray), f"{path}: {type(found)}"
        assert found.dtype == expected.dtype, f"{path}: {found.dtype} instead of {expected.dtype}"
        assert found.shape == expected.shape, f"{path}: {found.shape} instead of {expected.shape}"
        equal = np.array_equal(found, expected, equal_nan=expected.dtype.kind == "f")
        assert equal, f"{path}: the values differ"
    elif isinstance(expected, dict):
        assert set(found) == set(expected), f"{path}: {set(found)} instead of {set(expected)}"
        for key, value in expected.items():
            assert_same(found[key], value, f"{path}[{key!r}]")
    elif isinstance(expected, (list, tuple)):
        assert type(found) is type(expected) and len(found) == len(expected), f"{path}: {found!r}"
        for index, (left, right) in enumerate(zip(found, expected, strict=True)):
            assert_same(left, right, f"{path}[{index}]")
    elif isinstance(expected, float):
        assert isinstance(found, float), f"{path}: {found!r} is no float"
        assert found == expected or (found != found and expected != expected), f"{path}: {found!r} != {expected!r}"
    elif isinstance(expected, Enum):
        assert found is expected, f"{path}: {found!r} != {expected!r}"
    else:
        assert found == expected and type(found) is type(expected), f"{path}: {found!r} != {expected!r}"
