"""The store: what is written comes back, and nothing half-written is ever seen."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from driving_data.errors import RoadloomError, StoreError
from driving_data.segment import Source
from driving_data.store import SKELETON, Query, SegmentStore, Wanted, open_damaged
from tests import strategies
from tests.driving_data.example_segments import example_segment
from tests.strategies import assert_same


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(segment=strategies.segments())
def test_what_is_written_comes_back_array_by_array(tmp_path_factory, segment):
    store = SegmentStore(tmp_path_factory.mktemp("store"), durable=False)
    store.write(segment)
    found = store.load(segment.segment_id, verify=True)
    hashes = found.provenance.hashes
    expected = dataclasses.replace(segment, provenance=dataclasses.replace(segment.provenance, hashes=hashes))
    assert_same(found, expected)
    assert set(hashes) == {
        path.relative_to(store.directory(segment.segment_id)).as_posix()
        for path in store.directory(segment.segment_id).rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(segment=strategies.segments())
def test_the_same_segment_gives_the_same_bytes(tmp_path_factory, segment):
    first, second = (SegmentStore(tmp_path_factory.mktemp("store"), durable=False) for _ in range(2))
    first.write(segment)
    # What was read back, with its hashes and its own memory layout, is the same segment.
    second.write(first.load(segment.segment_id))
    one, two = first.directory(segment.segment_id), second.directory(segment.segment_id)
    names = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(two) for path in two.rglob("*") if path.is_file())
    for name in names:
        assert (one / name).read_bytes() == (two / name).read_bytes(), name


def test_memory_layout_does_not_reach_the_bytes(tmp_path):
    segment = example_segment("a")
    rollout = segment.rollout
    turned = dataclasses.replace(rollout, velocity_mps=np.asfortranarray(rollout.velocity_mps))
    frame = segment.frames[0]
    wide = np.zeros((*frame.rgb.shape[:2], 6), np.uint8)
    wide[..., ::2] = frame.rgb
    strided = dataclasses.replace(frame, rgb=wide[..., ::2], depth_m=np.asfortranarray(frame.depth_m))
    other = dataclasses.replace(segment, rollout=turned, frames=(strided, *segment.frames[1:]))
    hashes = {
        SegmentStore(tmp_path / name, durable=False).write(value) for name, value in (("1", segment), ("2", other))
    }
    assert len(hashes) == 1


@pytest.mark.parametrize(
    "name", ["rollout.npz", "rollout.json", "segment.json", "labels/boxes_3d.parquet", "manifest.json",
             "cameras/camera_front/000000.rgb.webp", "cameras/camera_front/000000.depth.parquet",
             "cameras/camera_front/000000.semantic.png", "lidar/lidar_top/000000.parquet", "map.npz"],
)  # fmt: skip
@pytest.mark.parametrize("damage", ["cut", "missing", "turned"])
def test_damage_is_named(tmp_path, name, damage):
    store = SegmentStore(tmp_path, durable=False)
    store.write(example_segment("a"))
    store.write(example_segment("b"))
    path = store.directory("a") / name
    data = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(data[: len(data) // 2] if damage == "cut" else bytes(255 - byte for byte in data))
    with pytest.raises(StoreError, match=path.name):
        store.load("a", verify=True)
    assert set(store.faults()) == {"a"}
    assert store.load("b").segment_id == "b"


def test_a_cut_file_is_noticed_without_hashes(tmp_path):
    store = SegmentStore(tmp_path, durable=False)
    store.write(example_segment("a"))
    path = store.directory("a") / "rollout.npz"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(StoreError, match=r"rollout\.npz.*the manifest says"):
        store.load("a")


def test_a_manifest_cannot_lead_out_of_the_store(tmp_path):
    store = SegmentStore(tmp_path, durable=False)
    store.write(example_segment("a"))
    path = store.directory("a") / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"]["../../../secret"] = {"size": 1, "sha256": "0" * 64}
    path.write_text(json.dumps(manifest))
    with pytest.raises(StoreError, match="leads out of the segment"):
        store.load("a")


def test_parts_are_read_when_asked_for(tmp_path):
    store = SegmentStore(tmp_path, durable=False)
    segment = example_segment("a")
    store.write(segment)
    bare = store.load("a", SKELETON)
    assert (bare.frames, bare.sweeps) == ((), ())
    assert_same(bare.labels, segment.labels)
    some = store.load("a", Wanted(frames=[1], sweeps=False, camera_parts=frozenset({"depth"})))
    assert len(some.frames) == 1
    assert_same(some.frames[0], dataclasses.replace(segment.frames[1], semantic=None, instance=None))
    assert_same(store.reader("a").frame(1, frozenset({"depth"})), some.frames[0])
    assert_same(store.reader("a").sweep(1), segment.sweeps[1])


def test_an_id_is_stored_once(tmp_path):
    store = SegmentStore(tmp_path, durable=False)
    segment = example_segment("a")
    first = store.write(segment)
    assert store.write(segment) == first
    other = dataclasses.replace(segment, description="another")
    with pytest.raises(StoreError, match="another content"):
        store.write(other)
    assert store.load("a").description == segment.description
    assert store.write(other, replace=True) != first
    assert store.load("a").description == "another"
    assert [info.description for info in store.query()] == ["another"]
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("name", ["a/b", "../x", "", "ü" * 300, "con.", ".hidden", "a:b?c*"])
def test_any_id_has_a_directory_of_its_own(tmp_path, name):
    store = SegmentStore(tmp_path, durable=False)
    store.write(example_segment(name))
    store.write(example_segment(name + "_"))
    assert store.load(name).segment_id == name
    assert store.directory(name).parent == tmp_path / "segments"
    assert set(store.ids()) == {name, name + "_"}


def test_queries(tmp_path):
    store = SegmentStore(tmp_path, durable=False)
    store.write(example_segment("real", source=Source.REAL, tags=("weather:rain", "city"), admitted=True))
    store.write(example_segment("made", tags=("weather:rain",), admitted=False))
    store.write(example_segment("raw", tags=("city",), admitted=None, parents=("real",)))
    assert store.ids() == ("made", "raw", "real") and len(store) == 3
    assert store.ids(Query(source=Source.REAL)) == ("real",)
    assert store.ids(Query(tags=("weather:rain", "city"))) == ("real",)
    assert store.ids(Query(without_tags=("city",))) == ("made",)
    assert store.ids(Query(admitted=True)) == ("real",)
    assert store.ids(Query(admitted=False)) == ("made", "raw")
    assert store.ids(Query(status="raw")) == ("raw",)
    assert store.ids(Query(failed_check="speed")) == ("made",)
    assert store.ids(Query(parent="real")) == ("raw",)
    assert store.ids(Query(classes=("pedestrian",))) == ("made", "raw", "real")
    assert store.ids(Query(classes=("bus",))) == ()
    assert store.ids(Query(min_frames=99)) == ()
    assert store.ids(Query(ids=["raw", "absent"])) == ("raw",)
    assert store.ids(Query(light="day", weather="clear")) == store.ids()
    (made,) = store.query(Query(ids=["made"]))
    assert made.reasons == ("speed: too fast",)
    assert (made.num_frames, made.num_sweeps, made.num_labelled) == (4, 4, 4)


def test_only_admitted_segments_are_training_data(tmp_path):
    store = SegmentStore(tmp_path, durable=False)
    for name, admitted in (("good", True), ("bad", False), ("raw", None)):
        store.write(example_segment(name, admitted=admitted))
    assert store.load_validated("good").segment_id == "good"
    with pytest.raises(RoadloomError, match="speed: too fast"):
        store.load_validated("bad")
    with pytest.raises(StoreError, match="never judged"):
        store.load_validated("raw")


def test_the_catalogue_is_made_again_from_the_directories(tmp_path):
    store = SegmentStore(tmp_path, durable=False)
    for name, admitted in (("good", True), ("bad", False)):
        store.write(example_segment(name, admitted=admitted), task_key=f"task {name}")
    before = store.query()
    for path in tmp_path.glob("catalog.db*"):
        path.unlink()
    again = SegmentStore(tmp_path, durable=False)
    assert again.query() == before, "opening lists what is there"
    assert not again.is_done("task good")
    assert again.rebuild() == ()
    assert again.is_done("task good")
    (tmp_path / "catalog.db").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match=r"catalog\.db"):
        SegmentStore(tmp_path)
    assert open_damaged(tmp_path).query() == before
    (store.directory("bad") / "manifest.json").unlink()
    assert any("manifest.json" in fault for fault in store.rebuild())
    assert store.ids() == ("good",)


def test_a_lost_directory_leaves_the_catalogue(tmp_path):
    store = SegmentStore(tmp_path, durable=False)
    store.write(example_segment("a"), task_key="t")
    store.write(example_segment("b"))
    shutil.rmtree(store.directory("a"))
    assert not store.is_done("t")
    assert SegmentStore(tmp_path).ids() == ("b",)


def test_remove(tmp_path):
    store = SegmentStore(tmp_path, durable=False)
    store.write(example_segment("a"))
    store.remove("a")
    assert "a" not in store and store.ids() == ()
    with pytest.raises(StoreError, match="no segment 'a'"):
        store.load("a")


def test_a_foreign_version_is_refused(tmp_path):
    store = SegmentStore(tmp_path, durable=False)
    store.write(example_segment("a"))
    path = store.directory("a") / "manifest.json"
    path.write_text(path.read_text().replace('"schema":1', '"schema":99'))
    with pytest.raises(StoreError, match="schema 99"):
        store.load("a")
    with store.catalog.connection() as connection:
        connection.execute("PRAGMA user_version = 77")
    with pytest.raises(StoreError, match="version 77"):
        SegmentStore(tmp_path)


@given(st.text(max_size=200), st.text(max_size=200))
def test_safe_names_are_safe_and_do_not_meet(one, two):
    from driving_data.store.files import safe_name

    for text in (one, two):
        name = safe_name(text)
        assert 0 < len(name) <= 120 and "/" not in name and not name.startswith(".") and name.isascii()
    assert one == two or safe_name(one) != safe_name(two)
