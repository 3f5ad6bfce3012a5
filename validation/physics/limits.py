"""How hard and how fast actors move: the friction circle, human limits, top speeds of classes."""

from dataclasses import dataclass, replace

import numpy as np

from driving_data.segment import Raw, Segment
from driving_data.taxonomy import PEDESTRIANS, VEHICLES, ActorClass
from driving_data.verdict import Verdict
from validation.motion import along_and_across, away_from_events, has_motion, motion_of, well_seen, wheeled
from validation.verdicts import Rule, is_real

_GRAVITY_MPS2 = 9.81


@dataclass(frozen=True, slots=True)
class FrictionCircle:
    """Tyres cannot give more than sqrt(ax^2 + ay^2) = mu g.

    Attributes:
        name: registered name.
        version: of the definition.
        real_friction: mu where a real log does not know the road: dry asphalt.
        sigmas: noise that may lie on top, in standard deviations.
        real_max_share: part of a real log's actor-moments that may break the limit.
        event_margin_s: time around labelled collisions that is left out.
    """

    name: str = "friction_circle"
    version: str = "1.0.0"
    real_friction: float = 0.9
    sigmas: float = 4.0
    real_max_share: float = 0.01
    event_margin_s: float = 0.5

    def judge(self, segment: Segment[Raw]) -> Verdict:
        """Score: highest ratio of the acceleration to its limit over all wheeled actors."""
        rule = Rule(self.name, self.version, "ratio")
        if reason := has_motion(segment):
            return rule.not_applicable(reason)
        rollout, motion = segment.rollout, motion_of(segment)
        if not wheeled(rollout).any():
            return rule.not_applicable("no actor on wheels")
        friction = self.real_friction if is_real(segment) else rollout.environment.road_friction
        limit = friction * _GRAVITY_MPS2 + self.sigmas * motion.acceleration_sigma
        value = np.linalg.norm(motion.acceleration_mps2, axis=-1)
        judged = wheeled(rollout) & well_seen(segment) & away_from_events(rollout, ("collision",), self.event_margin_s)
        ratio = np.where(judged, value / limit, np.nan)
        words = f"an acceleration of {{}} times what mu = {friction:.2f} allows"
        return rule.ratio(segment, ratio, value, words, self.real_max_share)


@dataclass(frozen=True, slots=True)
class KinematicEnvelope:
    """People drive gently: the comfort limits of nuPlan. Soft: a limit broken is a mark, not a refusal.

    Attributes:
        name: registered name.
        version: of the definition.
        max_acceleration_mps2: forward.
        max_deceleration_mps2: a magnitude.
        max_lateral_mps2: a magnitude.
        max_jerk_mps3: of both axes together.
        max_longitudinal_jerk_mps3: a magnitude.
        max_yaw_rate_radps: a magnitude.
        max_yaw_acceleration_radps2: a magnitude.
        sigmas: noise that may lie on top, in standard deviations.
        real_max_share: part of a real log's actor-moments that may break the limit.
    """

    name: str = "kinematic_envelope"
    version: str = "1.0.0"
    max_acceleration_mps2: float = 2.40
    max_deceleration_mps2: float = 4.05
    max_lateral_mps2: float = 4.89
    max_jerk_mps3: float = 8.37
    max_longitudinal_jerk_mps3: float = 4.13
    max_yaw_rate_radps: float = 0.95
    max_yaw_acceleration_radps2: float = 1.93
    sigmas: float = 4.0
    real_max_share: float = 0.05

    def judge(self, segment: Segment[Raw]) -> Verdict:
        """Score: highest ratio of any quantity to its limit over all vehicles."""
        rule = Rule(self.name, self.version, "ratio", hard=False)
        if reason := has_motion(segment):
            return rule.not_applicable(reason)
        rollout, motion = segment.rollout, motion_of(segment)
        vehicles = np.isin(rollout.actors.kind, [int(kind) for kind in VEHICLES])
        if not vehicles.any():
            return rule.not_applicable("no vehicle")
        acceleration = along_and_across(rollout, motion.acceleration_mps2)
        jerk = along_and_across(rollout, motion.jerk_mps3)
        noise_a, noise_j = self.sigmas * motion.acceleration_sigma, self.sigmas * motion.jerk_sigma
        parts = {
            "acceleration": acceleration[..., 0] / (self.max_acceleration_mps2 + noise_a),
            "deceleration": -acceleration[..., 0] / (self.max_deceleration_mps2 + noise_a),
            "lateral": np.abs(acceleration[..., 1]) / (self.max_lateral_mps2 + noise_a),
            "jerk": np.linalg.norm(jerk, axis=-1) / (self.max_jerk_mps3 + noise_j),
            "longitudinal_jerk": np.abs(jerk[..., 0]) / (self.max_longitudinal_jerk_mps3 + noise_j),
            "yaw_rate": np.abs(motion.yaw_rate_radps) / (self.max_yaw_rate_radps + self.sigmas * motion.yaw_rate_sigma),
            "yaw_acceleration": np.abs(motion.yaw_acceleration_radps2)
            / (self.max_yaw_acceleration_radps2 + self.sigmas * motion.yaw_acceleration_sigma),
        }
        stack = np.where(vehicles, np.stack(list(parts.values())), np.nan)
        highest = {name: float(np.nanmax(part, initial=0.0)) for name, part in zip(parts, stack, strict=True)}
        name = max(highest, key=lambda key: highest[key])
        ratio = np.fmax.reduce(stack, axis=0)
        verdict = rule.ratio(segment, ratio, ratio, f"{name} of {{}} times the comfort limit", self.real_max_share)
        return replace(verdict, evidence={**verdict.evidence, "highest": highest})


@dataclass(frozen=True, slots=True)
class ClassSpeed:
    """Nobody is faster than what he is: pedestrians run 7 m/s, cyclists ride 15 m/s (25 with a motor).

    Attributes:
        name: registered name.
        version: of the definition.
        pedestrian_mps: top speed of people on foot.
        bicycle_mps: top speed of bicycles and scooters.
        truck_mps: top speed of trucks, buses and trailers.
        vehicle_mps: top speed of everything else that drives.
        sigmas: noise that may lie on top, in standard deviations.
        real_max_share: part of a real log's actor-moments that may break the limit.
    """

    name: str = "class_speed"
    version: str = "1.0.0"
    pedestrian_mps: float = 7.0
    bicycle_mps: float = 15.0
    truck_mps: float = 40.0
    vehicle_mps: float = 80.0
    sigmas: float = 4.0
    real_max_share: float = 0.01

    def judge(self, segment: Segment[Raw]) -> Verdict:
        """Score: highest ratio of a speed to the top speed of its class."""
        rule = Rule(self.name, self.version, "ratio")
        if reason := has_motion(segment):
            return rule.not_applicable(reason)
        rollout, motion = segment.rollout, motion_of(segment)
        limit = np.array([self._limit(ActorClass(int(kind))) for kind in rollout.actors.kind])
        value = np.linalg.norm(motion.velocity_mps, axis=-1)
        ratio = value / (limit + self.sigmas * motion.velocity_sigma)
        return rule.ratio(segment, ratio, value, "a speed of {} times the top speed of its class", self.real_max_share)

    def _limit(self, kind: ActorClass) -> float:
        if kind in PEDESTRIANS:
            return self.pedestrian_mps
        if kind in (ActorClass.BICYCLE, ActorClass.E_SCOOTER):
            return self.bicycle_mps
        if kind in (ActorClass.TRUCK, ActorClass.BUS, ActorClass.TRAILER, ActorClass.CONSTRUCTION_VEHICLE):
            return self.truck_mps
        return self.vehicle_mps
