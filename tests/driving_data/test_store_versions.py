"""Dataset versions and splits: a family is never in two splits, and a version is what its hash says."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driving_data.errors import StoreError
from driving_data.store import (
    DEFAULT_RATIOS,
    Query,
    Relation,
    SegmentStore,
    assign_splits,
    create_version,
    diff,
    list_versions,
    load_version,
)
from driving_data.store.splits import family_groups
from tests.driving_data.example_segments import example_segment
from tests.strategies import composite

ids = st.sampled_from([f"s{k}" for k in range(12)])


@composite
def relations_of_segments(draw):
    """Segments with few families and parents, some of which are not there themselves."""
    names = draw(st.lists(ids, unique=True, max_size=12))
    families = st.sampled_from(["", "a", "b", "c", "d", "e"])
    return [Relation(name, draw(families), tuple(draw(st.lists(ids, max_size=2)))) for name in names]


relation_lists = relations_of_segments()


@given(relation_lists, st.booleans())
def test_no_family_is_in_two_splits(relations, balanced):
    split_of = assign_splits(relations, balanced=balanced)
    assert set(split_of) == {relation.segment_id for relation in relations}
    for one in relations:
        for two in relations:
            related = one.family and one.family == two.family
            if related or two.segment_id in one.parents:
                assert split_of[one.segment_id] == split_of[two.segment_id]


@given(relation_lists, relation_lists)
def test_a_family_stays_where_it_is_when_the_set_grows(old, new):
    """Where families do not become one, what else there is does not matter."""
    present = {relation.segment_id for relation in old}
    grown = [*old, *(relation for relation in new if relation.segment_id not in present)]
    before, after = family_groups(old), family_groups(grown)
    moved = {name for name in before if before[name] != after[name]}
    first, second = assign_splits(old), assign_splits(grown)
    assert all(first[name] == second[name] for name in set(first) - moved)


@given(relation_lists, st.randoms())
def test_the_order_of_segments_does_not_matter(relations, shuffle):
    other = list(relations)
    shuffle.shuffle(other)
    assert assign_splits(relations) == assign_splits(other)
    assert assign_splits(relations, balanced=True) == assign_splits(other, balanced=True)


def test_shares_are_met():
    relations = [Relation(f"s{k}", f"family {k}") for k in range(4000)]
    for balanced, tolerance in ((False, 0.03), (True, 0.0005)):
        found = list(assign_splits(relations, balanced=balanced).values())
        for split, share in DEFAULT_RATIOS.items():
            assert found.count(split) / len(found) == pytest.approx(share, abs=tolerance)
    few = list(assign_splits(relations[:3], balanced=True).values())
    assert sorted(few) == ["test", "train", "val"]
    assert assign_splits(relations) != assign_splits(relations, salt="another")
    with pytest.raises(ValueError, match="add up to 1"):
        assign_splits(relations, {"train": 0.7, "val": 0.1})


@pytest.fixture
def store(tmp_path):
    store = SegmentStore(tmp_path, durable=False)
    for k in range(6):
        store.write(example_segment(f"s{k}", admitted=True, family=f"f{k // 2}"))
    store.write(example_segment("bad", admitted=False))
    store.write(example_segment("child", admitted=True, family="other", parents=("s0",)))
    return store


def test_a_version_is_named_by_its_content(store):
    version = create_version(store, weights={"s1": 2.0}, balanced=True)
    assert "bad" not in version.ids() and len(version.members) == 7
    assert create_version(store, weights={"s1": 2.0}, balanced=True).version_id == version.version_id
    assert create_version(store, balanced=True).version_id != version.version_id
    assert load_version(store, version.version_id[:10]) == version
    assert version.version_id in list_versions(store) and len(list_versions(store)) == 2
    splits = version.splits()
    assert splits["s0"] == splits["s1"] == splits["child"] and splits["s2"] == splits["s3"]
    assert sorted(name for split in DEFAULT_RATIOS for name in version.ids(split)) == sorted(version.ids())
    assert version.weights()["s1"] == 2.0


def test_differences_are_told(store):
    old = create_version(store)
    store.remove("s5")
    store.write(example_segment("new", admitted=True))
    store.write(dataclasses.replace(example_segment("s0", admitted=True, family="f0"), description="x"), replace=True)
    with pytest.raises(StoreError, match=r"missing \['s5'\], changed \['s0'\]"):
        load_version(store, old.version_id)
    assert load_version(store, old.version_id, check=False) == old
    new = create_version(store, weights={"s1": 3.0})
    changes = diff(old, new)
    assert (changes.added, changes.removed, changes.changed) == (("new",), ("s5",), ("s0",))
    assert (changes.moved, changes.reweighted) == ((), ("s1",))
    assert diff(new, new) == diff(old, old)


def test_a_changed_version_file_is_noticed(store):
    version = create_version(store)
    path = store.root / "versions" / f"{version.version_id}.json"
    plain = json.loads(path.read_text())
    plain["members"][0]["split"] = "test" if plain["members"][0]["split"] != "test" else "train"
    path.write_text(json.dumps(plain))
    with pytest.raises(StoreError, match="does not have the hash"):
        load_version(store, version.version_id)
    path.write_text("{")
    with pytest.raises(StoreError, match="damaged"):
        load_version(store, version.version_id)
    with pytest.raises(StoreError, match="no version"):
        load_version(store, "ffff")
    with pytest.raises(StoreError, match="no admitted segment"):
        create_version(store, Query(tags=("absent",)))
