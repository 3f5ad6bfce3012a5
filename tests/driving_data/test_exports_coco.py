"""COCO: pycocotools loads, decodes and evaluates what we write."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driving_data.errors import InputError
from driving_data.exports.coco import CocoExporter, run_lengths
from driving_data.taxonomy import ActorClass
from tests.driving_data.example_segments import example_segment
from tests.tools.devkits import devkit_or_skip, run_script

CHECK = r"""
import json, sys, io, contextlib
with contextlib.redirect_stdout(io.StringIO()):
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval
    coco = COCO(sys.argv[1])
    report = {"boxes": len(coco.anns), "images": len(coco.imgs), "areas": [], "stats": {}}
    for ann in coco.anns.values():
        mask = coco.annToMask(ann)
        ys, xs = mask.nonzero()
        around = [int(xs.min()), int(ys.min()), int(xs.max() + 1 - xs.min()), int(ys.max() + 1 - ys.min())]
        report["areas"].append([int(mask.sum()), ann["area"], around, ann["bbox"]])
    for kind in ("bbox", "segm"):
        results = [{"image_id": a["image_id"], "category_id": a["category_id"], "score": 1.0,
                    ("bbox" if kind == "bbox" else "segmentation"): a["bbox" if kind == "bbox" else "segmentation"]}
                   for a in coco.anns.values()]
        evaluation = COCOeval(coco, coco.loadRes(results), kind)
        evaluation.evaluate(); evaluation.accumulate(); evaluation.summarize()
        report["stats"][kind] = float(evaluation.stats[0])
print(json.dumps(report))
"""
DECODE = r"""
import json, sys
from pycocotools import mask
print(json.dumps([mask.decode(rle).tolist() for rle in json.loads(sys.argv[1])]))
"""


def example_set():
    return [
        example_segment("a", admitted=True, family="f1", picture_px=(64, 36)),
        example_segment("b", admitted=True, family="f2", cameras=("left", "right"), steps=2, seed=3),
    ]


@pytest.mark.slow
@pytest.mark.extra
def test_pycocotools_loads_and_evaluates(tmp_path):
    python = devkit_or_skip("coco")
    root = CocoExporter().export(example_set(), tmp_path / "set")
    report = run_script(python, CHECK, root / "annotations" / "instances_all.json")
    boxes = sum(len(segment.labels.boxes_2d.actor) for segment in example_set())
    assert (report["images"], report["boxes"]) == (8, boxes) and boxes > 10
    for pixels, area, around, box in report["areas"]:
        assert pixels == area and around == box, "the mask, the area and the box are of the same pixels"
    assert report["stats"] == {"bbox": pytest.approx(1.0), "segm": pytest.approx(1.0)}


@pytest.mark.slow
@pytest.mark.extra
def test_run_lengths_are_read_back():
    python = devkit_or_skip("coco")
    rng = np.random.default_rng(0)
    masks = [rng.random((rng.integers(1, 40), rng.integers(1, 60))) < p for p in (0, 0.02, 0.3, 0.7, 0.98, 1.0) * 3]
    found = run_script(python, DECODE, json.dumps([run_lengths(mask) for mask in masks]))
    for mask, decoded in zip(masks, found, strict=True):
        assert np.array_equal(np.array(decoded, bool), mask)


def _decode(rle):
    """The obvious way back."""
    runs, value, shift = [], 0, 0
    for letter in rle["counts"]:
        bits = ord(letter) - 48
        value |= (bits & 0x1F) << shift
        shift += 5
        if not bits & 0x20:
            if bits & 0x10:
                value |= -1 << shift
            runs.append(value + (runs[-2] if len(runs) > 2 else 0))
            value, shift = 0, 0
    flat = np.concatenate([np.full(run, k % 2, bool) for k, run in enumerate(runs)])
    return flat.reshape(rle["size"], order="F")


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_run_lengths_hold_the_mask(height, width, seed, share):
    mask = np.random.default_rng(seed).random((height, width)) < share
    assert np.array_equal(_decode(run_lengths(mask)), mask)


def test_ids_splits_and_names(tmp_path):
    root = CocoExporter(split_of={"a": "train", "b": "val"}).export(example_set(), tmp_path / "set")
    documents = {path.stem: json.loads(path.read_text()) for path in (root / "annotations").glob("*.json")}
    assert set(documents) == {"instances_all", "instances_train", "instances_val"}
    everything = documents["instances_all"]
    assert [row["id"] for row in everything["annotations"]] == list(range(1, len(everything["annotations"]) + 1))
    assert {row["name"] for row in everything["categories"]} == {kind.label for kind in ActorClass}
    for split, segment_id in (("train", "a"), ("val", "b")):
        images = documents[f"instances_{split}"]["images"]
        assert {row["segment_id"] for row in images} == {segment_id}
        assert all((root / "images" / row["file_name"]).is_file() for row in images)
        ids = {row["id"] for row in images}
        assert {row["image_id"] for row in documents[f"instances_{split}"]["annotations"]} <= ids
    assert {row["track_id"] for row in everything["annotations"]} <= {"car", "walker", "cone", "rider"}


def test_segments_without_pictures_are_refused(tmp_path):
    with pytest.raises(InputError, match="no camera frame"):
        CocoExporter().export([example_segment("a", cameras=(), admitted=True)], tmp_path / "set")
    assert list(tmp_path.iterdir()) == []
