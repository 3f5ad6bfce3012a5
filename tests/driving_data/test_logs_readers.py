"""Every reader on real logs: what is known of them must come out."""

import sys
from pathlib import Path

import numpy as np
import pytest

from driving_data.errors import InputError, MissingExtra
from driving_data.geometry import box_corners, points_in_boxes, wrap_angle
from driving_data.logs.registry import READERS, read, reader, recognise
from driving_data.maps.lane_map import LaneKind
from driving_data.ports import LogReader
from driving_data.segment import Raw, Segment, Source, calibrated
from driving_data.taxonomy import ActorClass, SignalState

LOGS = {
    "argoverse2_sensor": ("av2/sensor_7fab2350", 1),
    "argoverse2_forecasting": ("av2/forecasting", 1),
    "scenarionet": ("metadrive/waymo/c403d5992cab9e0.pkl", 1),
    "womd": ("womd/motion_data_one_scenario.tfrecord", 1),
    "gpudrive": ("gpudrive/tfrecord-00002-of-01000_407.json", 1),
    "nuscenes_frame": ("nuscenes_frame/n015-2018-07-24-11-22-45+0800.pkl", 1),
    "kitti": ("kitti/training", 3),
    "comma2k19": ("comma2k19/segment40", 1),
    "commonroad": ("commonroad/USA_US101-5_1_T-1.xml", 1),
    "video": ("udacity/solidWhiteRight.mp4", 1),
}


def one(shared_data: Path, place: str) -> Segment[Raw]:
    return next(read(shared_data / "logs" / place))


def points_in_labels(segment: Segment[Raw], sweep_index: int) -> tuple[np.ndarray, np.ndarray]:
    """Recounted and labelled points in each box at the moment of a sweep."""
    sweep, boxes = segment.sweeps[sweep_index], segment.labels.boxes_3d
    rows = np.flatnonzero(boxes.timestamp_ns == sweep.timestamp_ns)
    points = sweep.world_from_lidar.apply(sweep.points_m.astype(np.float64))
    pose = segment.rollout.world_from_actor[boxes.step[rows], boxes.actor[rows]]
    inside = points_in_boxes(points, pose, segment.rollout.actors.size_m[boxes.actor[rows]])
    return inside.sum(axis=1), boxes.num_lidar_points[rows]


def project(segment: Segment[Raw], frame_index: int, points_world: np.ndarray) -> np.ndarray:
    """Pixels of points before the camera, shape (n, 2); NaN behind it."""
    frame = segment.frames[frame_index]
    camera = segment.rig.camera(frame.camera)
    local = frame.world_from_camera.inverse().apply(points_world)
    with np.errstate(invalid="ignore", divide="ignore"):
        pixel = local[..., :2] / local[..., 2:] * [camera.fx_px, camera.fy_px] + [camera.cx_px, camera.cy_px]
    return np.where(local[..., 2:] > 0.1, pixel, np.nan)


@pytest.mark.parametrize("name", sorted(LOGS))
def test_reader_is_recognised_and_gives_whole_segments(shared_data: Path, name: str) -> None:
    place, count = LOGS[name]
    path = shared_data / "logs" / place
    found = recognise(path)
    assert found is not None and found.name == name
    assert isinstance(found, LogReader)
    segments = list(found.read(path))
    assert len(segments) == count
    for segment in segments:
        rollout = segment.rollout
        assert segment.source is Source.REAL
        assert segment.provenance.licence and segment.provenance.family and segment.provenance.origin
        assert not Path(segment.provenance.origin).is_absolute()
        assert {"weather:unknown"} <= set(segment.tags)
        assert (np.diff(rollout.timestamps_ns) > 0).all()
        assert np.isnan(rollout.velocity_mps[~rollout.valid]).all()
        assert np.isnan(rollout.world_from_actor.translation_m[~rollout.valid]).all()
        assert np.isfinite(rollout.world_from_actor.translation_m[rollout.valid]).all()
        assert len(set(rollout.actors.ids)) == rollout.num_actors
        assert calibrated(segment) is segment
        rotation = rollout.world_from_actor.rotation[rollout.valid]
        assert np.allclose(rotation @ np.swapaxes(rotation, -1, -2), np.eye(3), atol=1e-9)


def test_every_registered_reader_is_tested() -> None:
    assert set(READERS.names()) == set(LOGS)
    assert all(reader(name).name == name for name in READERS.names())


@pytest.mark.slow
def test_a_folder_gives_every_log_in_it(shared_data: Path) -> None:
    segments = list(read(shared_data / "logs"))
    assert len(segments) == 28
    assert len({segment.segment_id for segment in segments}) == 28


@pytest.mark.slow
def test_reading_twice_gives_the_same(shared_data: Path) -> None:
    first, second = (one(shared_data, "womd/womd_scenario_input.tfrecord") for _ in range(2))
    assert first.segment_id == second.segment_id
    assert first.provenance.identity() == second.provenance.identity()
    assert np.array_equal(first.rollout.velocity_mps, second.rollout.velocity_mps, equal_nan=True)


@pytest.mark.slow
def test_argoverse_boxes_hold_exactly_the_labelled_points(shared_data: Path) -> None:
    segment = one(shared_data, "av2/sensor_7fab2350")
    assert [len(sweep.points_m) for sweep in segment.sweeps] == [99_229, 99_466]
    for index in range(2):
        counted, labelled = points_in_labels(segment, index)
        assert len(counted) == 81 and labelled.sum() > 9000
        assert np.array_equal(counted, labelled)


def test_argoverse_ego_frame_lies_on_the_ground(shared_data: Path) -> None:
    segment = one(shared_data, "av2/sensor_7fab2350")
    sweep = segment.sweeps[0]
    step = int(np.flatnonzero(segment.rollout.timestamps_ns == sweep.timestamp_ns)[0])
    ego_from_world = segment.rollout.world_from_ego()[step].inverse()
    points = ego_from_world.apply(sweep.world_from_lidar.apply(sweep.points_m.astype(np.float64)))
    near = (np.abs(points[:, 1]) < 3) & (points[:, 0] > 4) & (points[:, 0] < 12)
    assert abs(np.median(points[near, 2])) < 0.1
    assert len(segment.rig.cameras) == 9 and len(segment.rig.lidar("lidar_top").elevation_rad) == 64
    front = segment.rig.camera("ring_front_center").ego_from_camera
    assert front.rotation[:, 2] @ [1, 0, 0] > 0.999
    rings = segment.sweeps[0]
    elevation = np.arctan2(rings.points_m[:, 2], np.linalg.norm(rings.points_m[:, :2], axis=-1))
    medians = [np.median(elevation[rings.ring == ring]) for ring in range(64)]
    assert (np.diff(medians) >= 0).all()


def test_argoverse_ego_drives_on_the_map(shared_data: Path) -> None:
    from shapely import Point, Polygon, union_all

    for place in ("av2/sensor_7fab2350", "av2/mining_3b3570b4", "av2/mining_3bffdcff", "av2/forecasting"):
        segment = one(shared_data, place)
        lane_map = segment.rollout.lane_map
        assert lane_map is not None
        road = union_all(
            [Polygon(area.polygon_m[:, :2]).buffer(0) for area in lane_map.areas if area.kind == "drivable"]
        )
        track = segment.rollout.world_from_actor.translation_m[:, segment.rollout.ego_index]
        inside = np.mean([road.contains(Point(*place_m[:2])) for place_m in track])
        assert inside > 0.99, place
        ids = {lane.id for lane in lane_map.lanes}
        assert any(set(lane.successors) & ids for lane in lane_map.lanes)
        assert {lane.kind for lane in lane_map.lanes} <= {LaneKind.DRIVING, LaneKind.BICYCLE, LaneKind.BUS}


def test_nuscenes_boxes_hold_the_labelled_points(shared_data: Path) -> None:
    segment = one(shared_data, "nuscenes_frame")
    counted, labelled = points_in_labels(segment, 0)
    assert len(counted) == 69
    assert np.mean(counted == labelled) > 0.85
    assert abs(counted.sum() - labelled.sum()) < 0.03 * labelled.sum()


def test_nuscenes_lidar_points_of_a_box_land_on_it_in_the_picture(shared_data: Path) -> None:
    segment = one(shared_data, "nuscenes_frame")
    sweep, rollout = segment.sweeps[0], segment.rollout
    points = sweep.world_from_lidar.apply(sweep.points_m.astype(np.float64))
    inside = points_in_boxes(points, rollout.world_from_actor[0], rollout.actors.size_m)
    seen = 0
    for index, frame in enumerate(segment.frames):
        camera = segment.rig.camera(frame.camera)
        for actor in range(1, rollout.num_actors):
            corners = project(
                segment, index, box_corners(rollout.world_from_actor[0, actor], rollout.actors.size_m[actor])
            )
            pixels = project(segment, index, points[inside[actor]])
            if not np.isfinite(corners).all() or not len(pixels):
                continue
            low, high = corners.min(axis=0), corners.max(axis=0)
            if (low < 0).any() or (high > [camera.width_px, camera.height_px]).any():
                continue
            assert ((pixels >= low - 1) & (pixels <= high + 1)).all()
            seen += len(pixels)
    assert seen > 500
    truck = int(np.flatnonzero(rollout.actors.kind == ActorClass.TRUCK)[0])
    assert inside[truck].any()


def test_nuscenes_lidar_looks_forward_along_x(shared_data: Path) -> None:
    segment = one(shared_data, "nuscenes_frame")
    mount = segment.rig.lidar("LIDAR_TOP").ego_from_lidar
    assert mount.rotation[:, 0] @ [1, 0, 0] > 0.99
    assert 1.5 < mount.translation_m[2] < 2.2
    assert {camera.name for camera in segment.rig.cameras} == {
        f"CAM_{side}" for side in ("FRONT", "FRONT_LEFT", "FRONT_RIGHT", "BACK", "BACK_LEFT", "BACK_RIGHT")
    }


def test_kitti_points_in_3d_boxes_project_into_the_labelled_2d_boxes(shared_data: Path) -> None:
    expected = {"000000": [376], "000001": [70, 9, 18], "000002": [1351, 67]}
    for segment in read(shared_data / "logs" / "kitti"):
        rollout, sweep = segment.rollout, segment.sweeps[0]
        points = sweep.world_from_lidar.apply(sweep.points_m.astype(np.float64))
        inside = points_in_boxes(points, rollout.world_from_actor[0, 1:], rollout.actors.size_m[1:])
        assert inside.sum(axis=1).tolist() == expected[segment.segment_id[-6:]]
        for row, box in enumerate(segment.labels.boxes_2d.amodal_px):
            pixels = project(segment, 0, points[inside[row]])
            assert np.mean((pixels >= box[:2] - 3) & (pixels <= box[2:] + 3)) > 0.97
            corners = project(
                segment, 0, box_corners(rollout.world_from_actor[0, row + 1], rollout.actors.size_m[row + 1])
            )
            assert np.abs(np.clip(corners.min(axis=0), 0, None) - box[:2]).max() < 16


def test_kitti_ground_is_at_height_zero(shared_data: Path) -> None:
    segment = one(shared_data, "kitti")
    points = segment.sweeps[0].world_from_lidar.apply(segment.sweeps[0].points_m.astype(np.float64))
    near = (np.abs(points[:, 1]) < 2) & (points[:, 0] > 5) & (points[:, 0] < 10)
    assert abs(np.median(points[near, 2])) < 0.15


@pytest.mark.slow
def test_the_three_forms_of_waymo_data_agree(shared_data: Path) -> None:
    segment = one(shared_data, "womd/motion_data_one_scenario.tfrecord")
    rollout = segment.rollout
    assert (rollout.num_steps, rollout.num_actors) == (91, 83)
    assert rollout.lane_map is not None and len(rollout.lane_map.lanes) == 198
    other = one(shared_data, "womd/womd_scenario_input.tfrecord").rollout
    assert (other.num_steps, other.num_actors) == (91, 257)
    assert set(np.unique(other.actors.kind)) >= {ActorClass.CAR, ActorClass.PEDESTRIAN}
    pickled = one(shared_data, "metadrive/waymo/2a1e44d405a6833f.pkl").rollout
    assert (pickled.num_steps, pickled.num_actors) == (91, 211)
    assert (pickled.signals.state == SignalState.RED).sum() == 564
    for each in (rollout, other, pickled):
        ego = each.actors.size_m[each.ego_index]
        assert np.allclose(ego, [5.286, 2.332, 2.33], atol=1e-3)


@pytest.mark.parametrize(
    "place",
    ["womd/womd_scenario_input.tfrecord", "metadrive/waymo/2a1e44d405a6833f.pkl", "gpudrive", "metadrive/nuscenes"],
)
def test_velocities_of_the_log_fit_its_poses(shared_data: Path, place: str) -> None:
    rollout = one(shared_data, place).rollout
    moving = rollout.valid & (np.linalg.norm(rollout.velocity_mps[..., :2], axis=-1) > 3)
    moving[1:-1] &= rollout.valid[2:] & rollout.valid[:-2]
    moving[[0, -1]] = False
    step, actor = np.nonzero(moving)
    assert len(step) > 20
    place_m, seconds = rollout.world_from_actor.translation_m, rollout.seconds()
    told = rollout.velocity_mps[step, actor, :2]
    measured = (place_m[step + 1, actor, :2] - place_m[step - 1, actor, :2]) / (seconds[step + 1] - seconds[step - 1])[
        :, None
    ]
    assert np.percentile(np.linalg.norm(measured - told, axis=-1), 75) < 0.5
    heading = rollout.world_from_actor.yaw_rad()[step, actor]
    course = np.arctan2(told[:, 1], told[:, 0])
    assert np.median(np.abs(wrap_angle(heading - course))) < 0.1


def test_nuscenes_ego_of_scenarionet_is_turned_the_right_way(shared_data: Path) -> None:
    rollout = one(shared_data, "metadrive/nuscenes/scene-0796.pkl").rollout
    length, width, _ = rollout.actors.size_m[rollout.ego_index]
    assert length > width
    assert np.allclose(rollout.world_from_ego().translation_m[0], 0, atol=1e-9)


def test_comma_drives_forward_and_steers_the_way_it_turns(shared_data: Path) -> None:
    segment = one(shared_data, "comma2k19")
    rollout = segment.rollout
    assert rollout.num_steps == 1200 and len(segment.frames) == 1
    local = rollout.world_from_actor[:, 0].inverse().rotate(rollout.velocity_mps[:, 0])
    assert np.percentile(np.abs(local[:, 1]), 99) < 0.3
    assert (local[:, 0] > 5).all()
    fast = local[:, 0] > 6
    assert np.corrcoef(rollout.steering_rad[fast, 0] * local[fast, 0], rollout.yaw_rate_radps[fast, 0])[0, 1] > 0.7
    assert sum(len(returns.track_id) for returns in segment.radar) == 10_100
    assert all((np.diff(np.sort(returns.track_id)) > 0).all() for returns in segment.radar)


def test_comma_enu_agrees_with_gravity_and_distance(shared_data: Path) -> None:
    rollout = one(shared_data, "comma2k19").rollout
    track = rollout.world_from_actor.translation_m[:, 0]
    ecef = np.load(shared_data / "logs/comma2k19/segment40/global_pose/frame_positions")
    length = np.linalg.norm(np.diff(ecef, axis=0), axis=-1).sum()
    assert abs(np.linalg.norm(np.diff(track, axis=0), axis=-1).sum() - length) < 0.01 * length
    assert np.ptp(track[:, 2]) < 30
    assert (rollout.world_from_actor.rotation[:, 0, 2, 2] > 0.99).all()


def test_commonroad_keeps_lanes_limits_and_lights(shared_data: Path) -> None:
    segment = one(shared_data, "commonroad/USA_Lanker-1_3_T-1.xml")
    lane_map = segment.rollout.lane_map
    assert lane_map is not None
    assert (len(lane_map.lanes), len(lane_map.signals), len(lane_map.signs)) == (95, 8, 95)
    assert lane_map.lane_by_id["3419"].right_neighbor == "3422" and lane_map.lane_by_id["3419"].left_neighbor is None
    assert np.isclose(lane_map.lane_by_id["3419"].speed_limit_mps, 13.4112)
    assert segment.rollout.signals.state.shape == (41, 8)
    assert segment.rollout.num_actors == 37


def test_video_keeps_what_it_is(shared_data: Path) -> None:
    pytest.importorskip("av")
    segment = one(shared_data, "udacity")
    assert {"calibration:assumed", "pose:unknown"} <= set(segment.tags)
    assert segment.frames[0].rgb.shape == (540, 960, 3)
    assert not segment.rollout.valid.any()
    gaps = np.diff([frame.timestamp_ns for frame in segment.frames]) * 1e-9
    assert np.allclose(gaps, 0.52, atol=0.05)
    assert segment.provenance.licence == "MIT"


def test_video_without_its_package_names_the_extra(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtra, match=r"roadloom\[video\]"):
        one(shared_data, "udacity")


def test_missing_path_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "training").mkdir()
    for call in (read, recognise, *(reader(name).read for name in READERS.names())):
        with pytest.raises(InputError) as caught:
            call(tmp_path / "trainng")
        assert caught.value.faults[0].code == "missing-path"
        assert caught.value.faults[0].nearest == "training"


def test_a_folder_without_logs_says_what_is_known(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing to see")
    with pytest.raises(InputError, match="argoverse2_sensor"):
        next(read(tmp_path))
