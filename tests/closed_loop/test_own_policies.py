"""Policies of one's own: functions, classes and objects by name, their answers and their faults."""

import json
import pickle

import numpy as np
import pytest

from closed_loop.conformance import check_policy, sample_observation
from closed_loop.policies.own_code import CallableParameters, CallablePolicy
from closed_loop.registry import make_policy
from closed_loop.suites.episodes import policy_parameters
from closed_loop.suites.run import run_suite
from closed_loop.suites.suite import Suite
from driving_data.errors import InputError, RoadloomError
from driving_data.ports import Control
from tests.closed_loop import worlds

SOURCE = """
from dataclasses import dataclass
import numpy as np
from driving_data.ports import Control


def brakes(observation):
    return -2.0, 0.0


def by_world(observation):
    assert len(observation.done) == 1
    return float(observation.target_speed_mps[0]) * 0.1, np.zeros(1)


@dataclass(frozen=True)
class Gentle:
    braking_mps2: float = 1.0


class Stops:
    Parameters = Gentle

    def __init__(self, parameters=None):
        self.parameters = parameters or Gentle()

    @property
    def name(self):
        return "stops"

    def reset(self, num_worlds):
        pass

    def act(self, observation):
        count = len(observation.done)
        return Control(np.full(count, -self.parameters.braking_mps2), np.zeros(count))


ready = Stops(Gentle(3.0))
number = 5
"""


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(SOURCE)
    return path


def test_functions_classes_and_objects_drive_by_name(source):
    seen = sample_observation(3, 4, 1)
    assert make_policy(f"python:{source}:brakes").act(seen).acceleration_mps2.tolist() == [-2.0] * 3
    assert make_policy(f"python:{source}:Stops", {"braking_mps2": 4.0}).act(seen).acceleration_mps2[0] == -4.0
    assert make_policy(f"python:{source}:ready").act(seen).acceleration_mps2[0] == -3.0
    each = make_policy(f"python:{source}:by_world", {"each": True})
    assert each.act(seen).acceleration_mps2 == pytest.approx(0.1 * seen.target_speed_mps)
    package = make_policy("python:closed_loop.policies.idm:IdmPolicy", {"corridor_margin_m": 0.4})
    assert package.parameters.corridor_margin_m == 0.4
    check_policy(lambda: make_policy(f"python:{source}:brakes"), seed=3)
    check_policy(lambda: make_policy(f"python:{source}:by_world", {"each": True}), seed=3)


@pytest.mark.parametrize(
    ("target", "what"),
    [
        ("{source}:brake", "did you mean 'brakes'"),
        ("{source}:number", "a function, a policy class or a policy"),
        ("{source}", "package.module:name"),
        ("nowhere.py:f", "existing Python file"),
        ("no_such_package_at_all:f", "importable module"),
        ("{broken}:f", "ZeroDivisionError"),
    ],
)
def test_what_cannot_be_loaded_is_told(source, tmp_path, target, what):
    (tmp_path / "broken.py").write_text("1 / 0\n")
    with pytest.raises(InputError, match=what):
        make_policy("python:" + target.format(source=source, broken=tmp_path / "broken.py"))


def test_wrong_parameters_are_told(source):
    with pytest.raises(InputError, match="one of target, sha256, each, step_s, tracking"):
        make_policy(f"python:{source}:brakes", {"speed": 3})
    for wrong in ({"each": 1}, {"step_s": 0.0}, {"tracking": "pid"}, {"target": "else:where"}):
        with pytest.raises(InputError, match=next(iter(wrong))):
            make_policy(f"python:{source}:brakes", wrong)
    with pytest.raises(InputError, match="did you mean 'braking_mps2'"):
        make_policy(f"python:{source}:Stops", {"braking": 3.0})
    with pytest.raises(InputError, match="no parameters for an object"):
        make_policy(f"python:{source}:ready", {"braking": 3.0})


@pytest.mark.parametrize(
    "answer",
    [Control(np.array([1.0, 1.0]), np.array([0.1, 0.1])), (1.0, 0.1), ([1, 1], np.array([0.1, 0.1])),
     np.array([[1.0, 0.1], [1.0, 0.1]])],
)  # fmt: skip
def test_every_form_of_an_answer_is_taken(answer):
    control = CallablePolicy(lambda observation: answer).act(sample_observation(2, 3, 0))
    assert control.acceleration_mps2.tolist() == [1.0, 1.0] and control.steering_rad.tolist() == [0.1, 0.1]


@pytest.mark.parametrize("answer", [None, 1.0, (1.0, 2.0, 3.0), np.zeros((3, 3)), ("fast", 0.0), (np.zeros(5), 0.0)])
def test_what_is_no_answer_is_told(answer):
    with pytest.raises(RoadloomError, match="policy 'mine'"):
        CallablePolicy(lambda observation: answer, name="mine").act(sample_observation(2, 3, 0))


def test_workers_load_the_same_source_again_and_notice_a_change(source):
    policy = make_policy(f"python:{source}:brakes")
    text = pickle.dumps(policy)
    assert pickle.loads(text).act(sample_observation(1, 2, 0)).acceleration_mps2[0] == -2.0
    before = json.dumps(policy_parameters(policy))
    source.write_text(SOURCE.replace("-2.0", "-5.0"))
    with pytest.raises(InputError, match="sha256"):
        pickle.loads(text)
    # Another source is another policy: kept episodes are not taken for its own.
    assert json.dumps(policy_parameters(make_policy(f"python:{source}:brakes"))) != before


def test_what_a_policy_measured_stands_in_its_episodes():
    class Counts:
        name = "counts"

        def reset(self, num_worlds):
            self.calls = 0

        def act(self, observation):
            self.calls += 1
            return Control(np.zeros(len(observation.done)), np.zeros(len(observation.done)))

        def statistics(self):
            return {"calls": self.calls}

    report = run_suite(Counts(), Suite("one", (worlds.concrete(),)), worlds.PointWorlds())
    assert report.episodes[0].evidence == {"calls": 80}
    wrapped = make_policy("delayed", {"latency": {"latency_s": 0.1}})
    wrapped.inner = Counts()
    report = run_suite(wrapped, Suite("one", (worlds.concrete(),)), worlds.PointWorlds())
    assert report.episodes[0].evidence == {"inner": {"calls": 80}}
    assert CallableParameters().each is False
