"""Every kind of leaf that is described by data, by its key in a scenario file. A new one is one entry here."""

from collections.abc import Mapping

from scenarios.types.digital import CONNECTIVITY, DEMAND, JURISDICTION, POSITIONING, SENSOR_FAULTS
from scenarios.types.leaf_type import LeafType
from scenarios.types.scenery import JUNCTION, LANE_USES, MARKINGS, SIGNS, STRUCTURES, SURFACE, ZONES
from scenarios.types.temporary import SIGNAL_FAILURES, TEMPORARY_SIGNALS, WORK_ZONES

LEAF_TYPES: Mapping[str, LeafType] = {
    kind.kind: kind
    for kind in (
        SURFACE, JUNCTION, LANE_USES, MARKINGS, SIGNS, ZONES, STRUCTURES, WORK_ZONES, TEMPORARY_SIGNALS,
        SIGNAL_FAILURES, JURISDICTION, DEMAND, CONNECTIVITY, POSITIONING, SENSOR_FAULTS,
    )
}  # fmt: skip
