"""A mixture as a torch data set: map-style, so that any number of DataLoader workers gives the same stream."""

from dataclasses import dataclass
from typing import Any

from driving_data.errors import MissingExtra
from driving_data.mixing.batches import collate
from driving_data.mixing.mixture import Mixture
from driving_data.mixing.samples import Sample


@dataclass(frozen=True)
class MixtureDataset:
    """Places `start` to `start + num_samples` of a mixture, as `torch.utils.data.DataLoader` reads them.

    Use it without shuffling (the mixture is shuffled) and with `collate_fn=torch_collate`. To go on after n samples,
    make it again with `start` n further on. For several processes, give each `shard` of `num_shards`.
    """

    mixture: Mixture
    num_samples: int
    start: int = 0
    shard: int = 0
    num_shards: int = 1

    def __len__(self) -> int:
        return self.num_samples

    def __getitem__(self, index: int) -> dict[str, Any]:
        import torch  # pyright: ignore[reportMissingImports]

        if not 0 <= index < self.num_samples:
            raise IndexError(index)
        sample = self.mixture.sample(self.start + self.shard + index * self.num_shards)
        return {name: torch.from_numpy(array) for name, array in _writable(sample).items()}


def torch_dataset(
    mixture: Mixture, num_samples: int, start: int = 0, shard: int = 0, num_shards: int = 1
) -> MixtureDataset:
    """The samples of a mixture as tensors; see `MixtureDataset`.

    Raises:
        MissingExtra: torch is not installed.
    """
    try:
        import torch  # noqa: F401  # pyright: ignore[reportMissingImports, reportUnusedImport]
    except ImportError as error:
        raise MissingExtra("torch", "learn", "a torch data set") from error
    return MixtureDataset(mixture, num_samples, start, shard, num_shards)


def torch_collate(samples: list[dict[str, Any]]) -> dict[str, Any]:
    """Tensors of several samples as one batch, padded and masked as `batches` does it."""
    import torch  # pyright: ignore[reportMissingImports]

    batch = collate([{name: tensor.numpy() for name, tensor in sample.items()} for sample in samples])
    return {name: torch.from_numpy(array) for name, array in batch.items()}


def _writable(sample: Sample) -> Sample:
    """Arrays as torch likes them: it warns of those that may not be written, so they are copied."""
    return {name: array if array.flags.writeable else array.copy() for name, array in sample.items()}
