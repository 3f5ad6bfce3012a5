"""At-fault collisions as nuPlan tells them apart, and their score.

Types, tried in this order at the first frame at which the boxes of ego and track meet (touching counts; the track is
then dropped): STOPPED_EGO where the ego's speed is at most 0.05 m/s; STOPPED_TRACK where the track's is, or the track
is an object; ACTIVE_REAR where the bearing of the track's centre from the ego's rear axle is over 150 degrees;
ACTIVE_FRONT where the ego's front edge meets the track's box; else LATERAL. At fault are STOPPED_TRACK, ACTIVE_FRONT,
and LATERAL where the ego's corners are not in one lane or in connected ones.
score = product over {vulnerable, vehicle: allowed 0; object: allowed 1} of max(0, 1 - n / (allowed + 1)).
Source: nuplan-devkit e924167, no_ego_at_fault_collisions. Its classes: bicycles hold all two-wheelers, objects hold
animals and debris. Chosen where it is silent: a simulator that resolves contacts moves bodies apart and changes their
speeds in the frame of the contact; where the rollout records such a contact as an event, its frame counts as a
meeting, speeds are those of the frame before, and the front edge is tested with 5 cm of tolerance.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Bool

from closed_loop.metrics.boxes import edge_meets_box, overlap_m
from closed_loop.metrics.collision import Contact, ContactType, recorded_contacts
from closed_loop.metrics.drive import Drive
from closed_loop.metrics.nuplan.lanes import in_one_lane, index_of
from driving_data.taxonomy import PEDESTRIANS, TWO_WHEELERS, VEHICLES, ActorClass

STOPPED_MPS = 0.05
BEHIND_RAD = float(np.deg2rad(150.0))
ALLOWED = {"vulnerable": 0, "vehicle": 0, "object": 1}
_MASS_KG = 2000.0
_TOUCH_M = 1e-9
_RESOLVED_M = 0.05


def category(kind: ActorClass) -> str:
    """'vulnerable', 'vehicle' or 'object'."""
    if kind in PEDESTRIANS | TWO_WHEELERS:
        return "vulnerable"
    return "vehicle" if kind in VEHICLES else "object"


def is_agent(kind: ActorClass) -> bool:
    """Whether the class is one that moves by itself, in nuPlan's sense."""
    return category(kind) != "object"


def contact_type(
    ego_speed_mps: float, track_speed_mps: float, agent: bool, bearing_rad: float, front_meets: bool
) -> ContactType:
    """The first case that applies.

    Args:
        ego_speed_mps: of the ego.
        track_speed_mps: of the track.
        agent: whether the track is a vehicle or a person rather than an object.
        bearing_rad: angle at the ego's rear axle between its heading and the track's centre, 0 to pi.
        front_meets: whether the ego's front edge meets the track's box.
    """
    if ego_speed_mps <= STOPPED_MPS:
        return ContactType.STOPPED_EGO
    if not agent or track_speed_mps <= STOPPED_MPS:
        return ContactType.STOPPED_TRACK
    if bearing_rad > BEHIND_RAD:
        return ContactType.ACTIVE_REAR
    return ContactType.ACTIVE_FRONT if front_meets else ContactType.LATERAL


def is_at_fault(how: ContactType, in_one_lane: bool) -> bool:
    """Whether nuPlan blames the ego."""
    lateral = how is ContactType.LATERAL and not in_one_lane
    return how in (ContactType.STOPPED_TRACK, ContactType.ACTIVE_FRONT) or lateral


def delta_v_mps(
    ego_speed_mps: float,
    track_speed_mps: float,
    turn_rad: float,
    ego_mass_kg: float = _MASS_KG,
    track_mass_kg: float = _MASS_KG,
) -> float:
    """Loss of the ego's velocity: m_o / (m_o + m_e) sqrt(v_e^2 + v_o^2 - 2 v_e v_o cos(turn))."""
    squared = ego_speed_mps**2 + track_speed_mps**2 - 2 * ego_speed_mps * track_speed_mps * np.cos(turn_rad)
    return float(track_mass_kg / (track_mass_kg + ego_mass_kg) * np.sqrt(max(squared, 0.0)))


def at_fault_score(num_vulnerable: int, num_vehicle: int, num_object: int) -> float:
    """The product over the three categories."""
    counts = {"vulnerable": num_vulnerable, "vehicle": num_vehicle, "object": num_object}
    return float(np.prod([max(0.0, 1.0 - counts[name] / (ALLOWED[name] + 1)) for name in ALLOWED]))


def score_of(found: tuple[Contact, ...]) -> float:
    """`at_fault_score` of contacts."""
    blamed = [category(contact.kind) for contact in found if contact.at_fault]
    return at_fault_score(*(blamed.count(name) for name in ("vulnerable", "vehicle", "object")))


@lru_cache(maxsize=8)
def ego_in_one_lane(drive: Drive) -> Bool[np.ndarray, "T"]:
    """Whether the ego's corners are in one lane or in connected ones; never where there is no lane map."""
    lane_map = drive.rollout.lane_map
    if lane_map is None:
        return np.zeros(drive.num_steps, dtype=bool)
    return in_one_lane(index_of(lane_map), drive.corners_m)


@dataclass(frozen=True, slots=True)
class _Moment:
    step: int
    before: int
    column: int
    resolved: bool


@lru_cache(maxsize=8)
def nuplan_contacts(drive: Drive) -> tuple[Contact, ...]:
    """First contacts of the ego with each track, in time order."""
    other = drive.others
    meets = boxes_meet(drive)
    recorded = recorded_contacts(drive)
    both = meets | recorded
    found: list[Contact] = []
    for column in np.flatnonzero(both.any(axis=0)):
        step = int(np.argmax(both[:, column]))
        resolved = bool(recorded[step, column])
        before = step - 1 if resolved and step > 0 and bool(other.valid[step - 1, column]) else step
        found.append(_contact(drive, _Moment(step, before, int(column), resolved)))
    return tuple(sorted(found, key=lambda contact: (contact.step, contact.actor_id)))


def boxes_meet(drive: Drive) -> Bool[np.ndarray, "T N"]:
    """Whether the boxes of ego and tracks meet; touching counts, absent tracks do not."""
    other = drive.others
    depth = overlap_m(
        drive.center_m[:, None], drive.yaw_rad[:, None], drive.size_m, other.center_m, other.yaw_rad, other.size_m
    )
    return np.where(np.isnan(depth), -np.inf, depth) >= -_TOUCH_M


def _contact(drive: Drive, at: _Moment) -> Contact:
    other = drive.others
    kind = other.kind[at.column]
    ego_speed, speed = float(drive.speed_mps[at.before]), float(other.speed_mps[at.before, at.column])
    if not is_agent(kind):
        speed = 0.0
    turn = float(drive.yaw_rad[at.before] - other.yaw_rad[at.before, at.column])
    bearing = float(drive.bearing_rad[at.step, at.column])
    how = contact_type(ego_speed, speed, is_agent(kind), bearing, _front_meets(drive, at))
    blame = is_at_fault(how, bool(ego_in_one_lane(drive)[at.step]))
    velocity = drive.velocity_mps[at.before] - other.velocity_mps[at.before, at.column]
    return Contact(
        step=at.step, time_s=float(drive.time_s[at.step]), actor_id=other.ids[at.column], kind=kind, type=how,
        at_fault=blame, impact_speed_mps=float(np.hypot(velocity[0], velocity[1])),
        delta_v_mps=delta_v_mps(ego_speed, speed, turn),
    )  # fmt: skip


def _front_meets(drive: Drive, at: _Moment) -> bool:
    other, one = drive.others, slice(at.column, at.column + 1)
    slack = _RESOLVED_M if at.resolved else _TOUCH_M
    front = drive.corners_m[at.step, :2] + slack * drive.forward[at.step]
    meets = edge_meets_box(
        front[:1], front[1:], other.center_m[at.step, one], other.yaw_rad[at.step, one], other.size_m[one] + 2 * slack
    )
    return bool(meets[0])
