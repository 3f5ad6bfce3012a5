"""Mixtures of real, synthetic and augmented segments, exact in ratio and resumable."""

from driving_data.mixing.batches import BatchOptions, batches, collate, next_start
from driving_data.mixing.mixture import (
    Component,
    ComponentReport,
    Draw,
    Mixture,
    MixtureReport,
    SliceCap,
    SliceRule,
    SliceWeight,
)
from driving_data.mixing.samples import (
    Entry,
    MemorySource,
    Sample,
    SampleSource,
    StoreSource,
    from_segments,
    from_store,
)
from driving_data.mixing.torch_dataset import MixtureDataset, torch_collate, torch_dataset

__all__ = [
    "BatchOptions",
    "Component",
    "ComponentReport",
    "Draw",
    "Entry",
    "MemorySource",
    "Mixture",
    "MixtureDataset",
    "MixtureReport",
    "Sample",
    "SampleSource",
    "SliceCap",
    "SliceRule",
    "SliceWeight",
    "StoreSource",
    "batches",
    "collate",
    "from_segments",
    "from_store",
    "next_start",
    "torch_collate",
    "torch_dataset",
]
