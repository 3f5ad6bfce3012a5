"""Everything that can be said of a segment in words, from its rollout alone."""

from dataclasses import dataclass, replace

import numpy as np

from driving_data.labels import Boxes2D, Boxes3D, Caption, CausalGraph, Labels, MessageLabels, Relation
from driving_data.rollout import Rollout
from driving_data.segment import Raw, Segment
from generators.labels.predicates import View
from generators.labels.story.captions import captions_of
from generators.labels.story.causal import causal_graph
from generators.labels.story.events import happenings
from generators.labels.story.radio import message_labels
from generators.labels.story.relations import relations_of


@dataclass(frozen=True, slots=True, eq=False)
class Story:
    """What is said of a drive; fields as in `Labels`."""

    relations: tuple[Relation, ...]
    captions: tuple[Caption, ...]
    causes: CausalGraph
    messages: MessageLabels | None


def story_of(rollout: Rollout, steps: tuple[int, ...], seed: int, boxes: Boxes3D | None = None) -> Story:
    """Relations at those moments, and captions, causes and messages of the whole drive.

    Args:
        rollout: what happened.
        steps: indices of the moments at which relations are asked.
        seed: of the wording.
        boxes: labels that counted visible pixels, for what hides whom.
    """
    view = View.of(rollout)
    events = happenings(view)
    return Story(
        relations_of(view, steps, boxes), captions_of(view, events, seed), causal_graph(view, events),
        message_labels(view, events),
    )  # fmt: skip


def narrate(segment: Segment[Raw], seed: int = 0) -> Labels:
    """The segment's labels with relations, captions, causes and message labels; the same seed gives the same bytes.

    Relations are asked at the labelled moments; at every moment where a segment has no labels yet.
    """
    labels = segment.labels
    steps = range(segment.rollout.num_steps) if labels is None else np.unique(labels.boxes_3d.step).tolist()
    made = story_of(segment.rollout, tuple(int(k) for k in steps), seed, None if labels is None else labels.boxes_3d)
    return replace(
        no_labels() if labels is None else labels,
        relations=made.relations, captions=made.captions, causes=made.causes, messages=made.messages,
    )  # fmt: skip


def no_labels() -> Labels:
    """Labels without a box."""
    none, real = np.zeros(0, np.int64), np.zeros(0)
    corners = np.zeros((0, 4), np.float32)
    return Labels(
        Boxes3D(none, none, none, none, real), Boxes2D(none, none, corners, corners, none, real)
    )  # fmt: skip
