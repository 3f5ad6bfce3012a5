"""Everybody is somebody, once, of one kind, and of a size that fits it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from driving_data.segment import Raw, Segment
from driving_data.taxonomy import SEMANTIC_OF_ACTOR, TWO_WHEELERS, ActorClass, SemanticClass
from driving_data.verdict import Verdict
from validation.verdicts import Rule, is_real

# Length and width that a member of each class may have, in metres: lowest and highest of length, of width, of height.
_EXTENTS: Mapping[ActorClass, tuple[float, ...]] = {
    ActorClass.CAR: (1.8, 8.0, 0.9, 3.3, 0.7, 4.0),
    ActorClass.VAN: (2.5, 14.0, 1.2, 3.6, 1.0, 4.5),
    ActorClass.TRUCK: (2.5, 22.0, 1.2, 4.5, 1.2, 5.5),
    ActorClass.TRAILER: (0.8, 22.0, 0.5, 4.5, 0.3, 5.5),
    ActorClass.BUS: (4.0, 25.0, 1.5, 4.5, 1.8, 5.5),
    ActorClass.EMERGENCY_VEHICLE: (2.5, 14.0, 1.2, 3.6, 1.0, 4.5),
    ActorClass.CONSTRUCTION_VEHICLE: (1.0, 20.0, 0.7, 6.0, 0.8, 8.0),
    ActorClass.MOTORCYCLE: (0.8, 3.5, 0.3, 2.0, 0.5, 2.5),
    ActorClass.BICYCLE: (0.5, 3.0, 0.2, 1.6, 0.5, 2.4),
    ActorClass.E_SCOOTER: (0.3, 3.5, 0.2, 2.0, 0.5, 2.4),
    ActorClass.PEDESTRIAN: (0.2, 2.2, 0.2, 2.2, 0.6, 2.4),
    ActorClass.CHILD: (0.2, 1.6, 0.2, 1.6, 0.4, 1.8),
    ActorClass.WHEELCHAIR: (0.4, 2.2, 0.3, 1.6, 0.6, 2.2),
    ActorClass.FLAGGER: (0.2, 2.2, 0.2, 2.2, 0.8, 2.4),
}


@dataclass(frozen=True, slots=True)
class Identity:
    """Ids are unique, extents fit their class, labels point at valid actors, pixels and points show their class.

    Attributes:
        name: registered name.
        version: of the definition.
        min_agreement: part of an actor's pixels or points whose semantic class must be the actor's.
        min_samples: actors with fewer pixels or points in a frame are not compared.
        real_slack: extents of a real log may leave the range of their class by this part: what is half hidden is
            drawn small.
        extents: own ranges by class name: lowest and highest of length, width, height; empty for the usual ones.
    """

    name: str = "identity"
    version: str = "1.0.0"
    min_agreement: float = 0.97
    min_samples: int = 20
    real_slack: float = 0.25
    extents: Mapping[str, tuple[float, ...]] = field(default_factory=lambda: {})

    def judge(self, segment: Segment[Raw]) -> Verdict:
        """Score: the number of contradictions found."""
        rule = Rule(self.name, self.version, "contradictions")
        faults = [*self._actors(segment), *self._labels(segment), *self._seen(segment)]
        reason = str(faults[0]["fault"]) if faults else ""
        return rule.at_most(float(len(faults)), 0.0, reason, {"worst": faults[:10]})

    def _actors(self, segment: Segment[Raw]) -> list[dict[str, Any]]:
        actors = segment.rollout.actors
        slack = self.real_slack if is_real(segment) else 0.0
        faults: list[dict[str, Any]] = []
        seen: set[str] = set()
        for index, name in enumerate(actors.ids):
            if name in seen:
                faults.append({"actor": name, "fault": f"the id {name!r} is given twice"})
            seen.add(name)
            if int(actors.kind[index]) not in list(ActorClass):
                faults.append({"actor": name, "fault": f"{name} is of no known class"})
                continue
            kind = actors.kind_of(index)
            ranges = self.extents.get(kind.label, _EXTENTS.get(kind, (0.01, 60.0, 0.01, 60.0, 0.01, 30.0)))
            size = actors.size_m[index]
            for axis, word in enumerate(("length", "width", "height")):
                low, high = ranges[2 * axis] * (1 - slack), ranges[2 * axis + 1] * (1 + slack)
                if not low <= size[axis] <= high:
                    faults.append({"actor": name, "class": kind.label, "value": float(size[axis]),
                                   "fault": f"{name}, a {kind.label}, has a {word} of {size[axis]:.2f} m"})  # fmt: skip
        return faults

    def _labels(self, segment: Segment[Raw]) -> list[dict[str, Any]]:
        if segment.labels is None:
            return []
        rollout, boxes = segment.rollout, segment.labels.boxes_3d
        faults: list[dict[str, Any]] = []
        inside = (boxes.step >= 0) & (boxes.step < rollout.num_steps) & (boxes.actor >= 0)
        inside &= boxes.actor < rollout.num_actors
        for row in np.flatnonzero(~inside)[:3]:
            faults.append({"row": int(row), "fault": f"3D box {row} belongs to no moment or actor"})
        step, actor = boxes.step[inside], boxes.actor[inside]
        absent = ~rollout.valid[step, actor]
        late = boxes.timestamp_ns[inside] != rollout.timestamps_ns[step]
        for bad, words in ((absent, "labelled where it is not"), (late, "labelled at another time than its pose")):
            for row in np.flatnonzero(bad)[:3]:
                name = rollout.actors.ids[int(actor[row])]
                faults.append({"actor": name, "timestamp_ns": int(rollout.timestamps_ns[step[row]]),
                               "fault": f"{name} is {words}"})  # fmt: skip
        pairs = step.astype(np.int64) * rollout.num_actors + actor
        if len(np.unique(pairs)) != len(pairs):
            faults.append({"fault": "an actor is labelled twice at one moment"})
        flat = segment.labels.boxes_2d
        wrong = (flat.frame < 0) | (flat.frame >= len(segment.frames))
        wrong |= (flat.actor < 0) | (flat.actor >= rollout.num_actors)
        for row in np.flatnonzero(wrong)[:3]:
            faults.append({"row": int(row), "fault": f"2D box {row} belongs to no frame or actor"})
        return faults

    def _seen(self, segment: Segment[Raw]) -> list[dict[str, Any]]:
        faults: list[dict[str, Any]] = []
        for frame in segment.frames:
            if frame.instance is not None and frame.semantic is not None:
                faults += self._compare(segment, frame.instance, frame.semantic, frame.camera, frame.timestamp_ns)
        for sweep in segment.sweeps:
            if sweep.instance is not None and sweep.semantic is not None:
                faults += self._compare(segment, sweep.instance, sweep.semantic, sweep.lidar, sweep.timestamp_ns)
        return faults

    def _compare(self, segment: Segment[Raw], instance: np.ndarray, semantic: np.ndarray, sensor: str,
                 timestamp_ns: int) -> list[dict[str, Any]]:  # fmt: skip
        actors = segment.rollout.actors
        shown = instance > 0
        number, kind = instance[shown].astype(np.int64) - 1, semantic[shown]
        faults: list[dict[str, Any]] = []
        for actor in np.unique(number):
            if actor >= len(actors):
                faults.append(
                    {"timestamp_ns": timestamp_ns, "fault": f"{sensor} shows actor {actor}, whom nobody knows"}
                )
                continue
            own = kind[number == actor]
            if len(own) < self.min_samples:
                continue
            agree = float(np.isin(own, [int(item) for item in _shown_as(actors.kind_of(int(actor)))]).mean())
            if agree < self.min_agreement:
                faults.append({
                    "actor": actors.ids[int(actor)], "timestamp_ns": timestamp_ns, "value": agree,
                    "fault": f"{sensor} shows {actors.ids[int(actor)]} as another class in {100 * (1 - agree):.0f} %",
                })  # fmt: skip
        return faults


def _shown_as(kind: ActorClass) -> tuple[SemanticClass, ...]:
    """Classes that an actor's pixels may have: a two-wheeler also shows its rider."""
    own = SEMANTIC_OF_ACTOR[kind]
    return (own, SemanticClass.RIDER) if kind in TWO_WHEELERS else (own,)
