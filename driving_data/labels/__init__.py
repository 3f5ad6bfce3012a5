"""Labels: boxes, geometry, states, narrative, and `Labels` that holds them all."""

from driving_data.labels.boxes import (
    Boxes2D,
    Boxes3D,
    PartBoxes3D,
    SurfaceBoxes2D,
)
from driving_data.labels.geometry import (
    KEYPOINTS,
    OCCUPANCY_CLASSES,
    OCCUPANCY_FREE,
    OCCUPANCY_LOWEST_M,
    OCCUPANCY_SHAPE,
    OCCUPANCY_VOXEL_M,
    Keypoints,
    MapElement,
    Occupancy,
)
from driving_data.labels.labels import (
    FURTHER_LABELS,
    Labels,
)
from driving_data.labels.messages import MessageLabels
from driving_data.labels.narrative import (
    Caption,
    CausalEdge,
    CausalGraph,
    CausalNode,
    ReasoningPath,
    ReasoningStep,
    ReasoningTrace,
    Relation,
    StepVerdict,
)
from driving_data.labels.states import (
    ConditionLabels,
    ControlLabels,
    IlluminationLabels,
)

__all__ = [
    "FURTHER_LABELS",
    "KEYPOINTS",
    "OCCUPANCY_CLASSES",
    "OCCUPANCY_FREE",
    "OCCUPANCY_LOWEST_M",
    "OCCUPANCY_SHAPE",
    "OCCUPANCY_VOXEL_M",
    "Boxes2D",
    "Boxes3D",
    "Caption",
    "CausalEdge",
    "CausalGraph",
    "CausalNode",
    "ConditionLabels",
    "ControlLabels",
    "IlluminationLabels",
    "Keypoints",
    "Labels",
    "MapElement",
    "MessageLabels",
    "Occupancy",
    "PartBoxes3D",
    "ReasoningPath",
    "ReasoningStep",
    "ReasoningTrace",
    "Relation",
    "StepVerdict",
    "SurfaceBoxes2D",
]
