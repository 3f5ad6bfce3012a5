"""Wheels roll where they point: a bound on the yaw rate and none of the sideways motion that tyres forbid."""

from dataclasses import dataclass

import numpy as np

from driving_data.segment import Raw, Segment
from driving_data.taxonomy import TWO_WHEELERS, ActorClass
from driving_data.verdict import Verdict
from validation.motion import along_and_across, away_from_events, has_motion, motion_of, well_seen, wheeled
from validation.verdicts import Rule, is_real

_ARTICULATED = (ActorClass.TRAILER,)


@dataclass(frozen=True, slots=True)
class SteeringGeometry:
    """Yaw rate <= speed times the tightest curvature; |v_across| <= 0.1 |v| + 0.2 m/s at the rear axle.

    Attributes:
        name: registered name.
        version: of the definition.
        car_radius_m: tightest turn of the rear axle of a car.
        truck_radius_m: of trucks and buses.
        two_wheeler_radius_m: of bicycles and motorcycles.
        sideways_part: of the speed.
        sideways_mps: on top of it.
        min_speed_mps: slower actors of a real log are not judged: their heading is drawn by hand.
        axle_part: distance of the rear axle behind the centre, as a part of the length, where it is not known.
        sigmas: noise that may lie on top, in standard deviations.
        real_max_share: part of a real log's actor-moments that may break the limit.
        event_margin_s: time around labelled collisions that is left out.
    """

    name: str = "steering_geometry"
    version: str = "1.0.0"
    car_radius_m: float = 5.0
    truck_radius_m: float = 7.0
    two_wheeler_radius_m: float = 1.5
    sideways_part: float = 0.1
    sideways_mps: float = 0.2
    min_speed_mps: float = 2.0
    axle_part: float = 0.3
    sigmas: float = 4.0
    real_max_share: float = 0.03
    event_margin_s: float = 1.0

    def judge(self, segment: Segment[Raw]) -> Verdict:
        """Score: highest ratio of yaw rate or sideways speed to its limit over all wheeled actors but trailers."""
        rule = Rule(self.name, self.version, "ratio")
        if reason := has_motion(segment):
            return rule.not_applicable(reason)
        rollout, motion = segment.rollout, motion_of(segment)
        judged = wheeled(rollout) & ~np.isin(rollout.actors.kind, [int(kind) for kind in _ARTICULATED])
        if not judged.any():
            return rule.not_applicable("no steered actor")
        known = rollout.actors.rear_axle_to_center_m
        behind = np.where(known > 0, known, self.axle_part * rollout.actors.size_m[:, 0])
        forward, across = np.moveaxis(along_and_across(rollout, motion.velocity_mps), -1, 0)
        # The velocity of the centre turns with the body: v_rear = v_center - yaw_rate * distance, across.
        sideways = np.abs(across - motion.yaw_rate_radps * behind)
        speed = np.abs(forward)
        noise_v = self.sigmas * (motion.velocity_sigma + motion.yaw_rate_sigma * behind)
        ratio_side = sideways / (self.sideways_part * speed + self.sideways_mps + noise_v)
        limit_yaw = (speed + noise_v) / self._radius(rollout.actors.kind) + self.sigmas * motion.yaw_rate_sigma + 0.02
        ratio = np.fmax(ratio_side, np.abs(motion.yaw_rate_radps) / limit_yaw)
        ratio = np.where(judged & away_from_events(rollout, ("collision",), self.event_margin_s), ratio, np.nan)
        if is_real(segment):
            ratio = np.where(well_seen(segment), ratio, np.nan)
            ratio = np.where(speed >= self.min_speed_mps, ratio, np.nan)
        words = "motion across the wheels, {} times what steering allows"
        return rule.ratio(segment, ratio, sideways, words, self.real_max_share)

    def _radius(self, kinds: np.ndarray) -> np.ndarray:
        large = [int(kind) for kind in (ActorClass.TRUCK, ActorClass.BUS, ActorClass.CONSTRUCTION_VEHICLE)]
        small = [int(kind) for kind in TWO_WHEELERS]
        radius = np.where(np.isin(kinds, large), self.truck_radius_m, self.car_radius_m)
        return np.where(np.isin(kinds, small), self.two_wheeler_radius_m, radius)
