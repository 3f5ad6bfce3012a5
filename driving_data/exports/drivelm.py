"""DriveLM v1.1 for nuScenes: questions and answers by scene and key frame, with a side file that keeps every step.

`v1_1_train_nus.json` is what DriveLM's tools read: scenes by token, each with `scene_description` and `key_frames` by
sample token; a key frame has `key_object_infos` (keys `<c1,CAM_FRONT,x,y>`: number, camera, middle of the box in px),
`QA` in four lists, and `image_paths` by camera. An answer names objects by these keys. `con_up` and `con_down` list the
numbers of questions (over the four lists of a frame, in DriveLM's order) that a question rests on or leads to:
perception leads to prediction, that to planning, that to behavior, where they are about the same object; the public
sample leaves them null. `cluster` and `layer` are null there and here.

`roadloom_steps.json` beside it holds the whole traces by the same tokens: paths, steps, predicates, verdicts, evidence.
`read_drivelm` reads both back. Counterfactual questions stand under `behavior`, with the intervention in `C`.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from driving_data.errors import Fault, InputError
from driving_data.exports.card import write_card
from driving_data.exports.common import fresh_directory, token, write_jpeg, write_json
from driving_data.labels import ReasoningTrace
from driving_data.plain import from_plain, to_plain
from driving_data.segment import Raw, Segment, Validated
from driving_data.taxonomy import PEDESTRIANS, TWO_WHEELERS, VEHICLES, ActorClass

FILE, STEPS = "v1_1_train_nus.json", "roadloom_steps.json"
TASKS = ("perception", "prediction", "planning", "behavior")
_CAMERA = {"front": "CAM_FRONT", "front_left": "CAM_FRONT_LEFT", "front_right": "CAM_FRONT_RIGHT",
           "back": "CAM_BACK", "rear": "CAM_BACK", "back_left": "CAM_BACK_LEFT", "rear_left": "CAM_BACK_LEFT",
           "back_right": "CAM_BACK_RIGHT", "rear_right": "CAM_BACK_RIGHT"}  # fmt: skip
_KEY = re.compile(r"<c\d+,CAM_[A-Z_0-9]+,-?\d+(?:\.\d+)?,-?\d+(?:\.\d+)?>")
_NAMED = re.compile(r"the [a-z\- ]+ \((?P<id>[^()]+)\)")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DriveLmExporter:
    """Writes DriveLM v1.1 with pictures and a side file of steps."""

    @property
    def name(self) -> str:
        """Format name."""
        return "drivelm"

    def export(self, segments: Iterable[Segment[Validated]], directory: Path) -> Path:
        """Writes a new data set and returns its root.

        Raises:
            InputError: the directory is not empty, or no segment has both pictures and traces.
        """
        scenes: Row = {}
        steps: Row = {}
        with fresh_directory(directory) as root:
            for segment in segments:
                scene, kept = scene_of(segment, root)
                if scene["key_frames"]:
                    name = token("scene", segment.segment_id)
                    scenes[name], steps[name] = scene, kept
            if not scenes:
                expected = "segments with camera frames and reasoning traces (see `roadloom` reasoning labels)"
                raise InputError([Fault("", 0, 0, "", "no-traces", "nothing to ask", expected)])
            write_json(root / FILE, scenes)
            write_json(root / STEPS, steps)
            questions = sum(len(rows) for scene in scenes.values() for frame in scene["key_frames"].values()
                            for rows in frame["QA"].values())  # fmt: skip
            facts = {"scenes": len(scenes), "questions": questions}
            write_card(root, "DriveLM v1.1", f"json.load(open('{FILE}')); steps in {STEPS}", facts)
        return Path(directory)


def scene_of(segment: Segment[Raw], root: Path) -> tuple[Row, Row]:
    """One scene and its side file, with its pictures written under `root`."""
    traces = () if segment.labels is None else segment.labels.reasoning
    frames: Row = {}
    kept: Row = {}
    for timestamp_ns, asked in by_frame(segment, traces).items():
        name = token("sample", segment.segment_id, timestamp_ns)
        shown = [k for k, frame in enumerate(segment.frames) if frame.timestamp_ns == timestamp_ns]
        keys = object_keys(segment, shown, asked)
        paths: dict[str, str] = {}
        for k in shown:
            camera = camera_name(segment.frames[k].camera)
            place = f"samples/{camera}/{name}.jpg"
            write_jpeg(root / place, segment.frames[k].rgb)
            paths[camera] = place
        infos = {key: object_info(segment, actor, k) for actor, (key, k) in keys.items()}
        named = {actor: key for actor, (key, _) in keys.items()}
        frames[name] = {"key_object_infos": infos, "QA": questions_of(asked, named), "image_paths": paths}
        kept[name] = {"timestamp_ns": timestamp_ns, "objects": {key: actor for actor, key in named.items()},
                      "traces": [to_plain(trace) for trace in asked]}  # fmt: skip
    return {"scene_description": segment.description, "key_frames": frames}, kept


def by_frame(segment: Segment[Raw], traces: Sequence[ReasoningTrace]) -> dict[int, list[ReasoningTrace]]:
    """Traces by the moment of the pictures that are nearest to their question."""
    moments = np.array(sorted({frame.timestamp_ns for frame in segment.frames}), dtype=np.int64)
    found: dict[int, list[ReasoningTrace]] = {}
    for trace in traces if len(moments) else ():
        nearest = int(moments[int(np.argmin(np.abs(moments - trace.timestamp_ns)))])
        found.setdefault(nearest, []).append(trace)
    return dict(sorted(found.items()))


def subjects_of(trace: ReasoningTrace) -> list[str]:
    """Ids of the actors that a question names."""
    return list(
        dict.fromkeys(match["id"] for match in _NAMED.finditer(trace.question[:1].lower() + trace.question[1:]))
    )


def object_keys(
    segment: Segment[Raw], shown: Sequence[int], traces: Sequence[ReasoningTrace]
) -> dict[str, tuple[str, int]]:
    """Key and row of the 2D box of each actor that the questions name and a picture shows: the largest box of each."""
    assert segment.labels is not None
    boxes, ids = segment.labels.boxes_2d, segment.rollout.actors.ids
    found: dict[str, tuple[str, int]] = {}
    for actor in dict.fromkeys(name for trace in traces for name in subjects_of(trace)):
        rows = [
            k for k in range(len(boxes.frame)) if int(boxes.frame[k]) in shown and ids[int(boxes.actor[k])] == actor
        ]
        if rows:
            k = max(rows, key=lambda row: int(boxes.num_pixels[row]))
            x_min, y_min, x_max, y_max = (float(x) for x in boxes.visible_px[k])
            camera = camera_name(segment.frames[int(boxes.frame[k])].camera)
            found[actor] = f"<c{len(found) + 1},{camera},{(x_min + x_max) / 2:.1f},{(y_min + y_max) / 2:.1f}>", k
    return found


def camera_name(name: str) -> str:
    """NuScenes' name of a camera: CAM_FRONT for 'front', CAM_<NAME> for one that nuScenes has not."""
    plain = name.lower().removeprefix("camera_").removeprefix("cam_").removesuffix("_camera")
    return _CAMERA.get(plain, "CAM_" + re.sub(r"[^A-Z0-9]+", "_", plain.upper()).strip("_"))


def object_info(segment: Segment[Raw], actor: str, row: int) -> Row:
    """What DriveLM keeps of a key object: category, status, description, 2D box."""
    assert segment.labels is not None
    i = segment.rollout.actors.ids.index(actor)
    kind, boxes = segment.rollout.actors.kind_of(i), segment.labels.boxes_2d
    timestamp = segment.frames[int(boxes.frame[row])].timestamp_ns
    step = int(np.argmin(np.abs(segment.rollout.timestamps_ns - timestamp)))
    speed = float(np.linalg.norm(segment.rollout.velocity_mps[step, i]))
    return {
        "Category": category_of(kind), "Status": "Moving" if speed > 0.3 else "Stationary",
        "Visual_description": f"{kind.label.replace('_', ' ').capitalize()}.",
        "2d_bbox": [round(float(x), 1) for x in boxes.visible_px[row]],
    }  # fmt: skip


def category_of(kind: ActorClass) -> str:
    """DriveLM's three words for objects, and 'Obstacle' for the rest."""
    if kind in VEHICLES | TWO_WHEELERS:
        return "Vehicle"
    return "Pedestrian" if kind in PEDESTRIANS else "Traffic element" if kind is ActorClass.CONE else "Obstacle"


def questions_of(traces: Sequence[ReasoningTrace], keys: Mapping[str, str]) -> dict[str, list[Row]]:
    """The four lists of a key frame, with edges between questions about the same object."""
    order = [trace for task in TASKS for trace in traces if task_of(trace) == task]
    about = [set(subjects_of(trace)) for trace in order]
    lists: dict[str, list[Row]] = {task: [] for task in TASKS}
    for k, trace in enumerate(order):
        level = TASKS.index(task_of(trace))
        ties = [j for j in range(len(order)) if about[j] & about[k]]
        up = [j for j in ties if TASKS.index(task_of(order[j])) == level - 1]
        down = [j for j in ties if TASKS.index(task_of(order[j])) == level + 1]
        lists[task_of(trace)].append({
            "Q": with_keys(trace.question, keys), "A": with_keys(trace.answer, keys),
            "C": trace.intervention or None, "con_up": up or None, "con_down": down or None, "cluster": None,
            "layer": None,
        })  # fmt: skip
    return lists


def task_of(trace: ReasoningTrace) -> str:
    """The list in which a question stands."""
    return trace.category if trace.category in TASKS else "behavior"


def with_keys(text: str, keys: Mapping[str, str]) -> str:
    """A text whose actors are named by their keys, as DriveLM does; those without a key keep their names."""

    def keyed(match: re.Match[str]) -> str:
        return keys.get(match["id"], match[0])

    return re.sub(_NAMED.pattern, keyed, text, flags=re.IGNORECASE)


def read_drivelm(root: Path) -> tuple[Row, dict[str, tuple[ReasoningTrace, ...]]]:
    """The scenes of a data set, checked, and its traces by sample token.

    Raises:
        InputError: the file is not of this format; every fault is told with its path.
    """
    scenes = json.loads((Path(root) / FILE).read_text(encoding="utf-8"))
    if faults := schema_faults(scenes, FILE):
        raise InputError(faults)
    side = Path(root) / STEPS
    kept = json.loads(side.read_text(encoding="utf-8")) if side.exists() else {}
    traces = {
        sample: tuple(from_plain(ReasoningTrace, plain) for plain in frame["traces"])
        for scene in kept.values() for sample, frame in scene.items()
    }  # fmt: skip
    return scenes, traces


def schema_faults(scenes: Any, file: str = "") -> list[Fault]:
    """What in a document is not as DriveLM v1.1 has it."""
    found: list[Fault] = []

    def need(fits: bool, path: str, expected: str) -> bool:
        if not fits:
            found.append(Fault(file, 0, 0, path, "schema", "", expected))
        return fits

    for name, scene in _items(scenes, "", need):
        if not need(set(scene) == {"scene_description", "key_frames"}, name, "scene_description and key_frames"):
            continue
        for sample, frame in _items(scene["key_frames"], f"{name}.key_frames", need):
            here = f"{name}.key_frames.{sample}"
            if need(set(frame) == {"key_object_infos", "QA", "image_paths"}, here, "key_object_infos, QA, image_paths"):
                _frame_faults(frame, here, need)
    return found


def _items(value: Any, path: str, need: Any) -> list[tuple[str, Any]]:
    if not need(isinstance(value, dict) and all(isinstance(x, dict) for x in value.values()), path, "objects by token"):
        return []
    return list(value.items())


def _frame_faults(frame: Row, here: str, need: Any) -> None:
    for key, info in frame["key_object_infos"].items():
        need(_KEY.fullmatch(key) is not None, f"{here}.{key}", "a key as <c1,CAM_FRONT,x,y>")
        fields = {"Category", "Status", "Visual_description", "2d_bbox"}
        need(set(info) == fields and len(info["2d_bbox"]) == 4, f"{here}.{key}", ", ".join(sorted(fields)))
    if not need(tuple(frame["QA"]) == TASKS, f"{here}.QA", ", ".join(TASKS)):
        return
    total = sum(len(rows) for rows in frame["QA"].values())
    for task, rows in frame["QA"].items():
        for k, row in enumerate(rows):
            place = f"{here}.QA.{task}[{k}]"
            need(tuple(row) == ("Q", "A", "C", "con_up", "con_down", "cluster", "layer"), place, "Q, A, C, con_up, ...")
            for text in (row.get("Q"), row.get("A")):
                need(isinstance(text, str) and bool(text), place, "a text")
                keys = _KEY.findall(str(text))
                need(all(key in frame["key_object_infos"] for key in keys), place, "keys of key objects")
            for edge in (*(row.get("con_up") or ()), *(row.get("con_down") or ())):
                need(isinstance(edge, int) and 0 <= edge < total, place, f"the number of a question, 0 to {total - 1}")
