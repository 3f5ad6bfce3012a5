"""Makes a stored segment again from its provenance and compares the bytes."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from driving_data.errors import Fault, InputError, StoreError, nearest_name
from driving_data.segment import Raw, Segment
from driving_data.store import SegmentStore
from roadloom.pipeline.recipes import AugmentRecipe, Recipe, byte_versions, recipe_of


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What came of making a segment again.

    Attributes:
        segment_id: the segment.
        num_files: files that were compared.
        differences: what differs, one line each; empty when every byte is the same.
    """

    segment_id: str
    num_files: int
    differences: tuple[str, ...]


def reproduce_segment(root: Path, name: str) -> Reproduction:
    """Makes the segment again in a temporary store and compares the hashes of all files.

    Raises:
        InputError: there is no such segment.
        StoreError: the store is damaged, or the segment cannot be made again (a real log).
    """
    if not (root / "catalog.db").is_file():
        raise InputError(
            [Fault(str(root), 0, 0, "store", "missing-file", "there is no store", "the folder of a store")]
        )
    store = SegmentStore(root)
    segment_id = _full_id(store, name)
    kept = store.files(segment_id)
    kept.check_hashes()
    stored = store.load(segment_id)
    again = replace(_make(store, stored), report=stored.report)
    with tempfile.TemporaryDirectory() as folder:
        other = SegmentStore(Path(folder), durable=False)
        other.write(again)
        made = other.files(again.segment_id)
        before = {path: entry.sha256 for path, entry in kept.entries.items()}
        after = {path: entry.sha256 for path, entry in made.entries.items()}
    differences = [f"{path}: {_how(before, after, path)}" for path in sorted({*before, *after})
                   if before.get(path) != after.get(path)]  # fmt: skip
    if differences:
        versions = stored.provenance.versions
        changed = {name: now for name, now in byte_versions().items() if versions.get(name, now) != now}
        differences += [f"made with {name} {versions[name]}, now {now}" for name, now in changed.items()]
    return Reproduction(segment_id, len(before), tuple(differences))


def _full_id(store: SegmentStore, name: str) -> str:
    ids = store.ids()
    fitting = [each for each in ids if each.startswith(name)]
    if len(fitting) == 1:
        return fitting[0]
    found = "no segment" if not fitting else f"{len(fitting)} segments"
    expected = f"the id of one of the {len(ids)} segments of {store.root}"
    raise InputError(
        [Fault("", 0, 0, "segment", "unknown-name", f"{found} {name!r}", expected, nearest_name(name, ids))]
    )


def _make(store: SegmentStore, stored: Segment[Raw]) -> Segment[Raw]:
    recipe = recipe_of(stored.provenance)
    if isinstance(recipe, Recipe):
        return recipe.make()
    if isinstance(recipe, AugmentRecipe):
        return recipe.make(store.load(recipe.parent))
    origin = stored.provenance.origin or "its log"
    raise StoreError(
        f"{stored.segment_id} was read from {stored.provenance.producer} ({origin}), not made; read it again"
    )


def _how(before: dict[str, str], after: dict[str, str], path: str) -> str:
    if path not in after:
        return "is not made any more"
    if path not in before:
        return "is new"
    return f"{before[path][:12]} became {after[path][:12]}"
