"""Collisions of the ego: who, how fast, and whose fault, after the definition of nuPlan.

A contact is the first moment at which the boxes of ego and actor overlap, or at which the rollout records a
'collision' event of the two (simulators that resolve contacts may put bodies back to the moment of touching).
Source: nuplan-devkit, no_ego_at_fault_collisions, read at commit e924167 (metric version 1.0 there).
Differences: speeds are those one moment before the contact, because afterwards a simulator with contact dynamics
has already changed them; edges are tested with 5 cm of tolerance for the same reason; a lateral contact without a
lane map counts as the ego's fault; animals count as vulnerable.
"""

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

import numpy as np

from closed_loop.metrics.boxes import edge_meets_box, overlap_m
from closed_loop.metrics.definition import Direction, Metric, MetricValue, Scale
from closed_loop.metrics.drive import Drive
from driving_data.taxonomy import STATIC_OBJECTS, VULNERABLE, ActorClass

STOPPED_MPS = 0.05
TOUCH_M = 0.05
BEHIND_RAD = np.deg2rad(150.0)
_NUPLAN = "nuPlan closed-loop score (nuplan-devkit e924167, no_ego_at_fault_collisions)"


class ContactType(Enum):
    """How the ego met the actor, in the order in which the cases are tried."""

    STOPPED_EGO = "stopped_ego"
    STOPPED_TRACK = "stopped_track"
    ACTIVE_REAR = "active_rear"
    ACTIVE_FRONT = "active_front"
    LATERAL = "lateral"


@dataclass(frozen=True, slots=True)
class Contact:
    """The first contact of the ego with one actor.

    Attributes:
        step: index into the drive's moments.
        time_s: when.
        actor_id: with whom.
        kind: class of the actor.
        type: how.
        at_fault: whether nuPlan's definition blames the ego.
        impact_speed_mps: magnitude of the relative velocity just before.
        delta_v_mps: change of the ego's velocity in a fully inelastic impact of equal masses: half of it.
    """

    step: int
    time_s: float
    actor_id: str
    kind: ActorClass
    type: ContactType
    at_fault: bool
    impact_speed_mps: float
    delta_v_mps: float


@lru_cache(maxsize=4)
def contacts(drive: Drive) -> tuple[Contact, ...]:
    """First contacts of the ego with each actor, in time order."""
    other = drive.others
    depth = overlap_m(
        drive.center_m[:, None], drive.yaw_rad[:, None], drive.size_m, other.center_m, other.yaw_rad, other.size_m
    )
    touches = (np.where(np.isnan(depth), -1.0, depth) > 0.0) | recorded_contacts(drive)
    found = [
        _contact(drive, int(np.argmax(touches[:, column])), int(column))
        for column in np.flatnonzero(touches.any(axis=0))
    ]
    return tuple(sorted(found, key=lambda contact: (contact.step, contact.actor_id)))


def recorded_contacts(drive: Drive) -> np.ndarray:
    """Contacts that the rollout's events record, shape (T, N)."""
    rollout, other = drive.rollout, drive.others
    ego = rollout.actors.ids[rollout.ego_index]
    column = {name: k for k, name in enumerate(other.ids)}
    recorded = np.zeros(other.valid.shape, dtype=bool)
    moments = rollout.timestamps_ns[drive.step]
    for event in rollout.events:
        if event.kind == "collision" and ego in event.actor_ids:
            row = min(int(np.searchsorted(moments, event.timestamp_ns)), len(moments) - 1)
            for name in event.actor_ids:
                if name in column and other.valid[row, column[name]]:
                    recorded[row, column[name]] = True
    return recorded


def _recorded_speed(drive: Drive, step: int, actor_id: str) -> float | None:
    """Impact speed that the simulator recorded for this contact, where it did."""
    rollout = drive.rollout
    names = {rollout.actors.ids[rollout.ego_index], actor_id}
    for event in rollout.events:
        same = event.kind == "collision" and set(event.actor_ids) == names
        if same and event.timestamp_ns == int(rollout.timestamps_ns[drive.step[step]]):
            speed = event.data.get("impact_speed_mps")
            return None if speed is None else float(speed)
    return None


def _contact(drive: Drive, step: int, column: int) -> Contact:
    other = drive.others
    before = max(step - 1, 0)
    if not other.valid[before, column]:
        before = step
    relative = drive.velocity_mps[before] - other.velocity_mps[before, column]
    impact = _recorded_speed(drive, step, other.ids[column]) or float(np.hypot(relative[0], relative[1]))
    kind = other.kind[column]
    how = _contact_type(drive, step, before, column)
    lateral = how is ContactType.LATERAL and (drive.place is None or not bool(drive.place.in_one_lane[step]))
    at_fault = how in (ContactType.STOPPED_TRACK, ContactType.ACTIVE_FRONT) or lateral
    return Contact(step, float(drive.time_s[step]), other.ids[column], kind, how, bool(at_fault), impact, 0.5 * impact)


def _contact_type(drive: Drive, step: int, before: int, column: int) -> ContactType:
    other = drive.others
    if drive.speed_mps[before] <= STOPPED_MPS:
        return ContactType.STOPPED_EGO
    if other.speed_mps[before, column] <= STOPPED_MPS or other.kind[column] in STATIC_OBJECTS:
        return ContactType.STOPPED_TRACK
    if drive.bearing_rad[step, column] > BEHIND_RAD:
        return ContactType.ACTIVE_REAR
    front = drive.corners_m[step, :2] + TOUCH_M * drive.forward[step]
    meets = edge_meets_box(
        front[:1],
        front[1:],
        other.center_m[step, column : column + 1],
        other.yaw_rad[step, column : column + 1],
        other.size_m[column : column + 1] + 2 * TOUCH_M,
    )
    return ContactType.ACTIVE_FRONT if bool(meets[0]) else ContactType.LATERAL


def _describe(contact: Contact) -> str:
    whose = "at fault" if contact.at_fault else "not at fault"
    how = contact.type.value.replace("_", " ")
    return f"hit {contact.actor_id} ({contact.kind.label}) at {contact.impact_speed_mps:.1f} m/s, {how}, {whose}"


def _evidence(found: tuple[Contact, ...]) -> dict[str, object]:
    return {
        "contacts": [
            {"actor": c.actor_id, "kind": c.kind.label, "type": c.type.value, "at_fault": c.at_fault,
             "time_s": c.time_s, "impact_speed_mps": c.impact_speed_mps, "delta_v_mps": c.delta_v_mps}
            for c in found
        ]
    }  # fmt: skip


def collision(drive: Drive) -> MetricValue:
    """1 where the ego touched anyone, whoever was to blame."""
    return _flag(contacts(drive))


def at_fault_collision(drive: Drive) -> MetricValue:
    """1 where the ego caused a contact."""
    return _flag(tuple(contact for contact in contacts(drive) if contact.at_fault))


def _flag(found: tuple[Contact, ...]) -> MetricValue:
    if not found:
        return MetricValue(0.0)
    return MetricValue(1.0, reason=_describe(found[0]), at_s=found[0].time_s, evidence=_evidence(found))


def impact_speed(drive: Drive) -> MetricValue:
    """Greatest relative speed of a contact; 0 without one."""
    found = contacts(drive)
    if not found:
        return MetricValue(0.0)
    worst = max(found, key=lambda contact: contact.impact_speed_mps)
    return MetricValue(worst.impact_speed_mps, reason=_describe(worst), at_s=worst.time_s)


def collision_score(found: tuple[Contact, ...]) -> float:
    """NuPlan's multiplier: the product over classes of max(0, 1 - n / (allowed + 1)) for n at-fault contacts.

    Allowed are 0 for vulnerable road users and vehicles, 1 for objects.
    """
    counts = {"vulnerable": 0, "vehicle": 0, "object": 0}
    for contact in found:
        if contact.at_fault:
            counts[_bucket(contact.kind)] += 1
    allowed = {"vulnerable": 0, "vehicle": 0, "object": 1}
    return float(np.prod([max(0.0, 1.0 - counts[name] / (allowed[name] + 1)) for name in counts]))


def _bucket(kind: ActorClass) -> str:
    if kind in (VULNERABLE - {ActorClass.MOTORCYCLE}) | {ActorClass.ANIMAL}:
        return "vulnerable"
    return "object" if kind in STATIC_OBJECTS or kind is ActorClass.OTHER else "vehicle"


METRICS = (
    Metric(
        "collision", "1.0.0", "Any collision", "", Direction.LOWER_IS_BETTER, Scale.RATE, _NUPLAN,
        "The ego's box touched another actor, whoever was to blame.", collision,
    ),
    Metric(
        "at_fault_collision", "1.0.0", "At-fault collision", "", Direction.LOWER_IS_BETTER, Scale.RATE, _NUPLAN,
        "The ego ran into a standing actor, hit one with its front, or touched one sideways while it was not in "
        "one lane.", at_fault_collision,
    ),
    Metric(
        "impact_speed", "1.0.0", "Impact speed", "m/s", Direction.LOWER_IS_BETTER, Scale.MEAN, _NUPLAN,
        "Magnitude of the relative velocity just before the worst contact; 0 without a contact.", impact_speed,
    ),
)  # fmt: skip

__all__ = ["METRICS", "Contact", "ContactType", "collision_score", "contacts", "recorded_contacts"]
