"""nuScenes: the unmodified devkit loads, renders and evaluates what we write."""

import json

import numpy as np
import pytest

from driving_data.errors import InputError
from driving_data.exports.nuscenes import NuscenesExporter
from driving_data.exports.nuscenes_names import (
    CATEGORIES,
    CATEGORY_OF_ACTOR,
    CATEGORY_OF_SEMANTIC,
    camera_channels,
    lidar_channels,
)
from driving_data.exports.registry import EXPORTERS
from driving_data.geometry import SE3
from driving_data.ports import Exporter
from driving_data.segment import Source
from driving_data.sensors import CameraModel
from driving_data.taxonomy import ActorClass, SemanticClass
from tests.driving_data.example_segments import example_segment
from tests.tools.devkits import devkit_or_skip, run_script


def example_set():
    """Made and real, with and without lidar, camera and radar, one frame and many, far from the origin."""
    return [
        example_segment("made", admitted=True, family="f1", radars=("radar_front",), picture_px=(160, 90)),
        example_segment("real", source=Source.REAL, admitted=True, family="f2", origin_m=(-5123.4, 81234.5),
                        cameras=(), lidars=("up_lidar",), seed=1),
        example_segment("camera only", admitted=True, family="f3", lidars=(), cameras=("ring_front_center", "stereo")),
        example_segment("single", admitted=True, family="f4", steps=1, cameras=("image_02",), lidars=("velodyne",)),
        example_segment("tracks only", admitted=True, family="f5", cameras=(), lidars=()),
    ]  # fmt: skip


CHECK = r"""
import json, sys, os
import numpy as np
from nuscenes import NuScenes
from nuscenes.utils.data_classes import LidarPointCloud, RadarPointCloud, Box
from nuscenes.utils.geometry_utils import points_in_box
from nuscenes.eval.detection.config import config_factory
from nuscenes.eval.detection.evaluate import DetectionEval
from nuscenes.eval.detection.utils import category_to_detection_name
from pyquaternion import Quaternion
root, version, out = sys.argv[1:4]
nusc = NuScenes(version, root, verbose=False)
report = {"scenes": {}, "mismatches": [], "rendered": []}
for scene in nusc.scene:
    token, boxes, samples, channels = scene["first_sample_token"], 0, 0, set()
    while token:
        sample = nusc.get("sample", token)
        boxes += len(sample["anns"]); samples += 1; channels |= set(sample["data"])
        top = nusc.get("sample_data", sample["data"]["LIDAR_TOP"])
        if not top.get("placeholder"):
            cloud = LidarPointCloud.from_file(os.path.join(root, top["filename"]))
            sensor = nusc.get("calibrated_sensor", top["calibrated_sensor_token"])
            pose = nusc.get("ego_pose", top["ego_pose_token"])
            points = cloud.points[:3].astype(np.float64)
            for record in (sensor, pose):
                turned = Quaternion(record["rotation"]).rotation_matrix @ points
                points = turned + np.array(record["translation"])[:, None]
            for ann in sample["anns"]:
                counted = int(points_in_box(nusc.get_box(ann), points).sum())
                written = nusc.get("sample_annotation", ann)["num_lidar_pts"]
                if counted != written:
                    report["mismatches"].append([scene["name"], counted, written])
        token = sample["next"]
    assert samples == scene["nbr_samples"]
    report["scenes"][scene["name"]] = {"samples": samples, "boxes": boxes, "channels": sorted(channels)}
for instance in nusc.instance:
    first, last = instance["first_annotation_token"], instance["last_annotation_token"]
    token, seen = first, 1
    while nusc.get("sample_annotation", token)["next"]:
        token = nusc.get("sample_annotation", token)["next"]; seen += 1
    assert token == last and seen == instance["nbr_annotations"]
made = next(scene for scene in nusc.scene if scene["name"] == "made")
sample = nusc.get("sample", made["first_sample_token"])
second = nusc.get("sample", sample["next"])
for channel in ("CAM_FRONT", "LIDAR_TOP", "RADAR_FRONT"):
    path = os.path.join(out, channel + ".png")
    nusc.render_sample_data(second["data"][channel], out_path=path, verbose=False)
    report["rendered"].append(os.path.getsize(path) > 1000)
nusc.render_pointcloud_in_image(second["token"], pointsensor_channel="LIDAR_TOP", camera_channel="CAM_FRONT",
                                out_path=os.path.join(out, "points.png"), verbose=False)
nusc.render_sample_data(second["data"]["LIDAR_TOP"], out_path=os.path.join(out, "lidarseg.png"), show_lidarseg=True,
                        verbose=False)
nusc.render_annotation(second["anns"][0], out_path=os.path.join(out, "annotation.png"))
nusc.render_egoposes_on_map("straight", out_path=os.path.join(out, "map.png"))
cloud, _ = LidarPointCloud.from_file_multisweep(nusc, second, "LIDAR_TOP", "LIDAR_TOP", nsweeps=2)
report["multisweep"] = cloud.points.shape[1]
radar_file = nusc.get("sample_data", second["data"]["RADAR_FRONT"])["filename"]
radar = RadarPointCloud.from_file(os.path.join(root, radar_file))
report["radar"] = radar.points.shape
report["velocity"] = {nusc.get("sample_annotation", a)["fine_class"]: nusc.box_velocity(a).tolist()
                      for a in second["anns"]}
log = nusc.get("log", made["log_token"])
mask = next(m for m in nusc.map if log["token"] in m["log_tokens"])["mask"]
poses = [nusc.get("ego_pose", nusc.get("sample_data", s)["ego_pose_token"])["translation"] for s in
         (sample["data"]["LIDAR_TOP"], second["data"]["LIDAR_TOP"])]
report["ego_on_map"] = mask.is_on_mask([p[0] for p in poses], [p[1] for p in poses]).tolist()
left = np.array([[p[0], p[1] + 3.0] for p in poses])
report["beside_on_map"] = mask.is_on_mask(left[:, 0], left[:, 1]).tolist()
attributes = {a["token"]: a["name"] for a in nusc.attribute}
results = {}
for sample in nusc.sample:
    rows = []
    for ann in sample["anns"]:
        record = nusc.get("sample_annotation", ann)
        name = category_to_detection_name(record["category_name"])
        if name is None:
            continue
        velocity = nusc.box_velocity(ann)[:2]
        rows.append({"sample_token": sample["token"], "translation": record["translation"], "size": record["size"],
                     "rotation": record["rotation"], "velocity": np.nan_to_num(velocity).tolist(),
                     "detection_name": name, "detection_score": 1.0,
                     "attribute_name": attributes[record["attribute_tokens"][0]] if record["attribute_tokens"] else ""})
    results[sample["token"]] = rows
path = os.path.join(out, "results.json")
json.dump({"meta": {"use_camera": True, "use_lidar": True, "use_radar": False, "use_map": False,
                    "use_external": False}, "results": results}, open(path, "w"))
evaluation = DetectionEval(nusc, config_factory("detection_cvpr_2019"), path, "roadloom_all", out, verbose=False)
metrics = evaluation.main(plot_examples=1, render_curves=False)
report["ap"] = metrics["mean_dist_aps"]
print(json.dumps(report))
"""


@pytest.mark.slow
@pytest.mark.extra
def test_the_devkit_loads_renders_and_evaluates(tmp_path):
    python = devkit_or_skip("nuscenes")
    exporter = NuscenesExporter()
    root = exporter.export(example_set(), tmp_path / "set")
    (tmp_path / "out").mkdir()
    report = run_script(python, CHECK, root, exporter.version, tmp_path / "out")
    # Four actors at each of four moments, but for the bicycle, which comes at the second.
    full = {"samples": 4, "boxes": 15}
    assert report["scenes"] == {
        "made": {**full, "channels": ["CAM_FRONT", "LIDAR_TOP", "RADAR_FRONT"]},
        "real": {**full, "channels": ["LIDAR_TOP"]},
        "camera only": {**full, "channels": ["CAM_FRONT", "CAM_STEREO", "LIDAR_TOP"]},
        "single": {"samples": 1, "boxes": 3, "channels": ["CAM_FRONT", "LIDAR_TOP"]},
        "tracks only": {**full, "channels": ["LIDAR_TOP"]},
    }
    assert report["mismatches"] == []
    assert all(report["rendered"]) and report["multisweep"] > 60 and report["radar"][0] == 18
    assert report["velocity"]["car"] == pytest.approx([8, 0, 0], abs=1e-6)
    assert report["ego_on_map"] == [True, True] and report["beside_on_map"] == [False, False]
    for name in ("car", "pedestrian", "traffic_cone", "bicycle"):
        assert report["ap"][name] == pytest.approx(1.0), name


def test_tables_say_what_the_segment_says(tmp_path):
    root = NuscenesExporter().export(example_set(), tmp_path / "set")
    tables = {path.stem: json.loads(path.read_text()) for path in (root / "v1.0-roadloom").glob("*.json")}
    assert len(tables) == 13 + 2 + 1
    (scene,) = (row for row in tables["scene"] if row["name"] == "made")
    segment = example_set()[0]
    assert scene["provenance_digest"] == segment.provenance.identity()
    samples = [row for row in tables["sample"] if row["scene_token"] == scene["token"]]
    assert [row["timestamp"] for row in samples] == [int(t) // 1000 for t in segment.rollout.timestamps_ns]
    (log,) = (row for row in tables["log"] if row["token"] == scene["log_token"])
    shift = np.array(log["global_from_world_m"])
    first = [row for row in tables["sample_annotation"] if row["sample_token"] == samples[0]["token"]]
    (car,) = (row for row in first if row["fine_class"] == "car")
    assert np.array(car["translation"]) - shift == pytest.approx(segment.rollout.world_from_actor.translation_m[0, 1])
    assert car["size"] == [1.8, 4.4, 1.5]
    assert car["num_lidar_pts"] == 6 and car["visibility_token"] == "4"
    by_class = {row["fine_class"]: row for row in first}
    names = {row["token"]: row["name"] for row in tables["attribute"]}
    assert [names[t] for t in by_class["pedestrian"]["attribute_tokens"]] == ["pedestrian.moving"]
    assert by_class["cone"]["attribute_tokens"] == []
    unknown = [row for row in tables["sample_annotation"] if row["num_lidar_pts"] < 0]
    assert len(unknown) == 30, "without lidar the number of points is unknown, not zero"
    splits = tables["splits"]
    assert sorted(splits["roadloom_all"]) == sorted(segment.segment_id for segment in example_set())
    parts = [name for key, split in splits.items() if key != "roadloom_all" for name in split]
    assert sorted(parts) == sorted(splits["roadloom_all"])


def test_the_same_segments_give_the_same_bytes(tmp_path):
    roots = [NuscenesExporter().export(example_set(), tmp_path / name) for name in ("a", "b")]
    names = sorted(path.relative_to(roots[0]) for path in roots[0].rglob("*") if path.is_file())
    assert len(names) > 50
    for name in names:
        assert (roots[0] / name).read_bytes() == (roots[1] / name).read_bytes(), name


def test_fast_labels_are_thinned_to_keyframes_and_the_rest_are_sweeps(tmp_path):
    segment = example_segment("a", admitted=True, steps=9)
    root = NuscenesExporter(keyframe_rate_hz=1.0).export([segment], tmp_path / "set")
    folder = root / "v1.0-roadloom"
    samples = json.loads((folder / "sample.json").read_text())
    assert np.diff([row["timestamp"] for row in samples]).tolist() == [1_000_000] * 4
    data = json.loads((folder / "sample_data.json").read_text())
    sweeps = [row for row in data if not row["is_key_frame"]]
    assert len(sweeps) == 2 * 4 and all((root / row["filename"]).is_file() for row in data)
    when = {row["token"]: row["timestamp"] for row in samples}
    assert all(when[row["sample_token"]] - row["timestamp"] == 500_000 for row in sweeps), "the sample that follows"


def test_an_export_is_whole_or_absent(tmp_path):
    target = tmp_path / "set"

    def failing():
        yield example_segment("a", admitted=True)
        raise RuntimeError("the reader broke")

    with pytest.raises(RuntimeError):
        NuscenesExporter().export(failing(), target)
    assert list(tmp_path.iterdir()) == []
    target.mkdir()
    NuscenesExporter().export([example_segment("a", admitted=True)], target)
    with pytest.raises(InputError, match="something already"):
        NuscenesExporter().export([example_segment("a", admitted=True)], target)
    with pytest.raises(InputError, match="two segments have this id"):
        NuscenesExporter().export([example_segment("a", admitted=True)] * 2, tmp_path / "other")
    with pytest.raises(InputError, match="no segment"):
        NuscenesExporter().export([], tmp_path / "other")


def test_every_class_has_a_category():
    assert set(CATEGORY_OF_ACTOR) == set(ActorClass) and set(CATEGORY_OF_SEMANTIC) == set(SemanticClass)
    assert set(CATEGORY_OF_ACTOR.values()) | set(CATEGORY_OF_SEMANTIC.values()) <= set(CATEGORIES)
    assert len(CATEGORIES) == 32


def test_channels_by_name_then_by_direction():
    def camera(name, yaw_deg):
        turn = SE3.from_yaw(np.array(np.deg2rad(yaw_deg)), np.zeros(3))
        axes = SE3(np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]]), np.zeros(3))
        return CameraModel(name, 4, 4, 1.0, 1.0, 2.0, 2.0, turn @ axes)

    cameras = [camera("ring_front_center", 0), camera("ring_side_left", 100), camera("x", 180), camera("y", -50),
               camera("z", 5)]  # fmt: skip
    assert camera_channels(cameras) == {
        "ring_front_center": "CAM_FRONT", "ring_side_left": "CAM_BACK_LEFT", "x": "CAM_BACK",
        "y": "CAM_FRONT_RIGHT", "z": "CAM_Z",
    }  # fmt: skip
    assert lidar_channels(["down_lidar", "up_lidar"]) == {"down_lidar": "LIDAR_DOWN", "up_lidar": "LIDAR_TOP"}
    assert lidar_channels(["velodyne"]) == {"velodyne": "LIDAR_TOP"}


def test_exporters_are_registered():
    for name in EXPORTERS.names():
        exporter = EXPORTERS.load(name)()
        assert isinstance(exporter, Exporter) and exporter.name == name
