import shutil
from pathlib import Path

import pytest

from driving_data.segment import Source
from driving_data.store import Query


@pytest.mark.slow
@pytest.mark.parametrize("source", [Source.SYNTHETIC, Source.AUGMENTED])
def test_a_made_segment_is_made_again_byte_for_byte(roadloom, finished, source):
    segment_id = finished.store.ids(Query(source=source))[0]
    done = roadloom("reproduce", segment_id, "--store", finished.store.root, "--json")
    assert done.status == 0, done.err
    assert done.json["segment_id"] == segment_id
    assert done.json["differences"] == []
    assert done.json["num_files"] == len(finished.store.files(segment_id).entries) > 5


def test_the_beginning_of_an_id_is_enough(roadloom, finished):
    segment_id = finished.store.ids()[0]
    done = roadloom("reproduce", segment_id[:8], "--store", finished.store.root)
    assert done.status == 0, done.err
    assert f"{segment_id}: " in done.err
    assert done.err.rstrip().endswith(" 0 differ")


@pytest.fixture
def copied(finished, tmp_path) -> Path:
    return Path(shutil.copytree(finished.store.root, tmp_path / "store"))


@pytest.mark.parametrize("name", ["rollout.npz", "cameras/camera_front/000000.rgb.webp", "segment.json"])
def test_one_changed_byte_is_found_and_its_file_named(roadloom, finished, copied, name):
    segment_id = finished.store.ids(Query(source=Source.SYNTHETIC))[0]
    file = copied / "segments" / segment_id / name
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    done = roadloom("reproduce", segment_id, "--store", copied, "--json")
    assert done.status == 1
    assert name in done.out + done.err
    assert "Traceback" not in done.err


def test_an_unknown_id_is_named_with_the_nearest(roadloom, finished):
    segment_id = finished.store.ids()[0]
    wrong = segment_id[:-2] + "zz"
    done = roadloom("reproduce", wrong, "--store", finished.store.root)
    assert done.status == 1
    assert done.err.startswith(f"segment: no segment '{wrong}'")
    assert f"did you mean '{segment_id}'?" in done.err


def test_an_ambiguous_beginning_is_refused(roadloom, finished):
    done = roadloom("reproduce", "", "--store", finished.store.root)
    assert done.status == 1
    assert f"{len(finished.store)} segments" in done.err


@pytest.mark.slow
def test_a_real_segment_cannot_be_made_again_and_the_reason_is_said(roadloom, shared_data, tmp_path):
    log = shared_data / "logs" / "nuscenes_frame"
    imported = roadloom("import", log, "--store", tmp_path, "--json")
    assert imported.status == 0, imported.err
    segment_id = next(iter(imported.json["segments"]))
    done = roadloom("reproduce", segment_id, "--store", tmp_path)
    assert done.status == 1
    assert segment_id in done.err
    assert "was read from" in done.err
    assert "not made" in done.err
