"""What every generator must do; plug-in authors run it on their own.

    from generators.conformance import check_generator
    check_generator(MyGenerator(), scene, rig, start, end)

`check_generator` raises `AssertionError` with the first promise that is broken.
"""

from dataclasses import replace

import numpy as np

from driving_data.geometry import SE3, box_corners
from driving_data.ports import Generator, Renderer, SceneDescription
from driving_data.rollout import WorldState
from driving_data.sensors import CameraFrame, CameraModel, LidarSweep, SensorFrames, SensorRig, sensors_of
from driving_data.taxonomy import ActorClass, SemanticClass
from generators.interface import SelectiveRenderer
from generators.raytrace.cameras.geometry import amodal_box_px, project

_SEMANTIC_NUMBERS = frozenset(int(kind) for kind in SemanticClass)
_MARGIN_PX = 3.0
_MARGIN_M = 0.15


def check_generator(
    generator: Generator, scene: SceneDescription, rig: SensorRig, start: WorldState, end: WorldState, seed: int = 7
) -> None:
    """Opens the scene, renders and looks whether every promise is kept.

    Promises: a name and a version; the same seed gives the same bytes, whatever was rendered before; another order of
    asking changes nothing; some of the sensors alone give what they give among all, and from another mounting they look
    from there (`SelectiveRenderer`, where the renderer is one); `close` twice is safe; one frame for each camera and
    one sweep for each lidar, of the right shapes and times, at poses of the rig; labels agree with pixels, and depth
    with lidar.

    Args:
        generator: who is examined.
        scene: a scene with at least one other actor in view.
        rig: cameras and lidars.
        start: the world at the picture.
        end: the world at the end of the slowest sensor.
        seed: of the scene.

    Raises:
        AssertionError: a promise is broken.
    """
    assert generator.name and generator.version, "a generator has a name and a version"
    renderer = generator.open(scene, rig, seed)
    first = renderer.render(start, end)
    renderer.render(start, start)
    check_same(first, renderer.render(start, end))
    renderer.close()
    renderer.close()
    again = generator.open(scene, rig, seed)
    check_same(first, again.render(start, end))
    check_frames(first, scene, rig, start)
    check_depth_against_lidar(again, rig, start)
    check_selection(again, first, rig, start, end)
    again.close()


def check_selection(
    renderer: Renderer, whole: SensorFrames, rig: SensorRig, start: WorldState, end: WorldState
) -> None:
    """Whether each sensor asked for alone gives the same bytes, and a moved one looks from where it was moved to.

    Nothing is asked of a renderer that cannot choose.
    """
    if not isinstance(renderer, SelectiveRenderer):
        return
    for frame in whole.frames:
        alone = renderer.only({frame.camera}, {}).render(start, end)
        check_same(alone, SensorFrames(frames=(frame,)))
    for sweep in whole.sweeps:
        alone = renderer.only({sweep.lidar}, {}).render(start, end)
        check_same(alone, SensorFrames(sweeps=(sweep,)))
    check_same(renderer.only({sensor.name for sensor in sensors_of(rig)}, {}).render(start, end), whole)
    turn = SE3.from_rpy(np.array([0.0, 0.02, 0.03]), np.array([0.1, 0.0, 0.0]))
    for frame in whole.frames:
        mounting = rig.camera(frame.camera).ego_from_camera @ turn
        (moved,) = renderer.only({frame.camera}, {frame.camera: mounting}).render(start, end).frames
        wanted = frame.world_from_camera @ turn
        assert np.allclose(moved.world_from_camera.matrix(), wanted.matrix(), atol=1e-6), (
            f"{frame.camera}: a camera that was moved looks from there"
        )
    check_same(renderer.render(start, end), whole)


def check_same(a: SensorFrames, b: SensorFrames) -> None:
    """Whether two results are equal to the byte."""
    assert len(a.frames) == len(b.frames) and len(a.sweeps) == len(b.sweeps), "the same sensors answer each time"
    for one, two in zip(a.frames, b.frames, strict=True):
        for name in ("rgb", "depth_m", "semantic", "instance"):
            left, right = getattr(one, name), getattr(two, name)
            assert (left is None) == (right is None), f"{one.camera}: {name} is there each time or never"
            assert left is None or np.array_equal(left, right), f"{one.camera}: {name} differs for the same seed"
    for one, two in zip(a.sweeps, b.sweeps, strict=True):
        for name in ("points_m", "intensity", "ring", "offset_ns"):
            assert np.array_equal(getattr(one, name), getattr(two, name)), f"{one.lidar}: {name} differs"


def check_frames(seen: SensorFrames, scene: SceneDescription, rig: SensorRig, state: WorldState) -> None:
    """Shapes, times, numbers, and whether each visible actor lies inside its projected box."""
    assert [frame.camera for frame in seen.frames] == [camera.name for camera in rig.cameras], "one frame per camera"
    assert [sweep.lidar for sweep in seen.sweeps] == [lidar.name for lidar in rig.lidars], "one sweep per lidar"
    for frame, camera in zip(seen.frames, rig.cameras, strict=True):
        _check_frame(frame, camera, scene, state)
    for sweep in seen.sweeps:
        _check_sweep(sweep, rig, scene, state)


def _check_frame(frame: CameraFrame, camera: CameraModel, scene: SceneDescription, state: WorldState) -> None:
    size = (camera.height_px, camera.width_px)
    assert frame.timestamp_ns == state.timestamp_ns, f"{frame.camera}: a picture is of the moment asked for"
    assert frame.rgb.shape == (*size, 3), f"{frame.camera}: the picture has the size of its calibration"
    for name in ("depth_m", "semantic", "instance"):
        layer = getattr(frame, name)
        assert layer is None or layer.shape == size, f"{frame.camera}: {name} has the size of the picture"
    if frame.depth_m is not None:
        assert not np.isnan(frame.depth_m).any(), f"{frame.camera}: depth is a number or inf"
    if frame.semantic is not None:
        strange = set(np.unique(frame.semantic).tolist()) - _SEMANTIC_NUMBERS
        assert not strange, f"{frame.camera}: {strange} are no semantic classes"
        if frame.depth_m is not None:
            sky = frame.semantic == SemanticClass.SKY
            assert np.array_equal(sky, np.isinf(frame.depth_m)), (
                f"{frame.camera}: the sky, and only it, is infinitely far"
            )
    if frame.instance is not None:
        _check_instances(frame, camera, scene, state)


def _check_instances(frame: CameraFrame, camera: CameraModel, scene: SceneDescription, state: WorldState) -> None:
    assert frame.instance is not None
    camera_from_world = frame.world_from_camera.inverse()
    for number in np.unique(frame.instance):
        if number == 0:
            continue
        actor = int(number) - 1
        assert actor < len(scene.actors) and state.valid[actor], f"{frame.camera}: instance {number} is no actor there"
        assert actor != scene.ego_index, f"{frame.camera}: the ego's own body is not shown"
        rows, columns = np.nonzero(frame.instance == number)
        size = scene.actors.size_m[actor] + 2 * _MARGIN_M
        if scene.actors.kind_of(actor) in (ActorClass.PEDESTRIAN, ActorClass.CHILD, ActorClass.ANIMAL):
            size = size + 2 * _MARGIN_M
        box = amodal_box_px(camera, camera_from_world.apply(box_corners(state.world_from_actor[actor], size)))
        name = scene.actors.ids[actor]
        assert box is not None, f"{frame.camera}: {name} is seen but its box is out of view"
        inside = (columns + 0.5 >= box[0] - _MARGIN_PX) & (columns + 0.5 <= box[2] + _MARGIN_PX)
        inside &= (rows + 0.5 >= box[1] - _MARGIN_PX) & (rows + 0.5 <= box[3] + _MARGIN_PX)
        assert inside.all(), f"{frame.camera}: {int((~inside).sum())} pixels of {name} lie outside its projected box"


def _check_sweep(sweep: LidarSweep, rig: SensorRig, scene: SceneDescription, state: WorldState) -> None:
    model = rig.lidar(sweep.lidar)
    count = len(sweep.points_m)
    assert sweep.timestamp_ns == state.timestamp_ns, f"{sweep.lidar}: a sweep is of the moment asked for"
    for name in ("intensity", "ring", "offset_ns", "semantic", "instance"):
        column = getattr(sweep, name)
        assert column is None or len(column) == count, f"{sweep.lidar}: {name} has one value per point"
    assert np.all((sweep.intensity >= 0) & (sweep.intensity <= 1)), f"{sweep.lidar}: intensity is from 0 to 1"
    assert np.all((sweep.ring >= 0) & (sweep.ring < len(model.elevation_rad))), f"{sweep.lidar}: a ring is a beam"
    turn_ns = 1e9 / model.rate_hz
    assert np.all((sweep.offset_ns >= 0) & (sweep.offset_ns <= turn_ns)), f"{sweep.lidar}: fired within one turn"
    if sweep.instance is not None and count:
        assert int(sweep.instance.max()) <= len(scene.actors), f"{sweep.lidar}: instances are actors"


def check_depth_against_lidar(renderer: Renderer, rig: SensorRig, state: WorldState) -> None:
    """Whether, in a still world, lidar points have the depth of the pixel that they fall on, to 2 % or the noise."""
    seen = renderer.render(state, replace(state))
    for frame in seen.frames:
        if frame.depth_m is None or not seen.sweeps:
            continue
        camera = next(each for each in rig.cameras if each.name == frame.camera)
        for sweep in seen.sweeps:
            share = depth_agreement(frame, camera, sweep, 4 * rig.lidar(sweep.lidar).range_noise_m)
            assert share is None or share >= 0.9, (
                f"{frame.camera} and {sweep.lidar} agree on {share:.0%} of points only"
            )


def depth_agreement(frame: CameraFrame, camera: CameraModel, sweep: LidarSweep, noise_m: float) -> float | None:
    """Share of the lidar points in view, away from edges, whose depth is that of their pixel; None for too few.

    A point agrees within 2 %, the noise, and the change of depth to the neighbouring pixels. Points that the camera,
    sitting elsewhere, sees something nearer at do not count.
    """
    assert frame.depth_m is not None
    solid = np.ones(len(sweep.points_m), dtype=bool) if sweep.scatter is None else ~sweep.scatter
    seen = sweep.points_m[solid].astype(np.float64)
    points = (frame.world_from_camera.inverse() @ sweep.world_from_lidar).apply(seen)
    pixel, front = project(camera, points)
    with np.errstate(invalid="ignore"):
        inside = front & np.all((pixel >= 1) & (pixel < [camera.width_px - 1, camera.height_px - 1]), axis=-1)
    u, v = pixel[inside].astype(int).T
    depth = points[inside, 2]
    around = np.stack([frame.depth_m[v + j, u + i] for i in (-1, 0, 1) for j in (-1, 0, 1)])
    with np.errstate(invalid="ignore"):
        low, high = around.min(axis=0), around.max(axis=0)
        smooth = np.isfinite(high) & (high - low < 0.25 * low)
        hidden = depth > high + 0.05 * depth
    counted = smooth & ~hidden
    if int(counted.sum()) < 30:
        return None
    slack = 0.02 * depth + noise_m
    agrees = (depth >= low - slack) & (depth <= high + slack)
    return float(agrees[counted].mean())
