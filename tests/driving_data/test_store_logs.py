"""Real logs through the store, the mixture and the export: what comes from outside survives it too."""

import dataclasses
import json

import numpy as np
import pytest

from driving_data.exports.nuscenes import NuscenesExporter
from driving_data.logs.registry import READERS, read
from driving_data.mixing import BatchOptions, Mixture, batches, from_store
from driving_data.segment import calibrated, validated
from driving_data.store import SegmentStore
from driving_data.verdict import ValidationReport
from tests.strategies import assert_same

LOGS = ("av2", "commonroad", "gpudrive", "kitti", "nuscenes_frame")


@pytest.fixture(scope="module")
def real_segments(shared_data):
    """Up to three segments of each of several formats, admitted as they are."""
    segments = {}
    for name in LOGS:
        for count, segment in enumerate(read(shared_data / "logs" / name)):
            if count == 3:
                break
            report = ValidationReport(segment.segment_id, ())
            segments[segment.segment_id] = validated(calibrated(segment), report)
    assert len(segments) >= len(LOGS) and len(READERS.names()) >= len(LOGS)
    return segments


@pytest.mark.slow
def test_real_logs_come_back_array_by_array(real_segments, tmp_path):
    store = SegmentStore(tmp_path, durable=False)
    for segment in real_segments.values():
        store.write(segment)
        found = store.load(segment.segment_id, verify=True)
        provenance = dataclasses.replace(segment.provenance, hashes=found.provenance.hashes)
        assert_same(found, dataclasses.replace(segment, provenance=provenance))
    assert set(store.ids()) == set(real_segments)
    mixture = Mixture.of({"real": 1.0}, {"real": from_store(store, lidar=True)})
    seen = set()
    for batch in batches(mixture, 4, BatchOptions(num_batches=10)):
        assert np.isfinite(batch["boxes_3d"][..., :7]).all() and np.isfinite(batch["world_from_ego"]).all()
        seen |= {mixture.entry(mixture.draw(int(k))).segment_id for k in batch["index"]}
    assert len(seen) > 3


@pytest.mark.slow
def test_real_logs_become_nuscenes(real_segments, tmp_path):
    exporter = NuscenesExporter()
    folder = exporter.export(real_segments.values(), tmp_path / "set") / exporter.version
    scenes = json.loads((folder / "scene.json").read_text())
    assert {row["name"] for row in scenes} == set(real_segments) and all(row["nbr_samples"] for row in scenes)
    assert len(json.loads((folder / "sample_annotation.json").read_text())) > 100
    data = json.loads((folder / "sample_data.json").read_text())
    assert all((folder.parent / row["filename"]).is_file() for row in data)
