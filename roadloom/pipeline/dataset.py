"""From stored segments to a dataset: a version with splits, a mixture that is read, exports."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from driving_data.errors import StoreError
from driving_data.exports.registry import EXPORTERS
from driving_data.mixing.batches import BatchOptions, batches
from driving_data.mixing.mixture import Mixture, MixtureReport
from driving_data.mixing.samples import from_store
from driving_data.plain import digest
from driving_data.segment import Segment, Source, Validated
from driving_data.store import DatasetVersion, Query, SegmentStore, create_version
from roadloom.console import Stages, say
from roadloom.settings import MixtureConfig, PipelineConfig


@dataclass(frozen=True, slots=True)
class Dataset:
    """What a run made of its segments.

    Attributes:
        version: the immutable list of segments with splits.
        mixture: the stream of training samples.
        report: what one block of the stream holds: in each, the shares are exact.
        ratio: shares that were used: as asked for, less the sources that have nothing admitted.
        num_samples: samples read.
        exports: root of each export, by format.
    """

    version: DatasetVersion
    mixture: Mixture
    report: MixtureReport
    ratio: Mapping[str, float]
    num_samples: int
    exports: Mapping[str, Path]

    @property
    def version_id(self) -> str:
        """sha256 that names the version."""
        return self.version.version_id


def build_dataset(
    store: SegmentStore,
    segment_ids: Mapping[str, tuple[str, ...]],
    config: PipelineConfig,
    output: Path,
    stages: Stages,
) -> Dataset:
    """Makes a version of the admitted segments of a run, reads its training mixture and writes the exports.

    Raises:
        StoreError: nothing was admitted.
    """
    wanted = config.mixture
    ids = tuple(sorted({each for group in segment_ids.values() for each in group}))
    _refuse_nothing(store, ids)
    version = create_version(store, Query(admitted=True, ids=ids), wanted.splits, balanced=True)
    mixture, ratio = training_mixture(store, version, wanted, config.seed)
    num_samples = wanted.batch_size * wanted.num_batches
    with stages.stage("read the mixture", wanted.num_batches, "batches") as count:
        for _ in batches(mixture, wanted.batch_size, BatchOptions(num_batches=wanted.num_batches)):
            count()
    exports = {name: export(store, version, name, output / "exports" / name, stages) for name in wanted.exports}
    return Dataset(version, mixture, mixture.report(mixture.block_size), ratio, num_samples, exports)


def _refuse_nothing(store: SegmentStore, ids: tuple[str, ...]) -> None:
    """Says why there is nothing to train on, by reason, where every segment was rejected."""
    infos = store.query(Query(ids=ids))
    if any(info.status == "admitted" for info in infos):
        return
    reasons = Counter(reason for info in infos for reason in info.reasons)
    why = "; ".join(f"{reason} ({count})" for reason, count in reasons.most_common(5))
    raise StoreError(
        f"{store.root}: none of the {len(infos)} segments of this run was admitted, so there is nothing to train on"
        + (f": {why}" if why else "")
    )


def training_mixture(
    store: SegmentStore, version: DatasetVersion, wanted: MixtureConfig, seed: int
) -> tuple[Mixture, Mapping[str, float]]:
    """The mixture of the version's training split, and its shares.

    A source without training samples is said and left out, and the others keep their proportions.

    Raises:
        StoreError: the training split is empty.
    """
    train = version.ids("train")
    sources = {source.value: from_store(store, Query(admitted=True, source=source, ids=train)) for source in Source}
    present = {name: share for name, share in wanted.ratio.items() if share > 0 and sources[name].entries}
    if not present:
        raise StoreError(f"{store.root}: no admitted segment of {', '.join(wanted.ratio)} is in the training split")
    absent = [name for name, share in wanted.ratio.items() if share > 0 and name not in present]
    if absent:
        say(f"the mixture goes without {', '.join(absent)}: nothing of it was admitted into the training split")
    ratio = _whole_shares(present)
    return Mixture.of(ratio, sources, seed), ratio


def _whole_shares(present: Mapping[str, float]) -> dict[str, float]:
    """Shares that add up to exactly 1, in steps of 1/100."""
    total = sum(present.values())
    percent = {name: round(100 * share / total) for name, share in present.items()}
    largest = max(percent, key=lambda name: percent[name])
    percent[largest] += 100 - sum(percent.values())
    return {name: value / 100 for name, value in percent.items()}


def export(store: SegmentStore, version: DatasetVersion, name: str, place: Path, stages: Stages) -> Path:
    """Writes a version in a public format; the folder carries the version's id, so nothing is written twice."""
    exporter = EXPORTERS.load(name)()
    target = place / digest([version.version_id, name])[:12]
    if target.exists():
        say(f"export {name}: {target} is there already")
        return target
    ids = version.ids()
    with stages.stage(f"export {name}", len(ids), "segments") as count:

        def segments() -> Iterator[Segment[Validated]]:
            for segment_id in ids:
                yield store.load_validated(segment_id)
                count()

        return exporter.export(segments(), target)
