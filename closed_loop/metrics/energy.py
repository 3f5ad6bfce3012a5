"""Energy of a drive: what the wheels need, what an electric car takes from its battery, what it gives back.

    F = m a + m g (C_r / 1000) (c_1 v + c_2) + rho c_d A v^2 / 2 + m g dz/ds       (v in km/h in the rolling term)
    battery power = F v / eta + P_aux while F v >= 0, and F v eta eta_rb + P_aux while braking,
    eta = driveline times motor times battery,  eta_rb = exp(-0.0411 / |a|) while the car slows down, else 0

Source: Fiori, Ahn and Rakha, Applied Energy 168 (2016), Power-based electric vehicle energy consumption model, with the
values of its example car (Nissan Leaf). Each step between two moments is one constant acceleration.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from closed_loop.metrics.collision import contacts
from closed_loop.metrics.definition import Direction, Metric, MetricValue, Scale, not_applicable
from closed_loop.metrics.drive import Drive

GRAVITY_MPS2 = 9.8066
LEAST_WAY_M = 10.0
_J_PER_WH = 3600.0


@dataclass(frozen=True, slots=True)
class Car:
    """A battery-electric car; defaults are the example of the source.

    Attributes:
        mass_kg: of the car and its load.
        drag: coefficient c_d.
        area_m2: frontal area.
        rolling: C_r, for concrete and asphalt in good state.
        rolling_slope: c_1, per km/h.
        rolling_base: c_2.
        air_kgpm3: density of the air.
        efficiency: driveline 0.92, motor 0.91, battery 0.90.
        auxiliary_w: air conditioning, light, computers.
        recovery: constant of the recovered share, in m/s^2.
    """

    mass_kg: float = 1521.0
    drag: float = 0.28
    area_m2: float = 2.3316
    rolling: float = 1.75
    rolling_slope: float = 0.0328
    rolling_base: float = 4.575
    air_kgpm3: float = 1.2256
    efficiency: float = 0.92 * 0.91 * 0.90
    auxiliary_w: float = 700.0
    recovery: float = 0.0411


@dataclass(frozen=True, slots=True)
class Energy:
    """Energy of a drive.

    Attributes:
        tractive_wh: what the wheels pushed.
        braked_wh: what slowed the car at the wheels, as a positive number.
        recovered_wh: what of that came back to the battery.
        battery_wh: what the battery gave less what it got, auxiliaries included.
        way_km: distance.
    """

    tractive_wh: float
    braked_wh: float
    recovered_wh: float
    battery_wh: float
    way_km: float


def energy(
    time_s: Float[np.ndarray, "T"], speed_mps: Float[np.ndarray, "T"], height_m: Float[np.ndarray, "T"] | None = None,
    car: Car | None = None,
) -> Energy:  # fmt: skip
    """Energy from speeds (and heights, where the road is not flat) at T >= 2 moments.

    Raises:
        ValueError: there are fewer than two moments, or they do not ascend.
    """
    car = car or Car()
    step = np.diff(time_s)
    if len(step) == 0 or (step <= 0).any():
        raise ValueError("energy needs two moments in order of time")
    speed = 0.5 * (speed_mps[1:] + speed_mps[:-1])
    acceleration = np.diff(speed_mps) / step
    way = speed * step
    rolling = car.mass_kg * GRAVITY_MPS2 * car.rolling / 1000 * (car.rolling_slope * 3.6 * speed + car.rolling_base)
    drag = 0.5 * car.air_kgpm3 * car.drag * car.area_m2 * speed**2
    work = (car.mass_kg * acceleration + rolling + drag) * way
    if height_m is not None:
        work = work + car.mass_kg * GRAVITY_MPS2 * np.diff(height_m)
    push, brake = np.maximum(work, 0.0), np.maximum(-work, 0.0)
    slows = acceleration < 0
    share = np.where(slows, np.exp(-car.recovery / np.where(slows, -acceleration, 1.0)), 0.0)
    recovered = brake * car.efficiency * share
    battery = push / car.efficiency - recovered + car.auxiliary_w * step
    totals = [float(part.sum()) / _J_PER_WH for part in (push, brake, recovered, battery)]
    return Energy(totals[0], totals[1], totals[2], totals[3], float(way.sum()) / 1000)


def energy_of(drive: Drive) -> Energy | None:
    """Energy of a drive up to its first contact; None where it went less than 10 m."""
    found = contacts(drive)
    last = found[0].step if found else drive.num_steps
    if last < 2:
        return None
    height = drive.rollout.world_from_actor.translation_m[drive.step, drive.rollout.ego_index, 2]
    result = energy(drive.time_s[:last], drive.speed_mps[:last], height[:last])
    return result if result.way_km * 1000 >= LEAST_WAY_M else None


_SHORT = f"less than {LEAST_WAY_M:g} m driven"


def consumption(drive: Drive) -> MetricValue:
    """Battery energy per distance."""
    found = energy_of(drive)
    if found is None:
        return not_applicable(_SHORT)
    return MetricValue(found.battery_wh / found.way_km, evidence={"way_km": found.way_km})


def tractive(drive: Drive) -> MetricValue:
    """Energy at the wheels per distance."""
    found = energy_of(drive)
    return not_applicable(_SHORT) if found is None else MetricValue(found.tractive_wh / found.way_km)


def recovered_share(drive: Drive) -> MetricValue:
    """What came back of what was braked."""
    found = energy_of(drive)
    if found is None:
        return not_applicable(_SHORT)
    return MetricValue(found.recovered_wh / found.braked_wh) if found.braked_wh > 0 else not_applicable("never braked")


_FIORI = "Fiori, Ahn, Rakha, Applied Energy 168 (2016); Nissan Leaf"
METRICS = (
    Metric("energy_consumption", "1.0.0", "Energy consumption", "Wh/km", Direction.LOWER_IS_BETTER, Scale.MEAN, _FIORI,
           "What the battery gives less what it gets, per distance, auxiliaries included.", consumption),
    Metric("tractive_energy", "1.0.0", "Tractive energy", "Wh/km", Direction.LOWER_IS_BETTER, Scale.MEAN, _FIORI,
           "What the wheels push, per distance.", tractive),
    Metric("recovered_share", "1.0.0", "Recovered share", "", Direction.HIGHER_IS_BETTER, Scale.MEAN, _FIORI,
           "Share of the energy braked at the wheels that returns to the battery.", recovered_share),
)  # fmt: skip
