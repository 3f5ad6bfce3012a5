"""Panoptic numbers, scene flow, parts, keeping, and the proof: it passes on what is right and finds what is wrong."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from driving_data.errors import InputError
from driving_data.exports.coco import CocoExporter
from driving_data.exports.coco_panoptic import CocoPanopticExporter, categories, id_to_rgb, segments_info
from driving_data.exports.occ3d import Occ3dExporter
from driving_data.labels import FURTHER_LABELS
from driving_data.labels.panoptic import class_and_instance, panoptic_ids
from driving_data.provenance import Provenance
from driving_data.segment import Raw, Segment, Validated
from driving_data.store.records import from_record, to_record
from driving_data.taxonomy import ActorClass, SemanticClass
from generators.generate import generate
from generators.labels import proof
from generators.labels.choice import ON_REQUEST
from generators.labels.proof import REQUIRED, Finding, prove, table
from generators.labels.scene_flow import at_timestamp, camera_scene_flow_m, lidar_velocity_mps
from generators.raytrace.generator import RaytraceGenerator
from roadloom.label_proof import proof_rig, prove_scenario
from scenarios.library import CORE
from tests.generators.street import StreetGenerator, rig, rollout


@pytest.fixture(scope="module")
def segment():
    """Cars, one of which turns; everything on request."""
    ride = rollout(5, num_steps=6)
    return generate(
        replace(ride, yaw_rate_radps=np.where(np.arange(5) == 2, 0.4, 0.0) + np.zeros((6, 1))), rig(320, 180), 3,
        StreetGenerator(), Provenance("test", seed=1), max_frames=2, labels=("all",),
    )  # fmt: skip


def validated(made: Segment[Raw]) -> Segment[Validated]:
    return made  # a marker without fields; exporters read nothing of it


def test_panoptic_numbers_hold_class_and_instance():
    semantic, instance = np.array([[1, 16], [21, 22]], np.uint8), np.array([[0, 3], [999, 7]], np.uint16)
    ids = panoptic_ids(semantic, instance)
    assert ids.tolist() == [[1000, 16003], [21999, 22007]]
    back = class_and_instance(ids)
    assert np.array_equal(back[0], semantic) and np.array_equal(back[1], instance)
    with pytest.raises(InputError, match="1000"):
        panoptic_ids(semantic, instance + np.uint16(1))


def test_a_picture_of_numbers_is_read_back_as_panopticapi_reads_it():
    ids = np.array([[1000, 16003, 16003], [5, 28999, 1000]])
    rgb = id_to_rgb(ids).astype(np.int64)
    read = rgb[..., 0] + 256 * rgb[..., 1] + 256 * 256 * rgb[..., 2]
    assert read.tolist() == [[1000, 16003, 16003], [0, 28999, 1000]]  # class 0 is void
    rows = {row["id"]: row for row in segments_info(ids)}
    assert set(rows) == {1000, 16003, 28999}
    assert rows[16003] == {"id": 16003, "category_id": 16, "area": 2, "bbox": [1, 0, 2, 1], "iscrowd": 0}
    assert rows[1000]["bbox"] == [0, 0, 3, 2] and rows[1000]["area"] == 2
    things = {row["name"] for row in categories() if row["isthing"]}
    assert {"car", "pedestrian", "rider", "cone"} <= things and "road" not in things


def test_panoptic_pictures_and_their_json_agree(segment, tmp_path):
    root = CocoPanopticExporter().export([validated(segment)], tmp_path / "out")
    document = json.loads((root / "annotations" / "panoptic.json").read_text())
    assert len(document["images"]) == len(document["annotations"]) == len(segment.frames)
    known = {row["id"] for row in document["categories"]}
    for row, frame in zip(document["annotations"], segment.frames, strict=True):
        rgb = np.asarray(Image.open(root / "panoptic" / row["file_name"])).astype(np.int64)
        read = rgb[..., 0] + 256 * rgb[..., 1] + 65536 * rgb[..., 2]
        found = {int(n): int(c) for n, c in zip(*np.unique(read, return_counts=True), strict=True)}
        assert found == {each["id"]: each["area"] for each in row["segments_info"]}
        assert {each["category_id"] for each in row["segments_info"]} <= known
        cars = {n - 16000 for n in found if n // 1000 == SemanticClass.CAR}
        assert cars == set(np.unique(frame.instance[frame.instance > 0]).tolist())


def test_coco_annotations_of_people_hold_their_keypoints(tmp_path):
    ride = rollout(2)
    kind = np.array([int(ActorClass.CAR), int(ActorClass.PEDESTRIAN)])
    actors = replace(ride.actors, kind=kind, size_m=np.array([[4.6, 1.85, 1.5], [0.6, 0.6, 1.75]]))
    made = generate(
        replace(ride, actors=actors), rig(320, 180, lidar=False), 3, RaytraceGenerator(), Provenance("t"),
        max_frames=1, labels=("keypoints",),
    )  # fmt: skip
    root = CocoExporter().export([validated(made)], tmp_path / "out")
    document = json.loads((root / "annotations" / "instances_all.json").read_text())
    (row,) = document["annotations"]
    numbers = np.array(row["keypoints"]).reshape(17, 3)
    assert np.allclose(numbers[:, :2], made.labels.keypoints.image_px[0], atol=1e-3)
    assert numbers[:, 2].tolist() == made.labels.keypoints.visibility[0].tolist() and row["num_keypoints"] == 17
    person = next(each for each in document["categories"] if each["name"] == "pedestrian")
    assert len(person["keypoints"]) == 17 and len(person["skeleton"]) == 19
    assert "keypoints" not in next(each for each in document["categories"] if each["name"] == "car")


def test_occ3d_files_have_the_names_shapes_and_types_of_the_data_set(segment, tmp_path):
    root = Occ3dExporter().export([validated(segment)], tmp_path / "out")
    infos = json.loads((root / "annotations.json").read_text())["scene_infos"]
    (frames,) = infos.values()
    assert len(frames) == 2
    for row, wanted in zip(frames.values(), segment.labels.occupancy, strict=True):
        with np.load(root / row["gt_path"]) as read:
            assert read["semantics"].shape == (200, 200, 16) and read["semantics"].dtype == np.uint8
            assert read["mask_lidar"].dtype == np.uint8 and set(np.unique(read["mask_camera"])) <= {0, 1}
            assert np.array_equal(read["semantics"], wanted.semantics) and read["semantics"].max() == 17
            assert np.array_equal(read["flow"], wanted.flow_mps) and read["flow"].shape == (200, 200, 16, 2)
    bare = replace(segment, labels=replace(segment.labels, occupancy=()))
    with pytest.raises(InputError, match="occupancy"):
        Occ3dExporter().export([validated(bare)], tmp_path / "none")


def test_every_label_is_kept_and_read_again(segment):
    assert set(ON_REQUEST) <= set(FURTHER_LABELS)
    labels = segment.labels
    for name in ON_REQUEST:
        value = getattr(labels, name)
        kind = type(labels).__dataclass_fields__[name].type
        again = from_record(kind, to_record(value))
        assert to_record(again) == to_record(value), name


def test_scene_flow_of_a_static_pixel_is_zero_and_of_a_car_its_way(segment):
    ride, frame = segment.rollout, segment.frames[0]
    flow = camera_scene_flow_m(segment.rig.cameras[0], frame, ride, 0, 2)
    street = (frame.instance == 0) & np.isfinite(frame.depth_m)
    assert not flow[street].any() and np.isnan(flow[~np.isfinite(frame.depth_m)]).all()
    assert np.allclose(flow[frame.instance == 2], [1.0, 0.0, 0.0], atol=1e-9)  # 5 m/s for 0.2 s
    # Off by one actor or by one step would be another way.
    assert not np.allclose(camera_scene_flow_m(segment.rig.cameras[0], frame, ride, 0, 1)[frame.instance == 2], 1.0)


def test_lidar_points_move_with_the_part_of_the_actor_that_they_lie_on(segment):
    sweep, ride = segment.sweeps[0], segment.rollout
    velocity = lidar_velocity_mps(sweep, ride, 0)
    assert not velocity[sweep.instance == 0].any()
    ahead = velocity[sweep.instance == 2]
    assert len(ahead) > 20 and np.allclose(ahead, [5.0, 0.0, 0.0])
    # Car 2 comes towards the ego at 3 m/s and turns at 0.4 rad/s: its parts move differently.
    turning = np.flatnonzero(sweep.instance == 3)
    points = sweep.world_from_lidar.apply(sweep.points_m.astype(np.float64))[turning]
    center = ride.world_from_actor.translation_m[0, 2] - [3.0, 0, 0] * (sweep.offset_ns[turning] * 1e-9)[:, None]
    assert np.allclose(velocity[turning, 1], 0.4 * (points - center)[:, 0], atol=1e-4) and len(turning) > 5


def test_the_sweep_says_the_same_velocity_where_nothing_turns():
    made = generate(rollout(3), rig(64, 36), 3, StreetGenerator(), Provenance("t"), max_frames=1)
    sweep = made.sweeps[0]
    assert sweep.velocity_mps is not None
    assert np.allclose(sweep.velocity_mps, lidar_velocity_mps(sweep, made.rollout, 0), atol=0.05)


def test_points_of_a_moving_car_are_carried_back_into_its_box():
    ride = rollout(3, speed_mps=20.0)
    sensors = rig(64, 36)
    sensors = replace(sensors, lidars=tuple(replace(each, range_noise_m=0.0) for each in sensors.lidars))
    made = generate(ride, sensors, 3, StreetGenerator(), Provenance("t"), max_frames=1)
    sweep = made.sweeps[0]
    mine = sweep.instance == 3
    inverse = ride.world_from_actor[0, 2].inverse()
    raw = inverse.apply(sweep.world_from_lidar.apply(sweep.points_m[mine].astype(np.float64)))
    back = inverse.apply(at_timestamp(sweep, ride, 0)[mine])
    half = 0.5 * ride.actors.size_m[2] + 0.02
    assert mine.sum() > 5 and np.all(np.abs(back) <= half) and not np.all(np.abs(raw) <= half)


def test_wheels_of_a_car_have_boxes():
    ride = rollout(2)
    made = generate(ride, rig(64, 36, lidar=False), 3, RaytraceGenerator(), Provenance("t"), max_frames=1,
                    labels=("parts",)).labels.parts  # fmt: skip
    wheels = [k for k, name in enumerate(made.name) if name == "wheel" and made.actor[k] == 1]
    assert len(wheels) == 4
    local = ride.world_from_actor[0, 1].inverse().apply(made.world_from_box.translation_m[wheels])
    assert sorted(np.sign(local[:, 0]).tolist()) == [-1, -1, 1, 1] and sorted(np.sign(local[:, 1])) == [-1, -1, 1, 1]
    bottom = local[:, 2] - 0.5 * made.size_m[wheels, 2].max()
    assert np.allclose(bottom, -0.5 * ride.actors.size_m[1, 2], atol=0.08)


@pytest.fixture(scope="module")
def street_findings():
    return prove(rollout(6, num_steps=8), rig(480, 270), 3, StreetGenerator(), max_frames=1)


def test_a_right_street_passes_every_check(street_findings):
    assert {each.check for each in street_findings} == set(REQUIRED)
    assert all(each.passed for each in street_findings), [each for each in street_findings if not each.passed]
    number = {each.check: each.number for each in street_findings}
    assert number["reprojection"] >= 2 and number["lidar_depth"] > 500 and number["warp"] > 20_000
    text = table([("street", each) for each in street_findings])
    assert text.count("\n") == len(REQUIRED) + 1 and "NO" not in text
    assert "NO" in table([("street", Finding("warp", 5, 0.5, 0))])


def test_labels_of_another_world_are_found_out(monkeypatch):
    """Boxes of cars moved by a metre, counts of a smaller box, points of another moment."""
    ride = rollout(6, num_steps=8)

    def failed():
        return {each.check for each in prove(ride, rig(480, 270), 3, StreetGenerator(), 1) if not each.passed}

    right = proof.outlines
    monkeypatch.setattr(proof, "outlines", lambda *a, **k: right(*a, **k) + np.array([12.0, 0.0, 12.0, 0.0]))
    assert failed() == {"reprojection"}
    monkeypatch.setattr(proof, "outlines", right)
    counted = proof.count_points
    monkeypatch.setattr(proof, "count_points", lambda *a: np.maximum(counted(*a) - 1, 0))
    assert failed() == {"lidar_counts"}
    monkeypatch.setattr(proof, "count_points", counted)
    carried = proof.at_timestamp
    monkeypatch.setattr(proof, "at_timestamp", lambda *a: carried(*a) + np.array([0.0, 0.0, 0.7]))
    assert {"lidar_depth", "occupancy_lidar"} <= failed()
    monkeypatch.setattr(proof, "at_timestamp", carried)
    moved = proof.moved
    monkeypatch.setattr(proof, "moved", lambda points, *rest: moved(points, *rest) + np.array([0.5, 0.0, 0.0]))
    assert {"flow", "warp"} <= failed()


@pytest.mark.slow
@pytest.mark.parametrize("name", CORE)
def test_labels_of_the_library_are_proved(name):
    found = prove_scenario(name, 11, 2, proof_rig())
    assert {each.check for each in found} == set(REQUIRED)
    assert all(each.passed for each in found), [each for each in found if not each.passed]


def test_boxes_of_surfaces_lie_within_those_of_the_projected_box(segment):
    made, flat = segment.labels.surfaces, segment.labels.boxes_2d
    rows = {(int(f), int(a)): box for f, a, box in zip(made.frame, made.actor, made.box_px, strict=True)}
    assert len(rows) >= len(flat.frame) > 2
    for frame, actor, hull in zip(flat.frame, flat.actor, flat.amodal_px, strict=True):
        box = rows[int(frame), int(actor)]
        assert np.all(box[:2] >= hull[:2] - 0.1) and np.all(box[2:] <= hull[2:] + 0.1)
