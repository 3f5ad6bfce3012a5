"""Energy by hand on constant speed, ramps and hills; the weightings of ISO 2631-1 at its tabulated frequencies."""

import numpy as np
import pytest

from closed_loop.metrics.catalogue import measure
from closed_loop.metrics.energy import GRAVITY_MPS2, Car, energy
from closed_loop.metrics.ride import Weighting, motion_sickness_dose, weight, weighted_rms_mps2
from tests.closed_loop import worlds

TIME = np.arange(0.0, 10.05, 0.1)


def test_constant_speed_pays_for_rolling_and_air():
    found = energy(TIME, np.full(len(TIME), 20.0))
    rolling = 1521 * GRAVITY_MPS2 * 1.75e-3 * (0.0328 * 72 + 4.575)
    drag = 0.5 * 1.2256 * 0.28 * 2.3316 * 400
    assert found.way_km == pytest.approx(0.2)
    assert found.tractive_wh == pytest.approx((rolling + drag) * 200 / 3600)
    assert found.battery_wh == pytest.approx((rolling + drag) * 200 / 3600 / (0.92 * 0.91 * 0.90) + 7000 / 3600)
    assert found.braked_wh == found.recovered_wh == 0.0
    # 130 to 170 Wh/km at 72 km/h: what such a car takes.
    assert 130 < found.battery_wh / found.way_km < 170


def test_braking_gives_back_a_share_that_grows_with_deceleration():
    free = Car(rolling=0.0, drag=0.0, auxiliary_w=0.0)
    hard = energy(TIME, 20.0 - 2.0 * TIME, car=free)
    assert hard.braked_wh == pytest.approx(0.5 * 1521 * 400 / 3600)
    assert hard.recovered_wh / hard.braked_wh == pytest.approx(0.92 * 0.91 * 0.90 * np.exp(-0.0411 / 2.0))
    soft = energy(TIME, 20.0 - 0.1 * TIME, car=free)
    assert soft.recovered_wh / soft.braked_wh == pytest.approx(0.92 * 0.91 * 0.90 * np.exp(-0.411))
    # There and back costs the losses of both ways.
    both = energy(np.arange(0.0, 20.05, 0.1), np.concatenate([2.0 * TIME, 2.0 * TIME[-2::-1]]), car=free)
    assert both.battery_wh == pytest.approx(
        0.5 * 1521 * 400 / 3600 * (1 / 0.75348 - 0.75348 * np.exp(-0.0411 / 2.0)), rel=1e-6
    )


def test_a_hill_costs_its_height():
    flat = energy(TIME, np.full(len(TIME), 10.0))
    hill = energy(TIME, np.full(len(TIME), 10.0), np.linspace(0.0, 8.0, len(TIME)))
    assert hill.tractive_wh - flat.tractive_wh == pytest.approx(1521 * GRAVITY_MPS2 * 8.0 / 3600)
    with pytest.raises(ValueError, match="two moments"):
        energy(TIME[:1], TIME[:1])


def test_energy_of_a_drive_and_when_there_is_none():
    got = measure(worlds.straight([[0.0, 0.0]], [20.0], 101))
    assert got["energy_consumption"].value == pytest.approx(energy(TIME, np.full(101, 20.0)).battery_wh / 0.2)
    assert got["recovered_share"].value is None and got["recovered_share"].reason == "never braked"
    standing = measure(worlds.straight([[0.0, 0.0]], [0.0], 50))
    assert standing["energy_consumption"].applicable is False and "10 m" in standing["energy_consumption"].reason


@pytest.mark.parametrize(
    ("weighting", "frequency_hz", "per_mille"),
    [
        # ISO 2631-1:1997, table 3 and table for W_f (factors times 1000).
        (Weighting.VERTICAL, 1.0, 482), (Weighting.VERTICAL, 4.0, 967), (Weighting.VERTICAL, 8.0, 1036),
        (Weighting.HORIZONTAL, 1.0, 1011), (Weighting.HORIZONTAL, 2.0, 890), (Weighting.HORIZONTAL, 4.0, 512),
        (Weighting.HORIZONTAL, 8.0, 253), (Weighting.SICKNESS, 0.1, 695), (Weighting.SICKNESS, 0.2, 992),
        (Weighting.SICKNESS, 0.4, 384),
    ],
)  # fmt: skip
def test_weightings_at_the_frequencies_of_the_standard(weighting, frequency_hz, per_mille):
    assert 1000 * weight(np.array([frequency_hz]), weighting)[0] == pytest.approx(per_mille, abs=2.0)


def test_dose_of_a_sine_by_hand():
    step, count = 0.1, 12_000
    time = np.arange(count) * step
    wave = np.sin(2 * np.pi * 0.2 * time)[:, None]
    factor = weight(np.array([0.2]), Weighting.SICKNESS)[0]
    assert motion_sickness_dose(wave, step) == pytest.approx(factor * np.sqrt(0.5 * 1200), rel=2e-3)
    # At 2 Hz one is shaken but not sick.
    fast = np.sin(2 * np.pi * 2.0 * time)[:, None]
    assert motion_sickness_dose(fast, step) < 0.05 * motion_sickness_dose(wave, step)
    assert weighted_rms_mps2(fast, step, Weighting.HORIZONTAL) == pytest.approx(0.890 / np.sqrt(2), rel=5e-3)
    # Two axes add as squares; a constant acceleration has no frequency that counts.
    both = np.concatenate([wave, wave], axis=-1)
    assert motion_sickness_dose(both, step) == pytest.approx(np.sqrt(2) * motion_sickness_dose(wave, step))


def test_ride_of_a_drive():
    got = measure(worlds.straight([[0.0, 0.0]], [20.0], 101))
    assert got["acceleration_rms"].value == got["motion_sickness_dose"].value == pytest.approx(0.0, abs=1e-9)
    short = measure(worlds.straight([[0.0, 0.0]], [20.0], 3))
    assert short["motion_sickness_dose"].applicable is False
