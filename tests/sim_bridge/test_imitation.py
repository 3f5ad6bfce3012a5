"""The learned driver: its features, its network in the kernels, what it is worth on logs."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driving_data.errors import RoadloomError
from driving_data.logs.commonroad import CommonRoadReader
from scenarios.concrete import Driver
from scenarios.habits import Habits
from sim_bridge.embedded.imitation_kernels import feature
from sim_bridge.imitation.evaluation import constant_velocity, errors_of, idm_law, learned_law, split
from sim_bridge.imitation.samples import features, windows_of
from sim_bridge.imitation.weights import load_weights
from tests.sim_bridge.worlds import car, scenario, simulator

numbers = st.floats(0.0, 45.0)
gaps = st.one_of(st.floats(0.0, 300.0), st.just(math.inf))


@given(numbers, numbers, gaps, numbers, gaps, gaps, st.floats(-0.2, 0.2))
def test_features_agree_with_their_twin(speed, desired, gap, lead, left, right, bend):
    rows = features(*(np.array([value]) for value in (speed, desired, gap, lead, left, right, bend)))
    fast = [feature(k, speed, desired, gap, lead, left, right, bend) for k in range(10)]
    np.testing.assert_allclose(fast, rows[0], rtol=1e-12, atol=1e-12)


def test_the_kernel_runs_the_network_of_the_file():
    """Alone on a straight lane, one step from 10 m/s: the speed changes by what numpy says."""
    me = car("me", 100.0, 10.0, driver=Driver("imitation", 15.0, habits=Habits()))
    session = simulator().open([scenario(me, duration_s=1.0)], [0])
    session.run(1, "constant_speed")
    speed = session.rollouts()[0].velocity_mps[-1, 1, 0]
    inf = np.array([math.inf])
    row = features(np.array([10.0]), np.array([15.0]), inf, np.zeros(1), inf, inf, np.zeros(1))
    wish = float(load_weights().acceleration(row)[0])
    assert speed == pytest.approx(10.0 + 0.1 * min(max(wish, -1.5), 1.5), abs=1e-9)


def test_missing_weights_are_named(tmp_path):
    with pytest.raises(RoadloomError, match="ngsim"):
        load_weights(str(tmp_path / "none.npz"))
    (tmp_path / "bad.npz").write_bytes(b"no zip")
    with pytest.raises(RoadloomError):
        load_weights(str(tmp_path / "bad.npz"))
    path = tmp_path / "again.npz"
    load_weights("ngsim").save(path)
    again = load_weights(str(path))
    np.testing.assert_array_equal(again.numbers(), load_weights("ngsim").numbers())


def logs(shared_data: Path) -> list:
    folder = shared_data / "logs" / "commonroad"
    names = ("USA_Lanker-1_3_T-1.xml", "USA_US101-5_1_T-1.xml")
    return [next(iter(CommonRoadReader().read(folder / name))).rollout for name in names]


def test_the_shipped_driver_beats_constant_velocity_and_idm(shared_data):
    _, held = split(windows_of(logs(shared_data)))
    laws = {"learned": learned_law(load_weights()), "cv": constant_velocity, "idm": idm_law(Driver())}
    found = {name: errors_of(held, law).final_m for name, law in laws.items()}
    card = load_weights().card
    assert found["learned"] < 0.6 * found["cv"] < 0.6 * found["idm"]
    assert found["learned"] == pytest.approx(card["final_error_m"]["learned"], abs=1e-3)


@pytest.mark.extra
def test_training_is_the_same_again_and_learns(shared_data):
    pytest.importorskip("torch", reason="needs pip install 'roadloom[learn]'")
    from sim_bridge.imitation.training import TrainingOptions, train_imitation

    options = TrainingOptions(hidden=4, epochs=25)
    one, two = (train_imitation(logs(shared_data), 3, options) for _ in range(2))
    np.testing.assert_array_equal(one.numbers(), two.numbers())
    assert one.card["final_error_m"]["learned"] < one.card["final_error_m"]["constant_velocity"]
