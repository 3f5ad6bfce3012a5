"""The positioning of one world, step by step."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from driving_data.localization import Localization
from sim_bridge.embedded.localization.gnss import Fix, Receiver
from sim_bridge.embedded.localization.odometry import Odometer
from sim_bridge.embedded.localization.plan import PositioningPlan
from sim_bridge.embedded.moments import Moment
from sim_bridge.embedded.v2x.senders import due_times_ns


@dataclass(slots=True)
class Localizer:
    """Satellite receiver, wheels and gyro of the ego. `begin` starts again; `feel` takes in a step."""

    plan: PositioningPlan
    ego: int
    receiver: Receiver = field(init=False)
    odometer: Odometer = field(init=False)
    before: Moment | None = None
    pending: list[tuple[int, Fix | None]] = field(default_factory=lambda: [])
    fix: Fix | None = None

    def begin(self, now: Moment) -> None:
        """Forgets everything and looks at the first moment, of which there is a fix."""
        self.receiver, self.odometer = Receiver(self.plan), Odometer(self.plan)
        self.before, self.fix = now, None
        self.pending = [(now.time_ns, self._measured(now, now, 0))]
        self._arrive(now)

    def feel(self, now: Moment) -> None:
        """Takes in one step; nothing where the world has not moved."""
        before = self.before
        assert before is not None
        if now.step == before.step:
            return
        period = round(1e9 / self.plan.rate_hz)
        for time_ns in due_times_ns(0, period, before.time_ns, now.time_ns):
            self.pending.append((time_ns, self._measured(before, now, time_ns)))
        turn = math.remainder(float(now.yaw_rad[self.ego] - before.yaw_rad[self.ego]), 2.0 * math.pi)
        dt_s = 1e-9 * (now.time_ns - before.time_ns)
        mean = 0.5 * float(now.speed_mps[self.ego] + before.speed_mps[self.ego])
        self.odometer.advance(mean, turn, float(now.acceleration_mps2[self.ego]), dt_s)
        self.before = now
        self._arrive(now)

    def _arrive(self, now: Moment) -> None:
        """The last fix that is here by now, if it was one; a missing one makes the position invalid at once."""
        late_ns = round(1e9 * self.plan.latency_s)
        while self.pending and self.pending[0][0] + late_ns <= now.time_ns:
            self.fix = self.pending.pop(0)[1]

    def _measured(self, before: Moment, now: Moment, time_ns: int) -> Fix | None:
        """The fix of a moment between two steps, the pose linear in between."""
        i, span = self.ego, now.time_ns - before.time_ns
        share = (time_ns - before.time_ns) / span if span else 1.0
        turn = math.remainder(float(now.yaw_rad[i] - before.yaw_rad[i]), 2.0 * math.pi)
        place = rear_axle(before, i, self.plan.rear_m) * (1.0 - share) + rear_axle(now, i, self.plan.rear_m) * share
        speed = float((1.0 - share) * before.speed_mps[i] + share * now.speed_mps[i])
        return self.receiver.measure(1e-9 * time_ns, place, float(before.yaw_rad[i]) + share * turn, speed)


def rear_axle(moment: Moment, i: int, rear_m: float) -> np.ndarray:
    """The point of the ground below the rear axle, shape (3,)."""
    ahead = np.array([math.cos(moment.yaw_rad[i]), math.sin(moment.yaw_rad[i])])
    rise = float(moment.slope[i] @ ahead)
    return moment.ground_m[i] - rear_m * np.array([ahead[0], ahead[1], rise])


def localization_of(num_worlds: int, localizers: Mapping[int, Localizer]) -> Localization:
    """What all worlds measure, NaN and False for those without positioning."""
    b = num_worlds
    found = Localization(
        np.zeros(b, dtype=bool), np.full(b, np.nan), np.full((b, 3), np.nan), np.full(b, np.nan), np.full(b, np.nan),
        np.full((b, 5, 5), np.nan), np.full((b, 2), np.nan), np.full(b, np.nan), np.full((b, 3, 3), np.nan),
        np.full(b, np.nan), np.full(b, np.nan),
    )  # fmt: skip
    for world, localizer in localizers.items():
        odometer, fix = localizer.odometer, localizer.fix
        found.odom_position_m[world], found.odom_heading_rad[world] = odometer.pose[:2], odometer.pose[2]
        found.odom_covariance[world] = odometer.covariance[:3, :3]
        found.wheel_speed_mps[world], found.yaw_rate_radps[world] = odometer.wheel_mps, odometer.yaw_rate_radps
        if fix is not None:
            found.valid[world], found.fix_time_s[world] = True, fix.time_s
            found.position_m[world], found.heading_rad[world] = fix.position_m, fix.heading_rad
            found.speed_mps[world], found.covariance[world] = fix.speed_mps, fix.covariance
    return found
