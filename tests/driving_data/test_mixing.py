"""Mixtures: exact shares, one integer of state, the same stream for any reader."""

import itertools
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driving_data.errors import InputError, MissingExtra, StoreError
from driving_data.mixing import (
    BatchOptions,
    Component,
    Entry,
    Mixture,
    SliceCap,
    SliceWeight,
    batches,
    collate,
    from_segments,
    from_store,
    next_start,
    torch_dataset,
)
from driving_data.segment import Source
from driving_data.store import Query, SegmentStore
from tests.driving_data.example_segments import example_segment
from tests.effort import examples

ROOT = Path(__file__).resolve().parents[2]


class Counted:
    """A source whose samples are their own names."""

    def __init__(self, *entries):
        self.entries = tuple(Entry(f"s{k}", frozenset(tags), n, w) for k, (n, tags, w) in enumerate(entries))

    def sample(self, segment, index):
        return {"image": np.zeros((1, 1, 3), np.uint8), "name": np.array([segment, index])}


def plain(sizes):
    return Counted(*((n, (), 1.0) for n in sizes))


def standard(seed=0, rules=()):
    sources = {"real": plain([7, 5]), "synthetic": plain([11]), "augmented": plain([3, 2, 1])}
    return Mixture.of({"real": 0.6, "synthetic": 0.3, "augmented": 0.1}, sources, seed, rules)


def test_shares_are_exact_in_every_block():
    mixture = standard()
    assert mixture.block_size == 1000
    for block in (0, 7):
        counts = Counter(mixture.draw(block * 1000 + k).component for k in range(1000))
        assert counts == {0: 600, 1: 300, 2: 100}


@settings(max_examples=examples(30), deadline=None)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=4), st.integers(0, 2**32))
def test_any_shares_are_exact(parts, seed):
    total = sum(parts)
    components = tuple(Component(f"c{k}", part / total, plain([3])) for k, part in enumerate(parts))
    mixture = Mixture(components, seed)
    counts = Counter(mixture.draw(k).component for k in range(mixture.block_size))
    assert [counts[k] / mixture.block_size for k in range(len(parts))] == [part / total for part in parts]


def test_every_sample_comes_once_before_any_comes_again():
    mixture = standard()
    seen = Counter()
    for k in range(4000):
        draw = mixture.draw(k)
        seen[draw.component, draw.segment, draw.sample] += 1
        mine = [n for (component, *_), n in seen.items() if component == draw.component]
        assert draw.epoch == seen[draw.component, draw.segment, draw.sample] - 1
        assert max(mine) - min(mine) <= 1
    assert len(seen) == len(mixture) == 29


@pytest.mark.slow
def test_the_stream_is_a_function_of_seed_and_place():
    forwards = [standard(3).draw(k) for k in range(2500)]
    mixture = standard(3)
    assert [mixture.draw(k) for k in reversed(range(2500))] == forwards[::-1]
    assert mixture.draw(10**12) == standard(3).draw(10**12)
    assert [standard(4).draw(k) for k in range(2500)] != forwards


def test_shards_cover_the_stream_and_reading_goes_on_where_it_stopped():
    mixture = standard()

    def names(**options):
        return [row.tolist() for batch in batches(mixture, 5, BatchOptions(**options)) for row in batch["index"]]

    whole = names(num_batches=24)
    assert whole == list(range(120))
    shards = [names(num_batches=8, shard=s, num_shards=3) for s in range(3)]
    assert sorted(itertools.chain(*shards)) == whole
    first = BatchOptions(num_batches=3, shard=1, num_shards=3)
    rest = BatchOptions(start=next_start(first, 5, 3), num_batches=5, shard=1, num_shards=3)
    assert (
        names(num_batches=3, shard=1, num_shards=3)
        + [row.tolist() for batch in batches(mixture, 5, rest) for row in batch["index"]]
        == shards[1]
    )


@pytest.mark.parametrize("prefetch", [0, 1, 7])
def test_reading_ahead_does_not_change_the_stream(prefetch):
    mixture = standard()
    found = list(batches(mixture, 4, BatchOptions(num_batches=9, prefetch=prefetch)))
    assert [batch["name"].tolist() for batch in found] == [
        [[mixture.draw(i).segment, mixture.draw(i).sample] for i in range(4 * b, 4 * b + 4)] for b in range(9)
    ]


def test_a_reader_may_stop_early():
    stream = batches(standard(), 4, BatchOptions(prefetch=3))
    next(stream)
    stream.close()


def test_a_cap_holds_over_the_whole_stream():
    night = frozenset({"light:night"})
    sources = {"real": Counted((90, (), 1.0), (10, night, 1.0)), "synthetic": Counted((20, (), 1.0), (80, night, 1.0))}
    free = Mixture.of({"real": 0.5, "synthetic": 0.5}, sources).report(4000).slices["light:night"]
    assert free["synthetic"] / sum(free.values()) > 0.85
    capped = Mixture.of({"real": 0.5, "synthetic": 0.5}, sources, 0, [SliceCap("light:night", "synthetic", 0.5)])
    for count in (1000, 4000):
        row = capped.report(count).slices["light:night"]
        # The share of the real part is rounded down too: one sample of slack.
        assert row["synthetic"] <= row["real"] + 1
    row = capped.report(4000).slices["light:night"]
    assert row["real"] == free["real"] and row["synthetic"] >= 0.98 * row["real"], "no more is taken than must be"
    assert [part.draws for part in capped.report(4000).components] == [2000, 2000]


def test_weights_draw_more_often():
    rare = Counted((90, (), 1.0), (10, ("rare",), 1.0))
    weighted = Mixture((Component("c", 1.0, rare),), 0, (SliceWeight("rare", 9.0),))
    assert weighted.report(2000).slices["rare"]["c"] == pytest.approx(1000, abs=2)
    by_segment = Mixture((Component("c", 1.0, Counted((50, (), 1.0), (50, (), 3.0), (50, (), 0.0))),))
    counts = Counter(by_segment.draw(k).segment for k in range(2000))
    assert counts[1] == pytest.approx(1500, abs=2) and counts[2] == 0


def test_the_report_counts_unique_and_repeated():
    report = standard().report(1000)
    assert [(part.name, part.draws, part.unique, part.repeated, part.available) for part in report.components] == [
        ("real", 600, 12, 588, 12), ("synthetic", 300, 11, 289, 11), ("augmented", 100, 6, 94, 6),
    ]  # fmt: skip
    assert [part.epochs for part in report.components] == [50, 28, 17]


@pytest.mark.parametrize(
    ("ratio", "sources", "rules", "message"),
    [
        ({"a": 0.5, "b": 0.4}, {"a": [1], "b": [1]}, (), "add up to 1"),
        ({"a": 1.0}, {"b": [1]}, (), "no such component"),
        ({"a": 1.0}, {"a": [0]}, (), "no sample"),
        ({"a": 1.0}, {"a": [1]}, (SliceWeight("x", 0.0),), "factor"),
        ({"a": 1.0}, {"a": [1]}, (SliceCap("x", "z", 0.5),), "component 'z'"),
        ({"a": 1.0}, {"a": [1]}, (SliceCap("x", "a", 1.5),), "share"),
        ({}, {}, (), "add up to 1"),
    ],
)
def test_wrong_mixtures_are_refused(ratio, sources, rules, message):
    with pytest.raises(InputError, match=message):
        Mixture.of(ratio, {name: plain(sizes) for name, sizes in sources.items()}, 0, rules)


def test_a_cap_that_cannot_hold_is_refused():
    only_night = Counted((5, ("night",), 1.0))
    with pytest.raises(InputError, match="every sample of 'a'"):
        Mixture((Component("a", 1.0, only_night),), 0, (SliceCap("night", "a", 0.5),))


def validated_segments():
    return {
        "real": [example_segment("r", source=Source.REAL, admitted=True, cameras=(), lidars=("lidar_top",))],
        "synthetic": [example_segment("s", admitted=True), example_segment("t", admitted=True, picture_px=(20, 30))],
        "augmented": [example_segment("a", source=Source.AUGMENTED, admitted=True, cameras=(), lidars=())],
    }


def test_samples_of_memory_and_store_are_the_same(tmp_path):
    store = SegmentStore(tmp_path, durable=False)
    memory, stored = {}, {}
    for name, segments in validated_segments().items():
        memory[name] = from_segments(sorted(segments, key=lambda segment: segment.segment_id), lidar=True)
        for segment in segments:
            store.write(segment)
        stored[name] = from_store(store, Query(source=Source(name)), lidar=True)
    store.write(example_segment("refused", admitted=False))
    ratio = {"real": 0.6, "synthetic": 0.3, "augmented": 0.1}
    one, two = Mixture.of(ratio, memory, 5), Mixture.of(ratio, stored, 5)
    shapes = set()
    for left, right in zip(
        batches(one, 8, BatchOptions(num_batches=6)), batches(two, 8, BatchOptions(num_batches=6)), strict=True
    ):
        assert set(left) == set(right)
        for name in left:
            assert left[name].dtype == right[name].dtype
            assert np.array_equal(left[name], right[name], equal_nan=left[name].dtype.kind == "f"), name
        shapes.add(left["image"].shape)
        assert left["image_mask"].any(axis=(1, 2)).tolist() == (left["source"] == 1).tolist()
        assert left["boxes_3d_mask"].any() and left["lidar_mask"].any()
    assert len(from_store(store, Query()).entries) == 4, "what was refused is never read"


def test_a_sample_says_what_the_labels_say():
    segment = example_segment("s", admitted=True)
    sample = from_segments([segment], lidar=True).sample(0, 2)
    assert sample["classes_3d"].tolist() == [1, 11, 16, 9] and sample["tracks_3d"].tolist() == [1, 2, 3, 4]
    ego = segment.rollout.world_from_ego()[2]
    car = segment.rollout.world_from_actor[2, 1]
    assert sample["boxes_3d"][0, :3] == pytest.approx(ego.inverse().apply(car.translation_m), abs=1e-4)
    assert sample["boxes_3d"][0, 3:] == pytest.approx([4.4, 1.8, 1.5, 0.05, 8.0, 0.0], abs=1e-5)
    rows = segment.labels.boxes_2d.frame == 2
    assert np.array_equal(sample["boxes_2d"], segment.labels.boxes_2d.visible_px[rows])
    # Every point inside the car, seen in the ego frame, lies within its box.
    inside = sample["lidar"][segment.sweeps[2].instance == 2, :3]
    assert len(inside) == 6 and np.abs(inside - sample["boxes_3d"][0, :3]).max() < 2.3
    assert sample["world_from_ego"] == pytest.approx(ego.matrix())


def test_unjudged_segments_are_refused_at_run_time_too():
    for admitted in (None, False):
        with pytest.raises(StoreError, match="has not passed the gate"):
            from_segments([example_segment("s", admitted=admitted)])


def test_padding_is_masked():
    one = {"image": np.ones((2, 3, 3), np.uint8), "boxes_3d": np.ones((2, 9), np.float32), "x": np.array(1)}
    two = {"image": np.ones((4, 1, 3), np.uint8), "boxes_3d": np.ones((0, 9), np.float32), "x": np.array(2),
           "lidar": np.ones((5, 4), np.float32)}  # fmt: skip
    batch = collate([one, two])
    assert batch["image"].shape == (2, 4, 3, 3)
    assert batch["image_mask"].sum(axis=(1, 2)).tolist() == [6, 4]
    assert np.array_equal(batch["image"].any(axis=3), batch["image_mask"])
    assert batch["boxes_3d_mask"].tolist() == [[True, True], [False, False]]
    assert batch["lidar_mask"].sum(axis=1).tolist() == [0, 5]
    assert batch["x"].tolist() == [1, 2]


SNIPPET = """
from driving_data.mixing import Mixture, from_segments
from driving_data.segment import Calibrated, Raw, Segment, Validated

def train(segments: list[Segment[{stage}]]) -> Mixture:
    return Mixture.of({{"real": 1.0}}, {{"real": from_segments(segments)}})
"""


STAGES = ("Validated", "Calibrated", "Raw")


@pytest.fixture(scope="module")
def said_by_pyright(tmp_path_factory):
    """What pyright says of a snippet for each stage; one run, since what it reads of ours is the same for all."""
    folder = tmp_path_factory.mktemp("snippets")
    for stage in STAGES:
        (folder / f"{stage.lower()}.py").write_text(SNIPPET.format(stage=stage))
    (folder / "pyrightconfig.json").write_text(json.dumps({"extraPaths": [str(ROOT)]}))
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, "-p", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == len(STAGES), done.stdout
    assert (done.returncode == 0) == (report["summary"]["errorCount"] == 0), done.stdout
    return {
        stage: [item for item in report["generalDiagnostics"] if Path(item["file"]).stem == stage.lower()]
        for stage in STAGES
    }


@pytest.mark.slow
@pytest.mark.parametrize(("stage", "passes"), [("Validated", True), ("Calibrated", False), ("Raw", False)])
def test_pyright_refuses_what_is_not_validated(said_by_pyright, stage, passes):
    errors = [item["message"] for item in said_by_pyright[stage] if item["severity"] == "error"]
    assert (errors == []) == passes, errors
    if not passes:
        assert any(f'"{stage}" is not assignable to "Validated"' in message for message in errors), errors


def test_without_torch_the_install_line_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtra, match=r"pip install 'roadloom\[learn\]'"):
        torch_dataset(standard(), 10)


@pytest.mark.extra
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_torch_sees_the_same_stream_with_any_number_of_workers():
    torch = pytest.importorskip("torch", reason="the extra 'learn' is not installed")
    from driving_data.mixing import torch_collate

    sources = {name: from_segments(segments, lidar=True) for name, segments in validated_segments().items()}
    mixture = Mixture.of({"real": 0.6, "synthetic": 0.3, "augmented": 0.1}, sources, 2)
    expected = list(batches(mixture, 3, BatchOptions(start=6, num_batches=5)))
    for workers in (0, 2):
        data = torch_dataset(mixture, 15, start=6)
        loader = torch.utils.data.DataLoader(data, batch_size=3, num_workers=workers, collate_fn=torch_collate)
        found = list(loader)
        assert len(found) == 5
        for left, right in zip(found, expected, strict=True):
            assert set(left) == set(right)
            for name, array in right.items():
                assert np.array_equal(left[name].numpy(), array, equal_nan=array.dtype.kind == "f"), name
