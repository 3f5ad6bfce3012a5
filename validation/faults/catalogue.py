"""The planted faults: each changes a sound segment in one way and names the check that should notice."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from driving_data.geometry import SE3
from driving_data.rollout import Actors
from driving_data.segment import Raw, Segment
from driving_data.sensors import LidarSweep
from validation.faults.edits import (
    Unplantable,
    kept_2d,
    kept_3d,
    labels_of,
    some_frame,
    some_step,
    some_vehicle,
    with_frame,
    with_pose,
    with_rollout,
    with_sweeps,
)

Plant = Callable[[Segment[Raw], np.random.Generator], Segment[Raw]]


@dataclass(frozen=True, slots=True)
class PlantedFault:
    """One way in which data go wrong.

    Attributes:
        name: of the fault.
        check: registered name of the check that should notice.
        plant: the sound segment and a generator to the faulty segment; raises `Unplantable`.
    """

    name: str
    check: str
    plant: Plant


def teleport(segment: Segment[Raw], rng: np.random.Generator) -> Segment[Raw]:
    """A vehicle jumps by 1 to 4 m at one moment and stays there."""
    actor, step = some_vehicle(segment.rollout, rng), some_step(segment.rollout, rng)
    angle = rng.uniform(-np.pi, np.pi)
    place = segment.rollout.world_from_actor.translation_m.copy()
    place[step:, actor, :2] += rng.uniform(1.0, 4.0) * np.array([np.cos(angle), np.sin(angle)])
    return with_pose(segment, place)


def speed_jump(segment: Segment[Raw], rng: np.random.Generator) -> Segment[Raw]:
    """The velocity of a vehicle grows by 3 to 8 m/s in one step, its way with it."""
    rollout = segment.rollout
    actor, step = some_vehicle(rollout, rng), some_step(rollout, rng)
    forward = rollout.world_from_actor.rotation[:, actor, :, 0]
    jump = rng.uniform(3.0, 8.0)
    velocity, place = rollout.velocity_mps.copy(), rollout.world_from_actor.translation_m.copy()
    velocity[step:, actor] += jump * forward[step:]
    seconds = np.diff(rollout.timestamps_ns)[step - 1 :, None] * 1e-9
    place[step:, actor] += np.cumsum(jump * forward[step:] * seconds, axis=0)
    return with_rollout(with_pose(segment, place), velocity_mps=velocity)


def overlap(segment: Segment[Raw], rng: np.random.Generator) -> Segment[Raw]:
    """One vehicle drives inside another one, a metre beside its middle."""
    rollout = segment.rollout
    first = some_vehicle(rollout, rng)
    others = np.flatnonzero(rollout.valid.all(axis=0) & (np.arange(rollout.num_actors) != first))
    if not len(others):
        raise Unplantable("a single actor")
    second = int(rng.choice(others))
    pose = rollout.world_from_actor
    place, rotation = pose.translation_m.copy(), pose.rotation.copy()
    place[:, first] = place[:, second] + rng.uniform(-1.0, 1.0, 3) * [1.0, 1.0, 0.0]
    place[:, first, 2] += 0.5 * (rollout.actors.size_m[first, 2] - rollout.actors.size_m[second, 2])
    rotation[:, first] = rotation[:, second]
    velocity = rollout.velocity_mps.copy()
    velocity[:, first] = velocity[:, second]
    return with_rollout(segment, world_from_actor=SE3(rotation, place), velocity_mps=velocity)


def floating(segment: Segment[Raw], rng: np.random.Generator) -> Segment[Raw]:
    """A vehicle floats 0.25 to 1 m over the road."""
    actor = some_vehicle(segment.rollout, rng)
    place = segment.rollout.world_from_actor.translation_m.copy()
    place[:, actor, 2] += rng.uniform(0.25, 1.0)
    return with_pose(segment, place)


def off_road(segment: Segment[Raw], rng: np.random.Generator) -> Segment[Raw]:
    """A vehicle drives 30 m beside the road."""
    actor = some_vehicle(segment.rollout, rng)
    place = segment.rollout.world_from_actor.translation_m.copy()
    left = segment.rollout.world_from_actor.rotation[0, actor, :, 1]
    place[:, actor] += rng.choice([-30.0, 30.0]) * left
    return with_pose(segment, place)


def sideways(segment: Segment[Raw], rng: np.random.Generator) -> Segment[Raw]:
    """A moving vehicle is turned by 25 to 90 degrees against its way."""
    actor = some_vehicle(segment.rollout, rng, moving=True)
    rotation = segment.rollout.world_from_actor.rotation.copy()
    angle = rng.choice([-1.0, 1.0]) * rng.uniform(np.deg2rad(25), np.deg2rad(90))
    rotation[:, actor] = rotation[:, actor] @ SE3.from_yaw(np.array(angle), np.zeros(3)).rotation
    return with_rollout(segment, world_from_actor=SE3(rotation, segment.rollout.world_from_actor.translation_m))


def clock_step(segment: Segment[Raw], rng: np.random.Generator) -> Segment[Raw]:
    """The clock of the rollout steps by 30 to 400 % of a period."""
    times = segment.rollout.timestamps_ns.copy()
    step = some_step(segment.rollout, rng)
    times[step:] += int(rng.uniform(0.3, 4.0) * np.median(np.diff(times)))
    return with_rollout(segment, timestamps_ns=times)


def scale_jump(segment: Segment[Raw], rng: np.random.Generator) -> Segment[Raw]:
    """The labelled size of an actor that is seen grows or shrinks by a third or more."""
    labels, actors = labels_of(segment), segment.rollout.actors
    area = np.prod(labels.boxes_2d.amodal_px[:, 2:] - labels.boxes_2d.amodal_px[:, :2], axis=-1)
    seen = np.unique(labels.boxes_2d.actor[area > 400])
    if not len(seen):
        raise Unplantable("no actor that is seen large enough")
    size = actors.size_m.copy()
    size[int(rng.choice(seen))] *= rng.choice([rng.uniform(0.5, 0.7), rng.uniform(1.4, 2.0)])
    return with_rollout(segment, actors=Actors(actors.ids, actors.kind, size, actors.rear_axle_to_center_m))


def label_swap(segment: Segment[Raw], rng: np.random.Generator) -> Segment[Raw]:
    """Two actors in one picture exchange their 2D labels."""
    labels = labels_of(segment)
    flat = labels.boxes_2d
    frames, counts = np.unique(flat.frame, return_counts=True)
    if not (counts > 1).any():
        raise Unplantable("no picture with two labels")
    rows = np.flatnonzero(flat.frame == rng.choice(frames[counts > 1]))
    first, second = rng.choice(rows, 2, replace=False)
    actor = flat.actor.copy()
    actor[[first, second]] = actor[[second, first]]
    return replace(segment, labels=replace(labels, boxes_2d=replace(flat, actor=actor)))


def class_swap(segment: Segment[Raw], rng: np.random.Generator) -> Segment[Raw]:
    """An actor with 20 pixels in some picture is called by the class of another kind of actor."""
    actors = segment.rollout.actors
    kinds = actors.kind.copy()
    shown: set[int] = set()
    for frame in segment.frames:
        if frame.instance is not None:
            numbers, counts = np.unique(frame.instance[frame.instance > 0], return_counts=True)
            shown |= {int(number) - 1 for number in numbers[counts >= 20]}
    different = [(a, b) for a in sorted(shown) for b in range(len(actors)) if kinds[a] != kinds[b]]
    if not different:
        raise Unplantable("no actor that is seen, or only one class of actors")
    first, second = different[int(rng.integers(len(different)))]
    kinds[first] = kinds[second]
    return with_rollout(segment, actors=Actors(actors.ids, kinds, actors.size_m, actors.rear_axle_to_center_m))


def missing_box(segment: Segment[Raw], rng: np.random.Generator) -> Segment[Raw]:
    """A 2D label with at least ten pixels is lost."""
    labels = labels_of(segment)
    rows = np.flatnonzero(labels.boxes_2d.num_pixels >= 10)
    if not len(rows):
        raise Unplantable("no 2D label")
    keep = np.arange(len(labels.boxes_2d.frame)) != rng.choice(rows)
    return replace(segment, labels=replace(labels, boxes_2d=kept_2d(labels.boxes_2d, keep)))


def missing_box_3d(segment: Segment[Raw], rng: np.random.Generator) -> Segment[Raw]:
    """A 3D label with at least ten points is lost at every moment of one actor."""
    labels = labels_of(segment)
    actors = np.unique(labels.boxes_3d.actor[labels.boxes_3d.num_lidar_points >= 10])
    if not len(actors):
        raise Unplantable("no 3D label with points")
    keep = labels.boxes_3d.actor != rng.choice(actors)
    return replace(segment, labels=replace(labels, boxes_3d=kept_3d(labels.boxes_3d, keep)))


def wrong_count(segment: Segment[Raw], rng: np.random.Generator) -> Segment[Raw]:
    """A 3D label tells half or double the points and five more."""
    labels = labels_of(segment)
    at_sweep = np.isin(labels.boxes_3d.timestamp_ns, [sweep.timestamp_ns for sweep in segment.sweeps])
    rows = np.flatnonzero(at_sweep & (labels.boxes_3d.num_lidar_points >= 0))
    if not len(rows):
        raise Unplantable("no 3D label with a count at a sweep")
    count = labels.boxes_3d.num_lidar_points.copy()
    count[rng.choice(rows)] += 5 + int(count.max(initial=0))
    return replace(segment, labels=replace(labels, boxes_3d=replace(labels.boxes_3d, num_lidar_points=count)))


def shifted_boxes(segment: Segment[Raw], rng: np.random.Generator) -> Segment[Raw]:
    """Every 2D box is shifted by 2 to 12 pixels."""
    labels = labels_of(segment)
    if not len(labels.boxes_2d.frame):
        raise Unplantable("no 2D label")
    shift = (rng.choice([-1.0, 1.0], 2) * rng.uniform(2.0, 12.0, 2)).astype(np.float32)
    moved = labels.boxes_2d.visible_px + np.tile(shift, 2)
    return replace(segment, labels=replace(labels, boxes_2d=replace(labels.boxes_2d, visible_px=moved)))


def wrong_occlusion(segment: Segment[Raw], rng: np.random.Generator) -> Segment[Raw]:
    """An actor that is plainly seen is called hidden."""
    labels = labels_of(segment)
    flat = labels.boxes_2d
    area = np.prod(flat.amodal_px[:, 2:] - flat.amodal_px[:, :2], axis=-1)
    rows = np.flatnonzero((flat.occlusion < 0.1) & (area > 200) & (flat.num_pixels > 0.5 * area))
    if not len(rows):
        raise Unplantable("no 2D label of an actor in plain sight")
    occlusion = flat.occlusion.copy()
    occlusion[rng.choice(rows)] = rng.uniform(0.8, 1.0)
    return replace(segment, labels=replace(labels, boxes_2d=replace(flat, occlusion=occlusion)))


def stale_frame(segment: Segment[Raw], rng: np.random.Generator) -> Segment[Raw]:
    """A picture is the one before again."""
    pairs = [(before, index) for index, frame in enumerate(segment.frames) for before in range(index)
             if segment.frames[before].camera == frame.camera
             and not any(f.camera == frame.camera for f in segment.frames[before + 1 : index])]  # fmt: skip
    if not pairs:
        raise Unplantable("no two pictures of one camera")
    before, index = pairs[int(rng.integers(len(pairs)))]
    return with_frame(segment, index, replace(segment.frames[index], rgb=segment.frames[before].rgb.copy()))


def black_frame(segment: Segment[Raw], rng: np.random.Generator) -> Segment[Raw]:
    """A picture is black, but for the noise of the sensor."""
    index = some_frame(segment, rng)
    frame = segment.frames[index]
    return with_frame(segment, index, replace(frame, rgb=rng.integers(0, 2, frame.rgb.shape, dtype=np.uint8)))


def white_frame(segment: Segment[Raw], rng: np.random.Generator) -> Segment[Raw]:
    """A picture is blown out."""
    index = some_frame(segment, rng)
    frame = segment.frames[index]
    return with_frame(segment, index, replace(frame, rgb=np.maximum(frame.rgb, np.uint8(rng.integers(250, 256)))))


def depth_scale(segment: Segment[Raw], rng: np.random.Generator) -> Segment[Raw]:
    """Depth is 5 % too large or too small in one picture."""
    index = some_frame(segment, rng)
    frame = segment.frames[index]
    if frame.depth_m is None:
        raise Unplantable("no depth picture")
    scaled = (frame.depth_m * np.float32(rng.choice([0.95, 1.05]))).astype(np.float32)
    return with_frame(segment, index, replace(frame, depth_m=scaled))


def extrinsic_error(segment: Segment[Raw], rng: np.random.Generator) -> Segment[Raw]:
    """A camera looks 0.5 to 1 degree aside from where its calibration says."""
    index = some_frame(segment, rng)
    axis = rng.normal(size=3)
    angles = axis / np.linalg.norm(axis) * np.deg2rad(rng.uniform(0.5, 1.0))
    frame = segment.frames[index]
    turned = frame.world_from_camera @ SE3.from_rpy(angles, np.zeros(3))
    return with_frame(segment, index, replace(frame, world_from_camera=turned))


def ghost_points(segment: Segment[Raw], rng: np.random.Generator) -> Segment[Raw]:
    """A tenth of the lidar points is pulled to half its range: returns from nothing."""
    if not segment.sweeps:
        raise Unplantable("no sweeps")

    def haunted(sweep: LidarSweep) -> LidarSweep:
        pulled = rng.random(len(sweep.points_m)) < 0.1
        factor = np.where(pulled, rng.uniform(0.3, 0.7, len(pulled)), 1.0)[:, None].astype(np.float32)
        return replace(sweep, points_m=sweep.points_m * factor)

    return with_sweeps(segment, haunted)


def superhuman(segment: Segment[Raw], rng: np.random.Generator) -> Segment[Raw]:
    """The whole world runs at 12 to 20 times its speed: poses stay, time shrinks."""
    rollout = segment.rollout
    factor = rng.uniform(12.0, 20.0)
    times = rollout.timestamps_ns[0] + ((rollout.timestamps_ns - rollout.timestamps_ns[0]) / factor).astype(np.int64)
    return with_rollout(segment, timestamps_ns=times, velocity_mps=rollout.velocity_mps * factor,
                        acceleration_mps2=rollout.acceleration_mps2 * factor**2,
                        yaw_rate_radps=rollout.yaw_rate_radps * factor)  # fmt: skip


_LIST = (
    PlantedFault("teleport", "no_teleport", teleport),
    PlantedFault("speed_jump", "friction_circle", speed_jump),
    PlantedFault("overlap", "interpenetration", overlap),
    PlantedFault("floating", "ground_contact", floating),
    PlantedFault("off_road", "drivable_area", off_road),
    PlantedFault("sideways", "steering_geometry", sideways),
    PlantedFault("clock_step", "time_stamps", clock_step),
    PlantedFault("scale_jump", "box_reprojection", scale_jump),
    PlantedFault("label_swap", "box_pixels", label_swap),
    PlantedFault("class_swap", "identity", class_swap),
    PlantedFault("missing_box", "box_pixels", missing_box),
    PlantedFault("missing_box_3d", "points_in_boxes", missing_box_3d),
    PlantedFault("wrong_count", "points_in_boxes", wrong_count),
    PlantedFault("shifted_boxes", "box_pixels", shifted_boxes),
    PlantedFault("wrong_occlusion", "box_reprojection", wrong_occlusion),
    PlantedFault("stale_frame", "image_integrity", stale_frame),
    PlantedFault("black_frame", "image_integrity", black_frame),
    PlantedFault("white_frame", "image_integrity", white_frame),
    PlantedFault("depth_scale", "lidar_depth_camera", depth_scale),
    PlantedFault("extrinsic_error", "sensor_poses", extrinsic_error),
    PlantedFault("ghost_points", "lidar_depth_camera", ghost_points),
    PlantedFault("superhuman", "class_speed", superhuman),
)
FAULTS: Mapping[str, PlantedFault] = {fault.name: fault for fault in _LIST}
