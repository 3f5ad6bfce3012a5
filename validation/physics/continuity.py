"""Nothing jumps: neither actors in space nor sensors in time."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from driving_data.segment import Raw, Segment
from driving_data.sensors.clock import keeps_rig_time
from driving_data.verdict import Verdict
from validation.motion import away_from_events, has_motion, noise_sigma, own_rows
from validation.verdicts import Rule, is_real


@dataclass(frozen=True, slots=True)
class NoTeleport:
    """A step is explained by the velocities at its ends: |dp - v dt| <= a_max dt^2 / 2 + noise.

    Attributes:
        name: registered name.
        version: of the definition.
        max_acceleration_mps2: of anything on the road, collisions left out.
        sigmas: noise that may lie on top, in standard deviations.
        real_slack_m: how far a hand-drawn or tracked box wanders between two moments of a real log, beyond its noise.
        real_max_share: part of a real log's actor-moments that may break the limit.
        event_margin_s: time around labelled collisions and spawns that is left out.
    """

    name: str = "no_teleport"
    version: str = "1.0.0"
    max_acceleration_mps2: float = 12.0
    sigmas: float = 4.0
    real_slack_m: float = 0.5
    real_max_share: float = 0.01
    event_margin_s: float = 0.2

    def judge(self, segment: Segment[Raw]) -> Verdict:
        """Score: highest ratio of an unexplained step to its limit."""
        rule = Rule(self.name, self.version, "ratio")
        if reason := has_motion(segment):
            return rule.not_applicable(reason)
        rollout = segment.rollout
        seconds = np.diff(rollout.timestamps_ns)[:, None] * 1e-9
        place, velocity = rollout.world_from_actor.translation_m[..., :2], rollout.velocity_mps[..., :2]
        told = 0.5 * (velocity[1:] + velocity[:-1])
        value = np.linalg.norm(np.diff(place, axis=0) - told * seconds[..., None], axis=-1)
        limit = 0.5 * self.max_acceleration_mps2 * seconds**2
        if is_real(segment):
            sigma = noise_sigma(place, 0.1, 0.01, 0.25)
            limit = limit + self.sigmas * sigma + self.real_slack_m
        else:
            limit = limit + 1e-3
        clear = away_from_events(rollout, ("collision", "spawn", "despawn"), self.event_margin_s)[1:]
        ratio = np.concatenate([np.full((1, rollout.num_actors), np.nan), np.where(clear, value / limit, np.nan)])
        padded = np.concatenate([np.full((1, rollout.num_actors), np.nan), value])
        words = "a step {} times larger than its velocity explains"
        return rule.ratio(segment, ratio, padded, words, self.real_max_share)


@dataclass(frozen=True, slots=True)
class TimeStamps:
    """Time runs forward and evenly, for the rollout and for every sensor, and sensors look while the rollout lasts.

    Attributes:
        name: registered name.
        version: of the definition.
        max_jitter: largest deviation of a step from the usual one, as a part of it; the clocks of a real log are
            judged by the deviation that 99 % of their steps keep.
        real_max_jitter: of the clocks of a real log, which stamp the arrival of a message.
        max_desync_ns: farthest distance of a simulated picture to the nearest moment of any lidar.
        outside_ns: how far a sensor may look outside the rollout.
    """

    name: str = "time_stamps"
    version: str = "1.0.0"
    max_jitter: float = 0.10
    real_max_jitter: float = 0.20
    max_desync_ns: int = 10_000_000
    outside_ns: int = 100_000_000

    def judge(self, segment: Segment[Raw]) -> Verdict:
        """Score: largest jitter of any clock; a clock that runs backwards or drifts away scores at least 1."""
        rule = Rule(self.name, self.version, "part of the period")
        clocks = self._clocks(segment)
        rows: list[dict[str, Any]] = []
        for name, times in clocks.items():
            if len(times) > 1:
                rows.append({"clock": name, **_jitter(times, dropped_allowed=name != "rollout", real=is_real(segment))})
        start, end = int(segment.rollout.timestamps_ns[0]), int(segment.rollout.timestamps_ns[-1])
        for name, times in clocks.items():
            outside = max(start - int(times.min()), int(times.max()) - end, 0)
            if outside > self.outside_ns:
                rows.append({"clock": name, "jitter": 1.0 + outside / self.outside_ns, "timestamp_ns": int(times.max()),
                             "fault": "outside the rollout"})  # fmt: skip
        if not is_real(segment):
            rows += self._desync(segment)
        if not rows:
            return rule.not_applicable("a single moment")
        worst = max(rows, key=lambda row: float(row["jitter"]))
        reason = f"the clock of {worst['clock']} {worst.get('fault', 'jitters')}: {worst['jitter']:.2f} of its period"
        limit = self.real_max_jitter if is_real(segment) else self.max_jitter
        return rule.at_most(float(worst["jitter"]), limit, reason, {"worst": [worst]})

    def _clocks(self, segment: Segment[Raw]) -> dict[str, np.ndarray]:
        clocks = {"rollout": segment.rollout.timestamps_ns[own_rows(segment)]}
        names = [*(("camera", f.camera, f.timestamp_ns) for f in segment.frames),
                 *(("lidar", s.lidar, s.timestamp_ns) for s in segment.sweeps),
                 *(("radar", r.radar, r.timestamp_ns) for r in segment.radar)]  # fmt: skip
        for kind, sensor, _ in names:
            key = f"{kind} {sensor}"
            if key not in clocks:
                clocks[key] = np.array([time for k, s, time in names if (k, s) == (kind, sensor)], dtype=np.int64)
        return clocks

    def _desync(self, segment: Segment[Raw]) -> list[dict[str, Any]]:
        """Cameras and lidars that look with the rig look together; clocks of their own are declared to differ."""
        own = {each.name for each in (*segment.rig.cameras, *segment.rig.lidars) if not keeps_rig_time(each.clock)}
        frames = [frame for frame in segment.frames if frame.camera not in own]
        turns = [sweep.timestamp_ns for sweep in segment.sweeps if sweep.lidar not in own]
        # A turn that a fault has lost was taken all the same.
        lidars = {lidar.name for lidar in segment.rig.lidars} - own
        turns += [int(time) for each in segment.streams.timing if each.sensor in lidars for time in each.true_ns]
        if not frames or not turns:
            return []
        sweeps = np.array(turns, dtype=np.int64)
        away = np.array([np.abs(sweeps - frame.timestamp_ns).min() for frame in frames])
        row = int(np.argmax(away))
        if away[row] <= self.max_desync_ns:
            return []
        frame = frames[row]
        return [{"clock": f"camera {frame.camera}", "jitter": 1.0 + float(away[row]) / self.max_desync_ns,
                 "timestamp_ns": frame.timestamp_ns, "fault": "is away from every sweep"}]  # fmt: skip


def _jitter(times: np.ndarray, dropped_allowed: bool, real: bool) -> dict[str, Any]:
    steps = np.diff(times)
    # The lower median: of two steps, one of them doubled by a lost picture, the shorter is the period.
    usual = float(np.quantile(steps, 0.5, method="lower"))
    if steps.min() <= 0 or usual <= 0:
        row = int(np.argmin(steps))
        return {"jitter": 2.0, "timestamp_ns": int(times[row + 1]), "fault": "runs backwards or stands"}
    # A sensor may drop a picture: whole periods are no jitter.
    whole = np.maximum(np.round(steps / usual), 1.0) if dropped_allowed else np.ones(len(steps))
    deviation = np.abs(steps - whole * usual) / usual
    row = int(np.argmax(deviation))
    jitter = float(np.quantile(deviation, 0.99, method="lower")) if real else float(deviation[row])
    return {"jitter": jitter, "timestamp_ns": int(times[row + 1])}
