"""Dataset versions: immutable lists of segments with their content, split and weight. The hash of the list names it.

A version holds no data; it says which bytes belong to it. Loading one checks that the store still holds exactly
those bytes, so a training run can be repeated, compared and rolled back.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from driving_data.errors import StoreError
from driving_data.plain import from_plain
from driving_data.store import texts
from driving_data.store.files import temporary_directory, write_file
from driving_data.store.query import Query
from driving_data.store.splits import DEFAULT_RATIOS, Relation, assign_splits
from driving_data.store.store import SegmentStore
from driving_data.taxonomy import ONTOLOGY_VERSION

_ADMITTED = Query(admitted=True)


@dataclass(frozen=True, slots=True)
class Member:
    """One segment of a version: its content, split, weight, source and family."""

    segment_id: str
    content_hash: str
    split: str
    weight: float
    source: str
    family: str


@dataclass(frozen=True)
class DatasetVersion:
    """An immutable data set.

    Attributes:
        members: its segments, sorted by id.
        ratios: share of families by split that was asked for.
        ontology_version: version of the classes that its labels name.
        description: what it is for.
    """

    members: tuple[Member, ...]
    ratios: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_RATIOS))
    ontology_version: str = ONTOLOGY_VERSION
    description: str = ""

    @cached_property
    def version_id(self) -> str:
        """sha256 of its content: equal for equal data sets."""
        return hashlib.sha256(texts.dump(self)).hexdigest()

    def ids(self, split: str | None = None) -> tuple[str, ...]:
        """Segments of one split, or of all."""
        return tuple(member.segment_id for member in self.members if split in (None, member.split))

    def weights(self) -> dict[str, float]:
        """Weight by segment id."""
        return {member.segment_id: member.weight for member in self.members}

    def splits(self) -> dict[str, str]:
        """Split by segment id."""
        return {member.segment_id: member.split for member in self.members}


@dataclass(frozen=True, slots=True)
class VersionDiff:
    """What differs from one version to another: ids of segments, sorted."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    moved: tuple[str, ...]
    reweighted: tuple[str, ...]


def create_version(
    store: SegmentStore,
    query: Query = _ADMITTED,
    ratios: Mapping[str, float] = DEFAULT_RATIOS,
    *,
    weights: Mapping[str, float] | None = None,
    balanced: bool = False,
    description: str = "",
) -> DatasetVersion:
    """Makes a version of the admitted segments that fit a query and keeps it in the store.

    Args:
        store: the store.
        query: which segments; ones that are not admitted never belong to a version.
        ratios: share of families by split.
        weights: weight by segment id, 1 where unsaid.
        balanced: see `splits.assign_splits`.
        description: what it is for.

    Raises:
        StoreError: no admitted segment fits.
        ValueError: the shares do not add up to 1.
    """
    infos = [info for info in store.query(query) if info.status == "admitted"]
    if not infos:
        raise StoreError(f"{store.root}: no admitted segment fits; a version of nothing is not made")
    # A parent may not itself be in the version, but its family still binds what was made from it.
    known = {info.segment_id: info for info in store.query()}
    relations = [Relation(info.segment_id, info.family, info.parents) for info in known.values()]
    split_of = assign_splits(relations, ratios, balanced=balanced)
    members = tuple(
        Member(info.segment_id, info.content_hash, split_of[info.segment_id],
               float((weights or {}).get(info.segment_id, 1.0)), info.source.value, info.family)
        for info in infos
    )  # fmt: skip
    version = DatasetVersion(members, dict(ratios), ONTOLOGY_VERSION, description)
    _keep(store, version)
    return version


def load_version(store: SegmentStore, version_id: str, *, check: bool = True) -> DatasetVersion:
    """Reads a version by its id or an unambiguous beginning of it.

    Raises:
        StoreError: there is none, it is damaged, or (with `check`) the store no longer holds its segments unchanged.
    """
    path = _path(store, version_id)
    data = path.read_bytes()
    try:
        version: DatasetVersion = from_plain(DatasetVersion, texts.parse(data))
    except ValueError as error:
        raise StoreError(f"{path}: damaged: {error}") from error
    if version.version_id != path.stem:
        raise StoreError(f"{path}: the content does not have the hash that names it")
    if check:
        _check(store, version)
    return version


def list_versions(store: SegmentStore) -> tuple[str, ...]:
    """Ids of the versions that a store keeps, sorted."""
    return tuple(sorted(path.stem for path in (store.root / "versions").glob("*.json")))


def diff(old: DatasetVersion, new: DatasetVersion) -> VersionDiff:
    """What changed from one version to another."""
    before = {member.segment_id: member for member in old.members}
    after = {member.segment_id: member for member in new.members}
    both = sorted(set(before) & set(after))
    return VersionDiff(
        added=tuple(sorted(set(after) - set(before))),
        removed=tuple(sorted(set(before) - set(after))),
        changed=tuple(name for name in both if before[name].content_hash != after[name].content_hash),
        moved=tuple(name for name in both if before[name].split != after[name].split),
        reweighted=tuple(name for name in both if before[name].weight != after[name].weight),
    )


def _keep(store: SegmentStore, version: DatasetVersion) -> Path:
    path = store.root / "versions" / f"{version.version_id}.json"
    with temporary_directory(store.root / "tmp") as place:
        write_file(place / path.name, texts.dump(version), store.durable)
        (place / path.name).replace(path)
    return path


def _path(store: SegmentStore, version_id: str) -> Path:
    fitting = [name for name in list_versions(store) if name.startswith(version_id)]
    if len(fitting) != 1 or not version_id:
        found = "no version" if not fitting else f"{len(fitting)} versions"
        raise StoreError(f"{store.root}: {found} whose id begins with {version_id!r}")
    return store.root / "versions" / f"{fitting[0]}.json"


def _check(store: SegmentStore, version: DatasetVersion) -> None:
    present = {info.segment_id: info.content_hash for info in store.query(Query(ids=version.ids()))}
    missing: Sequence[str] = [member.segment_id for member in version.members if member.segment_id not in present]
    changed = [
        member.segment_id for member in version.members
        if present.get(member.segment_id, member.content_hash) != member.content_hash
    ]  # fmt: skip
    if missing or changed:
        raise StoreError(f"version {version.version_id[:12]}: missing {list(missing)}, changed {changed}")
