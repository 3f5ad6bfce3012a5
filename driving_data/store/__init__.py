"""The store: segment directories, catalogue, dataset versions."""

from driving_data.store.query import Query, SegmentInfo
from driving_data.store.reading import EVERYTHING, SKELETON, Wanted
from driving_data.store.store import SegmentStore, open_damaged

__all__ = ["EVERYTHING", "SKELETON", "Query", "SegmentInfo", "SegmentStore", "Wanted", "open_damaged"]
