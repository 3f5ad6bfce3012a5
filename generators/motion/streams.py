"""Everything that the motion sensors of a rig measured during a rollout, with their faults."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from driving_data.geometry import SE3
from driving_data.rollout import Rollout
from driving_data.sensors import GnssFixes, ImuSamples, OdometrySamples, SensorFault, SensorRig
from generators.faults.samples import spoiled_gnss, spoiled_imu, spoiled_odometry
from generators.motion.gnss import gnss_fixes
from generators.motion.imu import imu_samples
from generators.motion.odometry import odometry_samples


@dataclass(frozen=True, slots=True, eq=False)
class Conditions:
    """What is known of every sensor before it measures.

    Attributes:
        looks: true times of each sensor.
        mountings: true `ego_from_sensor` at each of them, where a sensor does not sit as believed.
        faults: of each sensor that has any.
        lost: looks that never arrive.
        seed: of errors and faults.
    """

    looks: Mapping[str, Int[np.ndarray, "_"]]
    mountings: Mapping[str, SE3]
    faults: Mapping[str, tuple[SensorFault, ...]]
    lost: Mapping[str, Bool[np.ndarray, "_"]]
    seed: int


def motion_samples(
    rollout: Rollout, rig: SensorRig, conditions: Conditions
) -> tuple[tuple[ImuSamples, ...], tuple[GnssFixes, ...], tuple[OdometrySamples, ...]]:
    """The samples of every inertial unit, receiver and odometer."""
    start, seed = int(rollout.timestamps_ns[0]), conditions.seed
    imu: list[ImuSamples] = []
    gnss: list[GnssFixes] = []
    odometry: list[OdometrySamples] = []
    for unit in rig.imus:
        times, faults = conditions.looks[unit.name], conditions.faults.get(unit.name, ())
        mounting = conditions.mountings.get(unit.name, unit.ego_from_imu)
        made = imu_samples(unit, rollout, times, mounting, seed, faults)
        # A unit that a fault or drift has turned measures in its turned axes; the clean value is of the believed ones.
        if unit.name in conditions.mountings:
            made = _believed(made, imu_samples(unit, rollout, times, unit.ego_from_imu, seed))
        imu.append(spoiled_imu(made, faults, conditions.lost[unit.name], start, seed))
    for receiver in rig.receivers:
        times, faults = conditions.looks[receiver.name], conditions.faults.get(receiver.name, ())
        mounting = conditions.mountings.get(receiver.name, receiver.ego_from_antenna)
        fixes = gnss_fixes(receiver, rollout, times, mounting, seed)
        gnss.append(spoiled_gnss(fixes, faults, conditions.lost[receiver.name], start, seed))
    for odometer in rig.odometers:
        times, faults = conditions.looks[odometer.name], conditions.faults.get(odometer.name, ())
        wheels = odometry_samples(odometer, rollout, times, seed)
        odometry.append(spoiled_odometry(wheels, faults, conditions.lost[odometer.name], start, seed))
    return tuple(imu), tuple(gnss), tuple(odometry)


def _believed(made: ImuSamples, nominal: ImuSamples) -> ImuSamples:
    return ImuSamples(
        made.imu,
        made.timestamp_ns,
        made.angular_velocity_radps,
        made.specific_force_mps2,
        nominal.clean_angular_velocity_radps,
        nominal.clean_specific_force_mps2,
    )
