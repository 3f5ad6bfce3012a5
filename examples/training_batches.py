"""Iterates training batches of a store: `make demo`, then `python examples/training_batches.py [STORE]`."""

import sys
from pathlib import Path

from driving_data.mixing import BatchOptions, Mixture, batches, from_store
from driving_data.segment import Source
from driving_data.store import Query, SegmentStore, list_versions, load_version

RATIO = {"real": 0.6, "synthetic": 0.3, "augmented": 0.1}


def mixture_of(store: SegmentStore, seed: int) -> Mixture:
    """The training split of the first version (by id); a source that has nothing leaves its share to the others."""
    train = load_version(store, list_versions(store)[0]).ids("train")
    sources = {each.value: from_store(store, Query(admitted=True, source=each, ids=train)) for each in Source}
    present = {name: share for name, share in RATIO.items() if sources[name].entries}
    percent = {name: round(100 * share / sum(present.values())) for name, share in present.items()}
    percent[next(iter(percent))] += 100 - sum(percent.values())
    return Mixture.of({name: value / 100 for name, value in percent.items()}, sources, seed)


if __name__ == "__main__":
    root = Path(sys.argv[1] if len(sys.argv) > 1 else "out/demo/store")
    if not (root / "catalog.db").is_file():
        sys.exit(f"no store at {root}: run `make demo`, or name one")
    mixture = mixture_of(SegmentStore(root), seed=1)
    for batch in batches(mixture, 4, BatchOptions(num_batches=3)):
        boxes = int(batch["boxes_3d_mask"].sum())
        print(f"images {batch['image'].shape}, {boxes} boxes, sources {batch['source'].tolist()}")
    for part in mixture.report(12).components:
        print(f"{part.name}: {part.draws} of 12 samples, {part.unique} different")
    # With the extra `learn`: driving_data.mixing.torch_dataset gives the same stream to a torch DataLoader.
