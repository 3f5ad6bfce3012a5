"""COCO detection, as pycocotools loads and evaluates it: one picture per camera frame, boxes of visible pixels.

Annotation ids begin at 1 (pycocotools takes 0 for "no match" and silently gives AP 0). Masks come from the instance
pictures as compressed run lengths; where there are none, the area is that of the box.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from driving_data.errors import Fault, InputError
from driving_data.exports.card import write_card
from driving_data.exports.common import fresh_directory, token, write_jpeg, write_json
from driving_data.labels import KEYPOINTS, Keypoints
from driving_data.segment import Raw, Segment, Validated
from driving_data.store.catalog import family_of
from driving_data.store.splits import DEFAULT_RATIOS, Relation, assign_splits
from driving_data.taxonomy import PEDESTRIANS, TWO_WHEELERS, VEHICLES, ActorClass

Row = dict[str, Any]
# Limbs between keypoints, counted from 1, as COCO's person_keypoints has them.
SKELETON = (
    (16, 14), (14, 12), (17, 15), (15, 13), (12, 13), (6, 12), (7, 13), (6, 7), (6, 8), (7, 9), (8, 10), (9, 11),
    (2, 3), (1, 2), (1, 3), (2, 4), (3, 5), (4, 6), (5, 7),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CocoExporter:
    """Writes COCO.

    Attributes:
        masks: whether run-length masks are written where frames have instance pictures.
        split_of: split by segment id; None splits by family with `ratios`. `annotations/instances_<split>.json` holds
            each, `annotations/instances_all.json` everything.
        ratios: share of families by split.
    """

    masks: bool = True
    split_of: Mapping[str, str] | None = None
    ratios: Mapping[str, float] | None = None

    @property
    def name(self) -> str:
        """Format name."""
        return "coco"

    def export(self, segments: Iterable[Segment[Validated]], directory: Path) -> Path:
        """Writes a new data set and returns its root.

        Raises:
            InputError: the directory is not empty, or no segment has a camera frame.
        """
        content = _Content()
        with fresh_directory(directory) as root:
            for segment in segments:
                self._add(segment, root, content)
            if not content.images:
                raise InputError([Fault("", 0, 0, "", "no-frames", "no camera frame", "segments with camera frames")])
            split_of = self.split_of or assign_splits(content.relations, self.ratios or DEFAULT_RATIOS)
            splits = sorted(set(split_of.values()))
            members = {split: {s for s, name in split_of.items() if name == split} for split in splits}
            _write_annotations(root, content, members)
            facts = {"images": len(content.images), "boxes": len(content.annotations), "splits": ", ".join(splits)}
            write_card(root, "COCO", "load with pycocotools: COCO('annotations/instances_all.json')", facts)
        return Path(directory)

    def _add(self, segment: Segment[Raw], root: Path, content: "_Content") -> None:
        content.relations.append(
            Relation(segment.segment_id, family_of(segment.provenance, segment.segment_id), segment.provenance.parents)
        )
        for index, frame in enumerate(segment.frames):
            image_id = len(content.images) + 1
            place = f"{token('segment', segment.segment_id)[:12]}/{frame.camera}_{index:06d}.jpg"
            write_jpeg(root / "images" / place, frame.rgb)
            camera = segment.rig.camera(frame.camera)
            content.images.append({
                "id": image_id, "file_name": place, "height": frame.rgb.shape[0], "width": frame.rgb.shape[1],
                "segment_id": segment.segment_id, "camera": frame.camera, "timestamp_ns": int(frame.timestamp_ns),
                "intrinsics": camera.matrix().tolist(), "source": segment.source.value,
                "provenance_digest": segment.provenance.identity(),
            })  # fmt: skip
            for row in self._boxes(segment, index, image_id):
                content.annotations.append({"id": len(content.annotations) + 1, **row})

    def _boxes(self, segment: Segment[Raw], index: int, image_id: int) -> list[Row]:
        if segment.labels is None:
            return []
        boxes, actors = segment.labels.boxes_2d, segment.rollout.actors
        instance = segment.frames[index].instance
        rows: list[Row] = []
        for k in np.flatnonzero(boxes.frame == index):
            actor = int(boxes.actor[k])
            box = _xywh(boxes.visible_px[k])
            occlusion = float(boxes.occlusion[k])
            row: Row = {
                "image_id": image_id, "category_id": int(actors.kind[actor]), "bbox": box, "iscrowd": 0,
                "area": float(boxes.num_pixels[k]) if boxes.num_pixels[k] > 0 else box[2] * box[3],
                "amodal_bbox": _xywh(boxes.amodal_px[k]), "track_id": actors.ids[actor],
                "occlusion": None if np.isnan(occlusion) else occlusion,
            }  # fmt: skip
            if self.masks and instance is not None:
                row["segmentation"] = run_lengths(instance == actor + 1)
            row.update(_keypoints(segment.labels.keypoints, index, actor))
            rows.append(row)
        return rows


def _keypoints(points: Keypoints | None, frame: int, actor: int) -> Row:
    """COCO's 51 numbers: column, row and visibility of each keypoint, zeros for what is not in the picture."""
    if points is None:
        return {}
    found = np.flatnonzero((points.frame == frame) & (points.actor[points.row] == actor))
    if not len(found):
        return {}
    state = points.visibility[found[0]]
    place = np.where((state > 0)[:, None], points.image_px[found[0]], 0.0)
    numbers = np.column_stack([place, state]).astype(np.float64)
    return {"keypoints": numbers.ravel().tolist(), "num_keypoints": int((state > 0).sum())}


@dataclass(frozen=True, slots=True)
class _Content:
    """What has been collected."""

    images: list[Row] = field(default_factory=list[Row])
    annotations: list[Row] = field(default_factory=list[Row])
    relations: list[Relation] = field(default_factory=list[Relation])


def _write_annotations(root: Path, content: _Content, segments_of: Mapping[str, set[str]]) -> None:
    """One file of annotations for everything and one per split."""
    (root / "annotations").mkdir()
    everything = {row["segment_id"] for row in content.images}
    for split, segment_ids in {"all": everything, **segments_of}.items():
        images = [row for row in content.images if row["segment_id"] in segment_ids]
        ids = {row["id"] for row in images}
        document = {
            "info": {"description": f"Roadloom, split {split}", "version": "1"},
            "licenses": [], "images": images, "categories": categories(),
            "annotations": [row for row in content.annotations if row["image_id"] in ids],
        }  # fmt: skip
        write_json(root / "annotations" / f"instances_{split}.json", document)


def categories() -> list[Row]:
    """Every class of the ontology; ids are its numbers."""
    groups = {**dict.fromkeys(VEHICLES, "vehicle"), **dict.fromkeys(PEDESTRIANS, "person"),
              **dict.fromkeys(TWO_WHEELERS, "two_wheeler")}  # fmt: skip
    return [
        {"id": int(kind), "name": kind.label, "supercategory": groups.get(kind, "object"),
         **({"keypoints": list(KEYPOINTS), "skeleton": [list(pair) for pair in SKELETON]} if kind in groups
            and kind not in VEHICLES else {})}
        for kind in ActorClass
    ]  # fmt: skip


def _xywh(corners_px: np.ndarray) -> list[float]:
    x_min, y_min, x_max, y_max = (float(value) for value in corners_px)
    return [x_min, y_min, x_max - x_min, y_max - y_min]


def run_lengths(mask: np.ndarray) -> Row:
    """A mask of shape (H, W) as COCO's compressed run lengths.

    Runs go down the columns and begin with a run of zeros. From the third run on, the difference to the run before
    the last is written, in groups of five bits with a sign, lowest first, each as a character from '0' on.
    Source: rleToString in the COCO API, common/maskApi.c.
    """
    flat = np.concatenate([[False], mask.ravel(order="F"), [False]])
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    if len(edges) and edges[-1] == mask.size and not mask.ravel(order="F")[-1]:
        edges = edges[:-1]
    ends = edges if len(edges) and edges[-1] == mask.size else np.append(edges, mask.size)
    runs = np.diff(np.concatenate([[0], ends])).tolist()
    text: list[str] = []
    for index, run in enumerate(runs):
        value = run - runs[index - 2] if index > 2 else run
        more = True
        while more:
            bits = value & 0x1F
            value >>= 5
            more = value != -1 if bits & 0x10 else value != 0
            text.append(chr((bits | 0x20 if more else bits) + 48))
    return {"size": [int(mask.shape[0]), int(mask.shape[1])], "counts": "".join(text)}
