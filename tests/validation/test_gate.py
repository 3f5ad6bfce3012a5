"""The gate, the registry and the conformance suite."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from driving_data.errors import InputError, RoadloomError
from driving_data.ports import Check
from driving_data.segment import Raw, Segment, calibrated
from driving_data.verdict import ValidationReport, Verdict
from tests.validation.scenes import circle_drive, noisy, seen_segment, segment_of, straight_drive
from validation.conformance import check_faults
from validation.faults.catalogue import FAULTS
from validation.gate import GateConfig, admit, judge
from validation.registry import CHECKS, default_checks, make_check


@pytest.fixture(scope="module")
def seen() -> Segment[Raw]:
    return seen_segment(8)


def test_a_sound_segment_is_admitted_with_its_report(seen: Segment[Raw]) -> None:
    report = judge(seen, default_checks())
    assert report.admitted and len(report.verdicts) == len(CHECKS.names()) >= 10
    admitted = admit(calibrated(seen), report)
    assert admitted.report is report and admitted.segment_id == seen.segment_id


def test_a_faulty_segment_is_refused_with_reasons(seen: Segment[Raw]) -> None:
    faulty = FAULTS["teleport"].plant(seen, np.random.default_rng(0))
    report = judge(faulty, default_checks())
    assert not report.admitted
    with pytest.raises(RoadloomError, match="no_teleport"):
        admit(calibrated(faulty), report)


def test_a_soft_check_only_marks(seen: Segment[Raw]) -> None:
    rollout = seen.rollout
    acceleration = rollout.acceleration_mps2 + np.array([3.5, 0.0, 0.0])
    brisk = replace(seen, rollout=replace(rollout, acceleration_mps2=acceleration))
    report = judge(brisk, default_checks())
    failed = [verdict for verdict in report.verdicts if not verdict.passed]
    assert [verdict.check for verdict in failed] == ["kinematic_envelope"]
    assert not failed[0].hard and report.admitted


def test_a_report_of_another_segment_admits_nothing(seen: Segment[Raw]) -> None:
    with pytest.raises(RoadloomError):
        admit(calibrated(seen), ValidationReport("another", ()))


def test_configuration_from_plain_data() -> None:
    config = GateConfig.from_plain({
        "checks": ["no_teleport", "class_speed", "identity"], "without": ["identity"],
        "parameters": {"class_speed": {"pedestrian_mps": 3}},
    })  # fmt: skip
    checks = config.build()
    assert [check.name for check in checks] == ["class_speed", "no_teleport"]
    assert checks[0] == make_check("class_speed", {"pedestrian_mps": 3.0})
    assert len(GateConfig().build()) == len(CHECKS.names())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"checks": ["no_telport"]}, "no_teleport"),
        ({"without": ["nothing"]}, "nothing"),
        ({"parameters": {"class_speed": {"pedestrian_mp": 3}}}, "pedestrian_mps"),
        ({"parameters": {"class_speed": {"pedestrian_mps": "fast"}}}, "number"),
        ({"parameters": {"class_sped": {}}}, "class_speed"),
    ],
)
def test_a_wrong_configuration_is_refused(data: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        GateConfig.from_plain(data).build()


@pytest.mark.parametrize("name", CHECKS.names())
def test_every_check_conforms(seen: Segment[Raw], name: str) -> None:
    check = make_check(name)
    assert isinstance(check, Check)
    rng = np.random.default_rng(4)
    segments = [
        seen,
        segment_of(circle_drive()),
        segment_of(circle_drive(steps=1)),
        noisy(straight_drive(rng), 0.03, rng),
    ]
    segments += [fault.plant(seen, rng) for fault in FAULTS.values()]
    assert check_faults(check, segments) == []


@dataclass
class Careless:
    """A check that breaks every rule it can."""

    name: str = "careless"
    calls: int = 0

    def judge(self, segment: Segment[Raw]) -> Verdict:
        self.calls += 1
        segment.rollout.lights[0, 0] += 1
        return Verdict("other", "", False, float("nan"), 0.0, applicable=False, evidence={"calls": self.calls})


def test_conformance_notices_a_careless_check() -> None:
    faults = "\n".join(check_faults(Careless(), [segment_of(circle_drive())]))
    for words in ("changes the segment", "signs as", "no version", "not finite", "not applicable", "without a reason"):
        assert words in faults


@pytest.mark.slow
def test_real_logs_pass_the_hard_checks_mostly(shared_data: Path) -> None:
    from driving_data.logs.registry import read

    places = ("av2/mining_3bffdcff", "av2/sensor_7fab2350", "comma2k19", "kitti", "nuscenes_frame",
              "metadrive/nuscenes/scene-0757.pkl", "gpudrive", "commonroad/USA_Lanker-1_3_T-1.xml")  # fmt: skip
    for place in places:
        for segment in read(shared_data / "logs" / place):
            report = judge(segment, default_checks())
            assert report.admitted, (segment.segment_id, report.reasons)


@pytest.mark.slow
def test_what_real_logs_fail_is_known(shared_data: Path) -> None:
    """Five of 28 are refused: an online tracker, three artificial CommonRoad and interpolated tracks, one label."""
    from driving_data.logs.registry import read

    refused = {}
    for segment in read(shared_data / "logs"):
        report = judge(segment, default_checks())
        if not report.admitted:
            refused[segment.segment_id] = sorted(v.check for v in report.verdicts if v.hard and not v.passed)
    assert refused == {
        "argoverse2_forecasting-0a1e6f0a-1817-4a98-b02e-db8c9327d151": ["steering_geometry"],
        "commonroad-DEU_TestIntersectionInteract-3_1_T-1": ["friction_circle"],
        "commonroad-USA_US101-5_1_T-1": ["identity"],
        "commonroad-ZAM_Tjunction-1_97_T-1": ["steering_geometry"],
        "scenarionet-scene-1077": ["friction_circle", "steering_geometry"],
    }
