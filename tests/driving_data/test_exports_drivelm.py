"""DriveLM: the layout of v1.1, edges between questions, and every step read back."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from closed_loop.reasoning import reason, told, verify
from driving_data.errors import InputError
from driving_data.exports.drivelm import (
    FILE,
    STEPS,
    TASKS,
    DriveLmExporter,
    camera_name,
    read_drivelm,
    schema_faults,
)
from driving_data.exports.messages import write_messages
from driving_data.exports.registry import EXPORTERS
from driving_data.plain import to_plain
from driving_data.store.records import from_record, to_record
from tests.driving_data.example_segments import example_segment


@pytest.fixture(scope="module")
def segment():
    plain = example_segment("a", admitted=True, picture_px=(64, 36), steps=6)
    return replace(plain, labels=told(plain, 1))


@pytest.fixture(scope="module")
def written(segment, tmp_path_factory):
    return DriveLmExporter().export([segment], tmp_path_factory.mktemp("drivelm") / "set")


def frames(scenes):
    return [frame for scene in scenes.values() for frame in scene["key_frames"].values()]


def test_the_layout_is_that_of_v1_1(written):
    scenes = json.loads((written / FILE).read_text())
    assert schema_faults(scenes) == []
    for scene, content in scenes.items():
        assert re.fullmatch("[0-9a-f]{32}", scene) and content["scene_description"] == "a short drive"
        assert all(re.fullmatch("[0-9a-f]{32}", sample) for sample in content["key_frames"])
    for frame in frames(scenes):
        assert tuple(frame["QA"]) == TASKS and set(frame["image_paths"]) == {"CAM_FRONT"}
        assert all((written / place).is_file() for place in frame["image_paths"].values())
        assert any(frame["QA"].values())


def test_objects_are_named_by_keys_whose_middle_is_that_of_their_box(written):
    scenes, _ = read_drivelm(written)
    named = 0
    for frame in frames(scenes):
        for key, info in frame["key_object_infos"].items():
            _, camera, x, y = key.strip("<>").split(",")
            box = info["2d_bbox"]
            middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
            assert camera == "CAM_FRONT" and (float(x), float(y)) == pytest.approx(middle, abs=0.11)
            assert info["Category"] in ("Vehicle", "Pedestrian", "Traffic element", "Obstacle")
        for rows in frame["QA"].values():
            named += sum("<c" in row["Q"] for row in rows)
    assert named > 0


def test_steps_come_back_whole_and_still_hold(segment, written):
    _, traces = read_drivelm(written)
    back = [trace for each in traces.values() for trace in each]
    assert sorted(map(str, back)) == sorted(map(str, from_record(tuple[type(back[0]), ...],
                                                                 to_record(segment.labels.reasoning))))  # fmt: skip
    assert back and all(verify(trace, segment.rollout).ok for trace in back)
    assert len(back) == len(reason(segment.rollout))


def test_edges_lead_to_questions_about_the_same_object_one_task_on(written):
    scenes, _ = read_drivelm(written)
    edges = 0
    for frame in frames(scenes):
        rows = [(task, row) for task in TASKS for row in frame["QA"][task]]
        for number, (task, row) in enumerate(rows):
            for j in row["con_down"] or ():
                edges += 1
                assert TASKS.index(rows[j][0]) == TASKS.index(task) + 1
                assert number in rows[j][1]["con_up"]
    assert edges > 0


def test_faults_of_a_foreign_file_are_all_told(written, tmp_path):
    scenes = json.loads((written / FILE).read_text())
    frame = frames(scenes)[0]
    task = next(task for task in TASKS if frame["QA"][task])
    del frame["QA"][task][0]["con_up"]
    frame["key_object_infos"]["<c9,FRONT,1,2>"] = {"Category": "Vehicle"}
    frame["QA"][task][0]["A"] = "<c77,CAM_FRONT,1.0,2.0>"
    (tmp_path / FILE).write_text(json.dumps(scenes))
    with pytest.raises(InputError) as caught:
        read_drivelm(tmp_path)
    assert len(caught.value.faults) >= 4
    assert schema_faults([]) and schema_faults({"a": {}})


def test_without_traces_there_is_nothing_to_write(tmp_path):
    with pytest.raises(InputError, match="reasoning traces"):
        DriveLmExporter().export([example_segment("b", admitted=True)], tmp_path / "set")
    assert not (tmp_path / "set").exists()
    assert EXPORTERS.load("drivelm") is DriveLmExporter


def test_the_same_bytes_again(segment, written, tmp_path):
    again = DriveLmExporter().export([segment], tmp_path / "set")
    for name in (FILE, STEPS):
        assert (again / name).read_bytes() == (written / name).read_bytes()


def test_cameras_have_the_names_of_nuscenes():
    assert camera_name("front") == "CAM_FRONT" and camera_name("CAM_BACK_LEFT") == "CAM_BACK_LEFT"
    assert camera_name("rear_right") == "CAM_BACK_RIGHT" and camera_name("roof 2") == "CAM_ROOF_2"


def test_labels_in_words_do_not_touch_the_others(segment):
    plain = example_segment("a", admitted=True, picture_px=(64, 36), steps=6)
    assert np.array_equal(segment.labels.boxes_3d.actor, plain.labels.boxes_3d.actor)
    assert to_plain(told(plain, 1).captions) == to_plain(segment.labels.captions)


def test_message_rows_as_lines_and_as_parquet(tmp_path):
    from pyarrow import parquet

    rows = [{"index": 0, "age_s": 0.04, "quality": "ideal"}, {"index": 1, "age_s": None, "quality": "poor"}]
    lines = write_messages(rows, tmp_path / "messages.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == rows
    assert parquet.read_table(write_messages(rows, tmp_path / "messages.parquet")).to_pylist() == rows
    with pytest.raises(InputError, match="jsonl"):
        write_messages(rows, tmp_path / "messages.csv")
