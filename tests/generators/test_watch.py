"""The loop over a schedule: what is rendered when, from where, what arrives, what is kept, and that it is stored."""

from dataclasses import replace

import numpy as np
import pytest

from driving_data.errors import InputError
from driving_data.geometry import SE3
from driving_data.ports import Renderer, SceneDescription
from driving_data.provenance import Provenance
from driving_data.sensors import (
    CalibrationDrift,
    Clock,
    FaultKind,
    GnssModel,
    ImuModel,
    OdometryModel,
    SensorFault,
)
from driving_data.store import SegmentStore
from generators.generate import generate, moments, next_state
from generators.interface import SelectiveRenderer
from generators.randomize.randomization import read_randomization
from generators.raytrace.cameras.geometry import project
from tests.generators.street import StreetGenerator, rig, rollout

MS = 1_000_000


class PlainRenderer:
    """A renderer that can do no more than a renderer must."""

    def __init__(self, inner, calls):
        self.inner, self.calls = inner, calls

    def render(self, start, end):
        self.calls.append(start.timestamp_ns)
        return self.inner.render(start, end)

    def close(self):
        self.inner.close()


class PlainGenerator:
    """Opens plain renderers over the street."""

    name, version = "plain", "1"

    def __init__(self):
        self.calls, self.opened = [], 0

    def open(self, scene, rig, seed):
        self.opened += 1
        return PlainRenderer(StreetGenerator().open(scene, rig, seed), self.calls)


def make(own=None, ride=None, generator=None, **more):
    return generate(ride or rollout(4), own or rig(), 3, generator or StreetGenerator(), Provenance("t"), **more)


def clocked(**clocks):
    own = rig()
    cameras = tuple(replace(c, clock=clocks.get("camera", c.clock)) for c in own.cameras)
    return replace(
        own, cameras=cameras, lidars=tuple(replace(m, clock=clocks.get("lidar", m.clock)) for m in own.lidars)
    )


def same(a, b):
    for one, two in zip(a, b, strict=True):
        for name in one.__dataclass_fields__:
            left, right = getattr(one, name), getattr(two, name)
            if isinstance(left, np.ndarray):
                assert np.array_equal(left, right, equal_nan=left.dtype.kind == "f"), name


def test_the_old_loop_and_the_schedule_give_the_same_bytes():
    """Moment after moment as a rig without clocks was always rendered."""
    ride, own = rollout(4), rig(readout_s=0.02)
    made = make(own, ride)
    renderer = StreetGenerator().open(SceneDescription(None, ride.actors, 0, ride.environment), own, 3)
    steps = moments(ride, own.rate_hz)
    old = []
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        start, end = ride.state_at(int(step)), next_state(ride, int(step), 0.1)
        later = None if following is None else ride.state_at(int(following))
        old.append(renderer.render(start, end) if later is None else renderer.render_before(start, end, later))
    same(made.frames, [frame for each in old for frame in each.frames])
    same(made.sweeps, [sweep for each in old for sweep in each.sweeps])
    assert made.rollout.num_steps == ride.num_steps and made.streams.clean is None and made.streams.mountings == ()


def test_each_sensor_looks_at_its_own_times_and_labels_are_of_these():
    own = clocked(camera=Clock(rate_hz=4.0, phase_s=0.03), lidar=Clock(rate_hz=10.0, latency_s=0.02))
    made = make(own)
    start = int(made.rollout.timestamps_ns[0])
    assert [f.timestamp_ns - start for f in made.frames] == [30 * MS, 280 * MS, 530 * MS, 780 * MS]
    assert [s.timestamp_ns - start for s in made.sweeps] == [100 * MS * k for k in range(11)]
    assert made.labels is not None and made.rollout.num_steps == 11 + 4
    boxes = made.labels.boxes_3d
    assert np.array_equal(boxes.timestamp_ns, made.rollout.timestamps_ns[boxes.step])
    assert np.all(np.unique(boxes.timestamp_ns) == made.rollout.timestamps_ns)
    # Boxes of a camera's moment lie where the actors were then: 30 ms of 5 m/s after the start.
    step = int(np.flatnonzero(made.rollout.timestamps_ns == start + 30 * MS)[0])
    assert made.rollout.world_from_actor.translation_m[step, 1, 0] == pytest.approx(14.15)
    (camera, lidar) = made.streams.timing
    assert camera.sensor == "camera_front" and np.array_equal(camera.true_ns, [f.timestamp_ns for f in made.frames])
    assert np.all(lidar.arrived_ns - lidar.true_ns == 20 * MS)


def test_a_view_of_some_sensors_gives_the_bytes_that_they_give_among_all():
    together, alone = make(), make(clocked(camera=Clock(rate_hz=5.0), lidar=Clock(rate_hz=10.0)))
    times = [f.timestamp_ns for f in together.frames]
    assert [f.timestamp_ns for f in alone.frames] == times
    for one, two in zip(together.frames, alone.frames, strict=True):
        assert np.array_equal(one.rgb, two.rgb) and np.array_equal(one.instance, two.instance)
    both = [s for s in alone.sweeps if s.timestamp_ns in times]
    same(together.sweeps, both)
    assert len(alone.sweeps) == 11 > len(both)


def test_renderers_that_cannot_choose_are_asked_for_all_and_give_the_same():
    own, plain = clocked(camera=Clock(rate_hz=4.0, phase_s=0.03)), PlainGenerator()
    assert isinstance(PlainRenderer(None, []), Renderer)
    assert not isinstance(PlainRenderer(None, []), SelectiveRenderer)
    one, two = make(own, generator=plain), make(own)
    same(one.sweeps, two.sweeps)
    for left, right in zip(one.frames, two.frames, strict=True):
        assert np.array_equal(left.rgb, right.rgb)
    assert plain.opened == 1 and len(plain.calls) == len(one.frames) + len(one.sweeps)


def knocked(angle=0.05, start=0.3, end=0.7):
    fault = SensorFault("camera_front", FaultKind.MISALIGNMENT, start, end, 1.0, {"yaw_rad": 0.0, "pitch_rad": angle})
    return replace(rig(), faults=(fault,))


def test_a_knocked_camera_is_rendered_from_where_it_sits_and_boxes_follow():
    made, plain = make(knocked()), make()
    moved = [k for k, f in enumerate(made.frames) if not np.array_equal(f.rgb, plain.frames[k].rgb)]
    assert moved == [2, 3], "looks at 0.4 and 0.6 s of 0, 0.2, ..."
    assert made.rig.cameras[0] == rig().cameras[0] or np.array_equal(
        made.rig.cameras[0].ego_from_camera.rotation, rig().cameras[0].ego_from_camera.rotation
    ), "the rig believes what it did"
    (truth,) = made.streams.mountings
    step = int(np.flatnonzero(made.rollout.timestamps_ns == made.frames[2].timestamp_ns)[0])
    pose = made.rollout.world_from_ego()[step] @ SE3(truth.rotation[2], truth.translation_m[2])
    assert np.allclose(pose.matrix(), made.frames[2].world_from_camera.matrix())
    clean = made.streams.clean
    assert clean is not None and [f.timestamp_ns for f in clean.frames] == [made.frames[k].timestamp_ns for k in moved]
    assert np.array_equal(clean.frames[0].rgb, plain.frames[2].rgb), "clean is from where it belongs"
    # Boxes lie around the pixels of the knocked picture, not where the belief would put them.
    assert made.labels is not None and plain.labels is not None
    rows = made.labels.boxes_2d.frame == 2
    shift = made.labels.boxes_2d.amodal_px[rows] - plain.labels.boxes_2d.amodal_px[plain.labels.boxes_2d.frame == 2]
    assert np.allclose(shift[0, :2], [shift[0, 2], shift[0, 3]], atol=2.5) and abs(shift[0]).max() > 3
    frame, actor = made.frames[2], int(made.labels.boxes_2d.actor[rows][0])
    center = made.rollout.world_from_actor.translation_m[step, actor]
    pixel, _ = project(made.rig.cameras[0], frame.world_from_camera.inverse().apply(center[None]))
    x0, y0, x1, y1 = made.labels.boxes_2d.visible_px[rows][0]
    assert x0 <= pixel[0, 0] <= x1 and y0 <= pixel[0, 1] <= y1


def test_a_plain_renderer_is_opened_anew_for_a_sensor_that_moved():
    plain = PlainGenerator()
    one, two = make(knocked(), generator=plain), make(knocked())
    for left, right in zip(one.frames, two.frames, strict=True):
        assert np.array_equal(left.rgb, right.rgb) and np.array_equal(left.instance, right.instance)
    assert plain.opened == 1 + 2


def test_drift_moves_the_truth_slowly_and_leaves_the_belief():
    made = make(replace(rig(), drifts=(CalibrationDrift("lidar_top", shift_m=0.05, shift_walk=0.01),)))
    (truth,) = made.streams.mountings
    assert truth.sensor == "lidar_top" and np.ptp(truth.translation_m, axis=0).max() > 1e-4
    believed = made.rig.lidars[0].ego_from_lidar.translation_m
    assert np.array_equal(believed, rig().lidars[0].ego_from_lidar.translation_m)
    assert np.abs(truth.translation_m - believed).max() > 0.01 and made.streams.clean is None
    poses = made.rollout.world_from_ego()
    for k, each in enumerate(made.sweeps):
        step = int(np.flatnonzero(made.rollout.timestamps_ns == each.timestamp_ns)[0])
        true = poses[step] @ SE3(truth.rotation[k], truth.translation_m[k])
        assert np.allclose(each.world_from_lidar.matrix(), true.matrix())


def everything():
    """Every motion sensor, a dirty camera, a lidar that loses sweeps, drift."""
    faults = (
        SensorFault("camera_front", FaultKind.DIRT, 0.3, None, 0.8),
        SensorFault("lidar_top", FaultKind.DROPPED_FRAMES, 0.0, None, 0.5),
        SensorFault("imu", FaultKind.BIAS, 0.5),
        SensorFault("gnss", FaultKind.OUTAGE, 0.55),
    )
    return replace(
        clocked(camera=Clock(rate_hz=4.0, phase_s=0.03, latency_s=0.05, jitter_s=0.01)), faults=faults,
        imus=(ImuModel("imu", SE3(np.eye(3), np.array([0.4, 0.0, 0.3]))),),
        receivers=(GnssModel("gnss", SE3(np.eye(3), np.array([0.0, 0.0, 1.7]))),), odometers=(OdometryModel("wheels"),),
        drifts=(CalibrationDrift("imu", turn_rad=0.002),),
    )  # fmt: skip


def test_all_of_it_together_is_consistent():
    made, plain = make(everything()), make(replace(everything(), faults=(), drifts=()))
    streams = made.streams
    timing = {each.sensor: each for each in streams.timing}
    assert list(timing) == ["camera_front", "lidar_top", "imu", "gnss", "wheels"]
    lost = timing["lidar_top"].arrived_ns < 0
    assert 0 < lost.sum() < len(lost) and len(made.sweeps) == (~lost).sum()
    assert streams.clean is not None and len(streams.clean.sweeps) == lost.sum()
    same(sorted([*made.sweeps, *streams.clean.sweeps], key=lambda s: s.timestamp_ns), plain.sweeps)
    assert [f.timestamp_ns for f in streams.clean.frames] == [f.timestamp_ns for f in made.frames[2:]]
    same(streams.clean.frames, plain.frames[2:])
    assert not np.array_equal(made.frames[3].rgb, plain.frames[3].rgb)
    assert made.labels is not None and plain.labels is not None
    same([made.labels.boxes_2d], [plain.labels.boxes_2d])
    (gnss,) = streams.gnss
    late = (gnss.timestamp_ns - made.rollout.timestamps_ns[0]) >= 550 * MS
    assert np.array_equal(gnss.valid, ~late) and np.isfinite(gnss.clean_position_m).all()
    assert np.array_equal(timing["gnss"].arrived_ns < 0, late)
    (imu,) = streams.imu
    late = (imu.timestamp_ns - made.rollout.timestamps_ns[0]) >= 500 * MS
    off = (imu.specific_force_mps2 - plain.streams.imu[0].specific_force_mps2)[:, 0]
    assert off[late].mean() - off[~late].mean() == pytest.approx(0.25, abs=1e-3)
    assert [t.sensor for t in streams.mountings] == ["imu"]
    trust = made.labels.reliability
    assert trust is not None and len(trust.sensor) == sum(len(each.true_ns) for each in streams.timing)
    camera = np.array(trust.sensor) == "camera_front"
    assert trust.fault[camera].tolist() == pytest.approx([0, 0, 0.56, 0.56])
    assert np.array_equal(trust.score[np.array(trust.sensor) == "lidar_top"] == 0, lost)


def test_the_same_again_is_the_same_to_the_byte_and_other_threads_change_nothing():
    one, two = make(everything()), make(everything(), generator=StreetGenerator(threads=1))
    same(one.frames, two.frames)
    same(one.sweeps, two.sweeps)
    for name in ("imu", "gnss", "odometry", "timing", "mountings"):
        same(getattr(one.streams, name), getattr(two.streams, name))


def test_a_store_gives_back_streams_clean_values_and_reliability(tmp_path):
    made = make(everything())
    store = SegmentStore(tmp_path, durable=False)
    store.write(made)
    again = store.load(made.segment_id)
    for name in ("imu", "gnss", "odometry", "timing", "mountings"):
        same(getattr(made.streams, name), getattr(again.streams, name))
    assert made.streams.clean is not None and again.streams.clean is not None
    same(made.streams.clean.frames, again.streams.clean.frames)
    same(made.streams.clean.sweeps, again.streams.clean.sweeps)
    assert made.labels is not None and again.labels is not None
    assert made.labels.reliability is not None and again.labels.reliability is not None
    same([made.labels.reliability], [again.labels.reliability])
    assert made.labels.reliability.causes == again.labels.reliability.causes
    assert again.rig.faults == made.rig.faults and again.rig.drifts == made.rig.drifts


def test_faults_are_drawn_by_a_randomization_and_written_down():
    space = read_randomization("dirty", {"fault.dirt.camera_front": "0.4..0.6", "fault.dropout": 0.0})
    made = make(randomization=space, max_frames=1)
    (fault,) = made.rig.faults
    assert (fault.sensor, fault.kind) == ("camera_front", FaultKind.DIRT) and 0.4 <= fault.severity <= 0.6
    assert made.provenance.steps[-1].draws["fault.dirt.camera_front"] == fault.severity
    assert made.streams.clean is not None and len(made.streams.clean.frames) == 1
    with pytest.raises(InputError, match=r"did you mean 'fault\.dirt'"):
        read_randomization("dirty", {"fault.dirtt": 0.5})
    with pytest.raises(InputError, match="did you mean 'camera_front'"):
        make(randomization=read_randomization("dirty", {"fault.dirt.camera_frnt": 0.5}))


def test_a_fault_that_cannot_be_is_refused_before_anything_is_rendered():
    plain = PlainGenerator()
    with pytest.raises(InputError, match="a fault that a camera can have"):
        make(replace(rig(), faults=(SensorFault("camera_front", FaultKind.DEAD_BEAMS),)), generator=plain)
    assert plain.opened == 0
