"""Batches of a mixture as numpy arrays: padded, masked, read ahead, in the same order whoever reads."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from driving_data.mixing.mixture import Mixture
from driving_data.mixing.samples import Sample

# Arrays whose first axis differs from sample to sample; each gets a mask `<name>_mask`.
_RAGGED = ("boxes_3d", "classes_3d", "tracks_3d", "boxes_2d", "classes_2d", "tracks_2d", "lidar")
_MASK_OF = {"classes_3d": "boxes_3d", "tracks_3d": "boxes_3d", "classes_2d": "boxes_2d", "tracks_2d": "boxes_2d"}


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """How batches are read.

    Attributes:
        start: place in the stream at which to begin: the whole state of an interrupted reading.
        num_batches: batches to give; None never ends.
        shard: number of this reader.
        num_shards: how many readers share the stream; shard s has the places start + s, start + s + num_shards, ...
        prefetch: batches that are read ahead by threads; 0 reads when asked.
    """

    start: int = 0
    num_batches: int | None = None
    shard: int = 0
    num_shards: int = 1
    prefetch: int = 2

    def __post_init__(self) -> None:
        if not 0 <= self.shard < self.num_shards or self.start < 0 or self.prefetch < 0:
            raise ValueError("a shard is from 0 to num_shards - 1; start and prefetch are not negative")


def batches(mixture: Mixture, batch_size: int, options: BatchOptions | None = None) -> Iterator[Sample]:
    """Batches of samples, stacked by `collate`; the n-th batch is the same whatever `prefetch` is.

    Raises:
        ValueError: the batch size is not positive.
    """
    if batch_size < 1:
        raise ValueError(f"a batch has at least one sample, not {batch_size}")
    how = options or BatchOptions()
    places = _places(batch_size, how)
    if how.prefetch == 0:
        yield from (_read(mixture, indices) for indices in places)
        return
    with ThreadPoolExecutor(max_workers=min(how.prefetch, 4)) as pool:
        ahead: deque[Future[Sample]] = deque()
        try:
            for indices in places:
                ahead.append(pool.submit(_read, mixture, indices))
                if len(ahead) > how.prefetch:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            # A reader that stops early, or a sample that fails, must not wait for what was read ahead.
            pool.shutdown(wait=True, cancel_futures=True)


def next_start(options: BatchOptions, batch_size: int, num_batches: int) -> int:
    """The place at which to go on after so many batches: the state to keep."""
    return options.start + num_batches * batch_size * options.num_shards


def _places(batch_size: int, how: BatchOptions) -> Iterator[range]:
    number = 0
    while how.num_batches is None or number < how.num_batches:
        first = how.start + how.shard + number * batch_size * how.num_shards
        yield range(first, first + batch_size * how.num_shards, how.num_shards)
        number += 1


def _read(mixture: Mixture, indices: range) -> Sample:
    return collate([mixture.sample(index) for index in indices])


def collate(samples: Sequence[Sample]) -> Sample:
    """Samples stacked along a new first axis.

    Pictures are padded below and to the right with zeros, `image_mask` (B, H, W) says where there is a pixel; ragged
    arrays are padded with zeros, `boxes_3d_mask`, `boxes_2d_mask` and `lidar_mask` (B, N) say which rows are real.
    """
    batch: Sample = {}
    for name in sorted({name for sample in samples for name in sample}):
        if name == "image":
            batch |= _pictures([sample[name] for sample in samples])
        elif name in _RAGGED:
            example = next(sample[name] for sample in samples if name in sample)
            missing = np.zeros((0, *example.shape[1:]), example.dtype)
            rows = [sample.get(name, missing) for sample in samples]
            batch[name], mask = _padded(rows)
            batch[f"{_MASK_OF.get(name, name)}_mask"] = mask
        else:
            batch[name] = np.stack([sample[name] for sample in samples])
    return batch


def _padded(rows: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    longest = max(len(row) for row in rows)
    out = np.zeros((len(rows), longest, *rows[0].shape[1:]), rows[0].dtype)
    mask = np.zeros((len(rows), longest), bool)
    for index, row in enumerate(rows):
        out[index, : len(row)] = row
        mask[index, : len(row)] = True
    return out, mask


def _pictures(pictures: Sequence[np.ndarray]) -> Sample:
    height, width = (max(picture.shape[axis] for picture in pictures) for axis in (0, 1))
    image = np.zeros((len(pictures), height, width, 3), np.uint8)
    mask = np.zeros((len(pictures), height, width), bool)
    for index, picture in enumerate(pictures):
        image[index, : picture.shape[0], : picture.shape[1]] = picture
        mask[index, : picture.shape[0], : picture.shape[1]] = True
    return {"image": image, "image_mask": mask}
