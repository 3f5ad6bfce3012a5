"""Everything that is known of a segment beyond its sensors: exact where a simulator knows, else what the log says."""

from dataclasses import dataclass

from driving_data.labels.boxes import Boxes2D, Boxes3D, PartBoxes3D, SurfaceBoxes2D
from driving_data.labels.geometry import Keypoints, MapElement, Occupancy
from driving_data.labels.messages import MessageLabels
from driving_data.labels.narrative import Caption, CausalGraph, ReasoningTrace, Relation
from driving_data.labels.states import ConditionLabels, ControlLabels, IlluminationLabels
from driving_data.sensors.faults import Reliability
from driving_data.taxonomy import ONTOLOGY_VERSION


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Labels of a segment. Tracks are the rollout's actors: the same index is the same actor.

    Attributes:
        boxes_3d: boxes in space.
        boxes_2d: boxes in pictures.
        ontology_version: of `taxonomy`.
        keypoints: of people; None where they were not asked for, as with each of the following.
        illumination: what can be made out in the present light.
        occupancy: voxels, one per labelled moment.
        map_elements: the map as it holds and is seen at each labelled moment.
        controls: traffic lights, signs and flaggers.
        conditions: light, weather and road works.
        reliability: how far each look of each sensor may be believed.
        relations: how things stand to each other.
        captions: sentences about spans of time, true ones and wrong ones.
        causes: what led to what.
        reasoning: questions, ways to answer them, and what each step is worth.
        parts: boxes of the moving parts of actors.
        surfaces: boxes around the whole projected surface of actors.
        messages: how old and sure radio messages were, and what followed.
    """

    boxes_3d: Boxes3D
    boxes_2d: Boxes2D
    ontology_version: str = ONTOLOGY_VERSION
    keypoints: Keypoints | None = None
    illumination: IlluminationLabels | None = None
    occupancy: tuple[Occupancy, ...] = ()
    map_elements: tuple[MapElement, ...] = ()
    controls: ControlLabels | None = None
    conditions: ConditionLabels | None = None
    reliability: Reliability | None = None
    relations: tuple[Relation, ...] = ()
    captions: tuple[Caption, ...] = ()
    causes: CausalGraph | None = None
    reasoning: tuple[ReasoningTrace, ...] = ()
    parts: PartBoxes3D | None = None
    surfaces: SurfaceBoxes2D | None = None
    messages: MessageLabels | None = None


_ALWAYS = ("boxes_3d", "boxes_2d", "ontology_version")
FURTHER_LABELS = tuple(name for name in Labels.__dataclass_fields__ if name not in _ALWAYS)
