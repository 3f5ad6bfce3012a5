"""Files played without controllers stay within 0.1 m RMS of the trajectories of the reference player."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.bench_openscenario_play import CUT_S, LONGEST_S, TOLERANCE_M, verdict

ROOT = Path(__file__).resolve().parent.parent.parent

FAST = (
    "xosc/cut-in_simple", "xosc/trailers", "xosc/lane-change_clothoid_based_trajectory", 
    "xosc/slow-lead-vehicle", "scenario_construct_examples/scenario_nurb_curved_road", "xosc/drop-bike",
    "xosc/speed-profile",
)  # fmt: skip
ALKS = "alks_scenario_4_4_1_cut_in_no_collision_template"


@pytest.mark.slow
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


# Hundreds of simulated seconds: played in a process of its own, which does not check the types of every call.
PLAYED = """
import json, sys
from pathlib import Path
from benchmarks.bench_openscenario_play import alks, esmini
shared = Path(sys.argv[2])
found = alks(shared) if sys.argv[1] == "alks" else [one for one in esmini(shared) if not one.excluded]
print(json.dumps([[str(one.file), bool(one.within), one.reason, list(map(list, one.rms_m))] for one in found]))
"""


def played(which, shared_data):
    """[name, within, reason, rms by entity] of every counted file of a set."""
    done = subprocess.run([sys.executable, "-c", PLAYED, which, str(shared_data)], capture_output=True, text=True,
                          cwd=ROOT, timeout=600, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize(("which", "least"), [("alks", 13), ("esmini", 40)])
def test_every_file_that_counts(shared_data, which, least):
    """All files without controllers and traffic swarm: 13 of 13 and 40 of 40."""
    found = played(which, shared_data)
    assert len(found) >= least
    assert not [one for one in found if not one[1]]
