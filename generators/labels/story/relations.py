"""How things stand to each other at a moment: names, statements and values, with one definition each.

A relation holds where its statement does (definitions of the words: `generators.labels.predicates.functions`). Pairs
are asked of moving actors within 50 m of each other and of the ego, or with the ego as one of the two.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from driving_data.labels import Boxes3D, Relation
from driving_data.taxonomy import VULNERABLE
from generators.labels.predicates import FUNCTIONS, View
from generators.labels.predicates.sight import nearest_blocker

REACH_M = 50.0
FOLLOWS_S = 4.0
APPROACH_S = 10.0
YIELD_REACH_M = 40.0
OCCLUDED_SHARE = 0.1
STOPPED_AT_M = 5.0


@dataclass(frozen=True, slots=True)
class RelationKind:
    """A relation: its statement over `{a}` and `{b}`, and the quantity that it carries."""

    statement: str
    value: str
    unit: str


RELATIONS: Mapping[str, RelationKind] = {
    "in_front_of": RelationKind("ahead_of({a}, {b}) and lateral_gap({b}, {a}) == 0", "gap({b}, {a})", "m"),
    "behind": RelationKind("gap({b}, {a}) < 0 and lateral_gap({b}, {a}) == 0", "-gap({b}, {a})", "m"),
    "left_of": RelationKind("left_of({a}, {b})", "lateral_gap({b}, {a})", "m"),
    "right_of": RelationKind("right_of({a}, {b})", "lateral_gap({b}, {a})", "m"),
    "same_lane": RelationKind("same_lane({a}, {b})", "", ""),
    "oncoming": RelationKind("oncoming({a}, {b})", "distance({a}, {b})", "m"),
    "following": RelationKind(
        "same_lane({a}, {b}) and ahead_of({b}, {a}) and headway({a}, {b}) <= 4 s, and nobody between",
        "headway({a}, {b})", "s"),
    "approaching": RelationKind("time_to_collision({a}, {b}) <= 10 s", "time_to_collision({a}, {b})", "s"),
    "crossing_path_of": RelationKind("crossing_path({a}, {b})", "distance({a}, {b})", "m"),
    "yields_to": RelationKind(
        "crossing_path({b}, {a}) and (brakes({a}) or stands({a})) and distance({a}, {b}) <= 40 m", "distance({a}, {b})",
        "m"),
    "occluded_by": RelationKind(
        "{b} blocks at least a tenth of the ego's sight of {a}, more than anybody else", "hidden share of {a}", "1"),
    "controlled_by": RelationKind("controlled_by({a}, {b}): {b} is a traffic light", "stop_distance({a}, {b})", "m"),
    "stopped_at": RelationKind("stands({a}) and controlled_by({a}, {b}) and stop_distance({a}, {b}) <= 5 m",
                               "stop_distance({a}, {b})", "m"),
}  # fmt: skip


def relations_of(view: View, steps: Sequence[int], boxes: Boxes3D | None = None) -> tuple[Relation, ...]:
    """Every relation at these moments, by moment.

    Args:
        view: the drive.
        steps: indices of moments.
        boxes: labels whose `visible_fraction` is taken for the hidden share where they have it.
    """
    asked = np.array(sorted(set(steps)), dtype=np.int64)
    rows = [row for pair in _pairs(view, asked) for row in _between(view, *pair, asked)]
    rows += [row for row in _lights(view, asked)]
    rows += [row for row in _hidden(view, asked, boxes)]
    return tuple(sorted(rows, key=lambda r: (r.step, r.subject, r.predicate, r.object)))


def _of(view: View, name: str, *arguments: str) -> np.ndarray:
    return FUNCTIONS[name].values(view, arguments)


def _pairs(view: View, asked: Int[np.ndarray, "n"]) -> Iterator[tuple[str, str]]:
    """Ordered pairs that are near enough at one of the moments; what never moves only with the ego."""
    center = view.center_m[asked]
    ego = center[:, view.rollout.ego_index]
    reach = np.nan_to_num(np.linalg.norm(center - ego[:, None], axis=-1), nan=np.inf).min(axis=0) <= REACH_M
    moves = np.nan_to_num(np.linalg.norm(view.velocity_mps, axis=-1)).max(axis=0) > 0.3
    for i, a in enumerate(view.ids):
        for j, b in enumerate(view.ids):
            with_ego = view.ego in (a, b)
            if i == j or not (reach[i] and reach[j]) or not (with_ego or (moves[i] and moves[j])):
                continue
            apart = np.nan_to_num(np.linalg.norm(center[:, i] - center[:, j], axis=-1), nan=np.inf)
            if apart.min() <= REACH_M:
                yield a, b


def _between(view: View, a: str, b: str, asked: Int[np.ndarray, "n"]) -> Iterator[Relation]:
    gap, side = _of(view, "gap", b, a), _of(view, "lateral_gap", b, a)
    near = _of(view, "distance", a, b)
    there = view.here(a) & view.here(b) & (near <= REACH_M)
    same, headway = _of(view, "same_lane", a, b), _of(view, "headway", a, b)
    ttc, gives = _of(view, "time_to_collision", a, b), _of(view, "brakes", a) | _of(view, "stands", a)
    crosses = _of(view, "crossing_path", b, a)
    columns: tuple[tuple[str, np.ndarray, np.ndarray | None], ...] = (
        ("in_front_of", (gap > 0) & (side == 0), gap),
        ("behind", (gap < 0) & (side == 0), -gap),
        ("left_of", _of(view, "left_of", a, b), side),
        ("right_of", _of(view, "right_of", a, b), side),
        ("same_lane", same, None),
        ("oncoming", _of(view, "oncoming", a, b), near),
        ("approaching", ttc <= APPROACH_S, ttc),
        ("crossing_path_of", _of(view, "crossing_path", a, b), near),
        ("yields_to", crosses & gives & (near <= YIELD_REACH_M), near),
        ("following", same & _of(view, "ahead_of", b, a) & (headway <= FOLLOWS_S), headway),
    )
    for name, holds, value in columns:
        for k in asked[holds[asked] & there[asked]]:
            if name == "following" and not nobody_between(view, a, b, int(k)):
                continue
            yield Relation(int(k), a, name, b, None if value is None else round(float(value[k]), 4))


def nobody_between(view: View, a: str, b: str, k: int) -> bool:
    """Whether no third one is in a's lane ahead of it and nearer than b."""
    room = float(_of(view, "gap", a, b)[k])
    for other in view.ids:
        if other in (a, b) or not view.here(other)[k]:
            continue
        if 0.0 < float(_of(view, "gap", a, other)[k]) < room and bool(_of(view, "same_lane", a, other)[k]):
            return False
    return True


def _lights(view: View, asked: Int[np.ndarray, "n"]) -> Iterator[Relation]:
    vehicles = [a for a in view.ids if view.is_vehicle(a) or view.kind(a) in VULNERABLE]
    for signal in view.rollout.signals.ids:
        for a in vehicles:
            ruled, room = _of(view, "controlled_by", a, signal), _of(view, "stop_distance", a, signal)
            near = np.linalg.norm(view.center_m[:, view.index(a)] - view.center_m[:, view.rollout.ego_index], axis=-1)
            stands = _of(view, "stands", a) & (room <= STOPPED_AT_M)
            for k in asked[ruled[asked] & (near[asked] <= REACH_M)]:
                yield Relation(int(k), a, "controlled_by", signal, round(float(room[k]), 4))
                if stands[k]:
                    yield Relation(int(k), a, "stopped_at", signal, round(float(room[k]), 4))


def _hidden(view: View, asked: Int[np.ndarray, "n"], boxes: Boxes3D | None) -> Iterator[Relation]:
    seen = _seen(boxes)
    ego = view.rollout.ego_index
    apart = np.linalg.norm(view.center_m - view.center_m[:, [ego]], axis=-1)
    for i, a in enumerate(view.ids):
        there = asked[np.nan_to_num(apart[asked, i], nan=np.inf) <= REACH_M] if i != ego else asked[:0]
        if len(there) == 0:
            continue
        who, share = nearest_blocker(view, view.ego, a)
        for k in there[(share[there] >= OCCLUDED_SHARE) & (who[there] >= 0)]:
            hidden = seen.get((int(k), i))
            yield Relation(int(k), a, "occluded_by", view.ids[int(who[k])],
                           round(float(share[k]) if hidden is None else hidden, 4))  # fmt: skip


def _seen(boxes: Boxes3D | None) -> dict[tuple[int, int], float]:
    """Hidden share by moment and actor, where pixels were counted."""
    if boxes is None:
        return {}
    rows = zip(boxes.step, boxes.actor, boxes.visible_fraction, strict=True)
    return {(int(k), int(i)): 1.0 - float(seen) for k, i, seen in rows if np.isfinite(seen)}
