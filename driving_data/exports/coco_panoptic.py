"""COCO panoptic segmentation: a PNG of segment numbers per picture and one JSON file, as panopticapi reads them.

The number of a segment is class * 1000 + instance, written as R + 256 G + 65536 B; 0 is void (unlabelled pixels).
Categories are the classes of `SemanticClass`; those that actors have are things. Source: the COCO panoptic format
(cocodataset.org, "Panoptic Segmentation") and panopticapi's utils.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int, UInt8
from PIL import Image

from driving_data.errors import Fault, InputError
from driving_data.exports.card import write_card
from driving_data.exports.common import fresh_directory, token, write_jpeg, write_json
from driving_data.labels.panoptic import PER_CLASS, panoptic_ids
from driving_data.segment import Raw, Segment, Validated
from driving_data.taxonomy import SEMANTIC_OF_ACTOR, SEMANTIC_PALETTE, SemanticClass

Row = dict[str, Any]
THINGS = frozenset(SEMANTIC_OF_ACTOR.values()) | {SemanticClass.RIDER}


@dataclass(frozen=True, slots=True)
class CocoPanopticExporter:
    """Writes COCO panoptic: `images/`, `panoptic/*.png`, `annotations/panoptic.json`."""

    @property
    def name(self) -> str:
        """Format name."""
        return "coco_panoptic"

    def export(self, segments: Iterable[Segment[Validated]], directory: Path) -> Path:
        """Writes a new data set and returns its root.

        Raises:
            InputError: the directory is not empty, or no segment has a picture with classes and instances.
        """
        images: list[Row] = []
        annotations: list[Row] = []
        with fresh_directory(directory) as root:
            for segment in segments:
                _add(segment, root, images, annotations)
            if not images:
                raise InputError(
                    [Fault("", 0, 0, "", "no-frames", "no frame with classes", "frames with semantic and instance")]
                )
            (root / "annotations").mkdir()
            document = {
                "info": {"description": "Roadloom, panoptic", "version": "1"}, "licenses": [], "images": images,
                "annotations": annotations, "categories": categories(),
            }  # fmt: skip
            write_json(root / "annotations" / "panoptic.json", document)
            facts = {"images": len(images), "segments": sum(len(row["segments_info"]) for row in annotations)}
            write_card(root, "COCO panoptic", "evaluate with panopticapi", facts)
        return Path(directory)


def _add(segment: Segment[Raw], root: Path, images: list[Row], annotations: list[Row]) -> None:
    for index, frame in enumerate(segment.frames):
        if frame.semantic is None or frame.instance is None:
            continue
        ids = panoptic_ids(frame.semantic, frame.instance)
        place = f"{token('segment', segment.segment_id)[:12]}/{frame.camera}_{index:06d}"
        write_jpeg(root / "images" / f"{place}.jpg", frame.rgb)
        picture = root / "panoptic" / f"{place}.png"
        picture.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(id_to_rgb(ids)).save(picture)
        number = len(images) + 1
        images.append({
            "id": number, "file_name": f"{place}.jpg", "height": int(ids.shape[0]), "width": int(ids.shape[1]),
            "segment_id": segment.segment_id, "camera": frame.camera, "timestamp_ns": int(frame.timestamp_ns),
        })  # fmt: skip
        annotations.append({"image_id": number, "file_name": f"{place}.png", "segments_info": segments_info(ids)})


def segments_info(ids: Int[np.ndarray, "H W"]) -> list[Row]:
    """One row per segment of a picture: id, category_id, area, bbox (x, y, width, height), iscrowd."""
    rows: list[Row] = []
    for number, area in zip(*np.unique(ids, return_counts=True), strict=True):
        category = int(number) // PER_CLASS
        if category == SemanticClass.UNLABELED:
            continue
        ys, xs = np.nonzero(ids == number)
        box = [int(xs.min()), int(ys.min()), int(np.ptp(xs)) + 1, int(np.ptp(ys)) + 1]
        rows.append({"id": int(number), "category_id": category, "area": int(area), "bbox": box, "iscrowd": 0})
    return rows


def id_to_rgb(ids: Int[np.ndarray, "H W"]) -> UInt8[np.ndarray, "H W 3"]:
    """Numbers as colours, R + 256 G + 65536 B; void as 0."""
    shown = np.where(ids // PER_CLASS == SemanticClass.UNLABELED, 0, ids)
    return np.stack([shown % 256, shown // 256 % 256, shown // 65536], axis=-1).astype(np.uint8)


def categories() -> list[Row]:
    """Every class but the unlabelled; ids are its numbers."""
    return [
        {"id": int(kind), "name": kind.name.lower(), "supercategory": "thing" if kind in THINGS else "stuff",
         "isthing": int(kind in THINGS), "color": list(SEMANTIC_PALETTE[kind])}
        for kind in SemanticClass
        if kind != SemanticClass.UNLABELED
    ]  # fmt: skip
