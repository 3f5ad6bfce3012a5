"""Files played without controllers stay within 0.1 m RMS of the trajectories of the reference player."""

import pytest

from benchmarks.bench_openscenario_play import CUT_S, LONGEST_S, TOLERANCE_M, alks, esmini, table_of, verdict

FAST = (
    "xosc/cut-in_simple", "xosc/trailers", "xosc/lane-change_clothoid_based_trajectory", 
    "xosc/slow-lead-vehicle", "scenario_construct_examples/scenario_nurb_curved_road", "xosc/drop-bike",
    "xosc/speed-profile",
)  # fmt: skip
ALKS = "alks_scenario_4_4_1_cut_in_no_collision_template"


@pytest.mark.parametrize("name", FAST)
def test_a_file_of_the_esmini_set(shared_data, name):
    file = shared_data / f"openscenario/esmini/{name}.xosc"
    found = verdict(file, shared_data / f"reference_trajectories/esmini/{file.stem}.csv.gz", False, CUT_S)
    assert not found.reason
    assert max(rms for _, rms in found.rms_m) < TOLERANCE_M, found.rms_m
    assert found.seconds > 5.0


def test_a_file_of_the_alks_set(shared_data):
    file = shared_data / f"openscenario/alks/logical_scenarios/concrete_scenarios/{ALKS}.xosc"
    table = shared_data / f"reference_trajectories/alks_without_controllers/{ALKS}.csv.gz"
    assert verdict(file, table, True, LONGEST_S).within


@pytest.mark.slow
def test_every_alks_file(shared_data):
    found = list(alks(shared_data))
    assert len(found) == 13
    assert all(one.within for one in found), table_of(found)


@pytest.mark.slow
def test_every_esmini_file_without_controllers_and_swarm(shared_data):
    counted = [one for one in esmini(shared_data) if not one.excluded]
    assert len(counted) >= 40
    assert all(one.within for one in counted), table_of(counted)
