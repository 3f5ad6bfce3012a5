"""The store: segment directories, catalogue, dataset versions."""

from driving_data.store.query import Query, SegmentInfo
from driving_data.store.reading import EVERYTHING, SKELETON, SegmentReader, Wanted
from driving_data.store.splits import DEFAULT_RATIOS, Relation, assign_splits
from driving_data.store.store import SegmentStore, open_damaged
from driving_data.store.versions import (
    DatasetVersion,
    Member,
    VersionDiff,
    create_version,
    diff,
    list_versions,
    load_version,
)

__all__ = [
    "DEFAULT_RATIOS",
    "EVERYTHING",
    "SKELETON",
    "DatasetVersion",
    "Member",
    "Query",
    "Relation",
    "SegmentInfo",
    "SegmentReader",
    "SegmentStore",
    "VersionDiff",
    "Wanted",
    "assign_splits",
    "create_version",
    "diff",
    "list_versions",
    "load_version",
    "open_damaged",
]
