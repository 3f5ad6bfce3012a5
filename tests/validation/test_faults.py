"""The planted faults and the measure of the checks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driving_data.segment import Raw, Segment
from tests.validation.scenes import circle_drive, seen_segment, segment_of
from validation.conformance import fingerprint
from validation.faults.catalogue import FAULTS, PlantedFault
from validation.faults.edits import Unplantable
from validation.faults.measure import measure, wilson
from validation.registry import CHECKS, default_checks, make_check


@pytest.fixture(scope="module")
def segments() -> list[Segment[Raw]]:
    return [seen_segment(seed) for seed in range(40, 44)]


def test_there_are_faults_for_every_hard_check() -> None:
    hard = {check.name for check in default_checks()} - {"kinematic_envelope"}
    assert {fault.check for fault in FAULTS.values()} == hard
    assert len(FAULTS) >= 20
    assert all(fault.check in CHECKS.names() for fault in FAULTS.values())


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_planted_fault_is_noticed_and_the_sound_segment_stays(segments: list[Segment[Raw]], name: str) -> None:
    fault, check = FAULTS[name], make_check(FAULTS[name].check)
    rng = np.random.default_rng(11)
    for segment in segments:
        before = fingerprint(segment)
        faulty = fault.plant(segment, rng)
        assert fingerprint(segment) == before
        assert fingerprint(faulty) != before
        assert check.judge(segment).passed
        verdict = check.judge(faulty)
        assert not verdict.passed and verdict.applicable and verdict.reason


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_the_same_draws_plant_the_same_fault(segments: list[Segment[Raw]], name: str) -> None:
    first, second = (FAULTS[name].plant(segments[0], np.random.default_rng(5)) for _ in range(2))
    assert fingerprint(first) == fingerprint(second)


def test_what_cannot_be_planted_says_so() -> None:
    bare = segment_of(circle_drive(steps=3))
    for name in ("missing_box", "black_frame", "ghost_points", "overlap", "clock_step"):
        with pytest.raises(Unplantable):
            FAULTS[name].plant(bare, np.random.default_rng(0))


def test_measure_counts(segments: list[Segment[Raw]]) -> None:
    harmless = PlantedFault("nothing", "no_teleport", lambda segment, rng: segment)
    bare = segment_of(circle_drive(steps=3), name="bare")
    found = measure([make_check("no_teleport"), make_check("interpenetration")], [*segments, bare],
                    np.random.default_rng(1), faults=[FAULTS["teleport"], harmless, FAULTS["black_frame"]])  # fmt: skip
    assert (found.detection["teleport"].hits, found.detection["teleport"].trials) == (4, 4)
    assert (found.detection["nothing"].hits, found.detection["nothing"].trials) == (0, 5)
    assert found.skipped == {"teleport": 1}
    assert "black_frame" not in found.detection
    assert found.false_alarm["no_teleport"].trials == 4


def test_wilson_against_known_values() -> None:
    rate = wilson(10, 10)
    assert np.isclose(rate.low, 0.7224672, atol=1e-6) and rate.high == 1.0
    rate = wilson(1, 20)
    assert np.isclose(rate.low, 0.0088814, atol=1e-6) and np.isclose(rate.high, 0.2361307, atol=1e-6)
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)
    with pytest.raises(ValueError, match="hits"):
        wilson(3, 2)


@given(trials=st.integers(1, 500), part=st.floats(0, 1))
def test_wilson_holds_its_rate(trials: int, part: float) -> None:
    rate = wilson(round(part * trials), trials)
    assert 0 <= rate.low <= rate.value <= rate.high <= 1


@pytest.mark.slow
def test_checks_notice_nearly_every_fault_and_cry_over_nothing() -> None:
    """At least 95 % detection by each fault's own check, no false alarm, 30 segments."""
    found = measure(default_checks(), [seen_segment(seed) for seed in range(100, 130)], np.random.default_rng(2))
    assert all(rate.value >= 0.95 for rate in found.detection.values()), found.detection
    assert all(rate.hits == 0 for rate in found.false_alarm.values()), found.false_alarm
