"""Parameter value distributions: counts, combinations, constraints and draws."""

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from driving_data.errors import InputError
from scenarios.openscenario.distributions import Expansion, expand
from scenarios.openscenario.reader import read_openscenario
from tests.scenarios.openscenario_files import declared, group, put, scenario, speed, variation

ALKS = {
    "4_1_1_free_driving": (12, 12),
    "4_1_2_swerving_lead_vehicle": (300, 300),
    "4_1_3_side_vehicle": (1200, 1200),
    "4_2_1_fully_blocking_target": (360, 360),
    "4_2_2_partially_blocking_target": (6120, 6120),
    "4_2_3_crossing_pedestrian": (120, 120),
    "4_2_4_multiple_blocking_targets": (1800, 1800),
    "4_3_1_follow_lead_vehicle_comfortable": (2400, 2100),
    "4_3_2_follow_lead_vehicle_emergency_brake": (1400, 1225),
    "4_3_2_follow_lead_vehicle_emergency_brake_variation_reference": (3000, 2700),
    "4_4_1_cut_in_no_collision": (52500, 29750),
    "4_5_1_cut_out_fully_blocking": (8640, 8040),
    "4_5_2_cut_out_multiple_blocking_targets": (43200, 40200),
    "4_6_1_forward_detection_range": (6, 6),
    "4_6_2_lateral_detection_range": (2, 2),
}


def test_alks_expands_to_the_published_counts(shared_data: Path) -> None:
    found: dict[str, tuple[int, int]] = {}
    for path in sorted((shared_data / "openscenario" / "alks" / "logical_scenarios").glob("*.xosc")):
        expansion = expand(read_openscenario(path))
        name = path.stem.removeprefix("alks_scenario_").removesuffix("_variation")
        found[name] = (expansion.grid_count, expansion.feasible_count)
    assert found == ALKS
    assert sum(grid for grid, _ in found.values()) == 121_060
    assert sum(feasible for _, feasible in found.values()) == 93_935


def test_what_is_counted_is_what_is_made(shared_data: Path) -> None:
    folder = shared_data / "openscenario" / "alks" / "logical_scenarios"
    expansion = expand(read_openscenario(folder / "alks_scenario_4_3_1_follow_lead_vehicle_comfortable_variation.xosc"))
    rows = [tuple(sorted(row.items())) for row in expansion]
    assert len(rows) == len(set(rows)) == expansion.feasible_count


def _expand(folder: Path, parameters: str, distributions: str, **options: str) -> Expansion:
    put(folder, "s.xosc", scenario(parameters, init=speed("1")))
    return expand(read_openscenario(put(folder, "v.xosc", variation("s.xosc", distributions, **options))))


def _range(name: str, low: str, high: str, step: str) -> str:
    return f"""<DeterministicSingleParameterDistribution parameterName="{name}"><DistributionRange stepWidth="{step}">
<Range lowerLimit="{low}" upperLimit="{high}"/></DistributionRange></DeterministicSingleParameterDistribution>"""


def _set(name: str, *values: str) -> str:
    inside = "".join(f'<Element value="{value}"/>' for value in values)
    return f"""<DeterministicSingleParameterDistribution parameterName="{name}">
<DistributionSet>{inside}</DistributionSet>
</DeterministicSingleParameterDistribution>"""


ROWS = """<DeterministicMultiParameterDistribution><ValueSetDistribution>
<ParameterValueSet><ParameterAssignment parameterRef="a" value="1"/><ParameterAssignment parameterRef="b" value="2"/>
</ParameterValueSet>
<ParameterValueSet><ParameterAssignment parameterRef="a" value="3"/></ParameterValueSet>
</ValueSetDistribution></DeterministicMultiParameterDistribution>"""


def test_ranges_are_exact_and_sets_go_together(tmp_path: Path) -> None:
    parameters = declared("a", "0") + declared("b", "9") + declared("c", "0")
    rows = list(_expand(tmp_path, parameters, ROWS + _range("c", "0.1", "0.4", "0.1")))
    assert [row["c"] for row in rows[:4]] == ["0.1", "0.2", "0.3", "0.4"]
    assert len(rows) == 8
    assert rows[0] == {"a": "1", "b": "2", "c": "0.1"}
    assert rows[4] == {"a": "3", "c": "0.1"}


def test_groups_are_alternatives_and_rules_of_a_group_go_together(tmp_path: Path) -> None:
    parameters = (
        declared("a", "0", constraints=group(("lessThan", "2")) + group(("greaterThan", "3"), ("notEqualTo", "5")))
        + declared("half", "${$a / 2}")
        + declared("b", "0", constraints=group(("greaterOrEqual", "$half")))
        + declared("word", "x", "string", group(("equalTo", "x")) + group(("equalTo", "y")))
    )
    both = _range("a", "0", "6", "1") + _range("b", "0", "2", "1") + _set("word", "x", "y", "z")
    expansion = _expand(tmp_path, parameters, both)
    expected = [
        (a, b, word)
        for a in range(7)
        for b in range(3)
        for word in "xyz"
        if (a < 2 or (a > 3 and a != 5)) and b >= a / 2 and word in "xy"
    ]
    found = [(int(row["a"]), int(row["b"]), row["word"]) for row in expansion]
    assert found == expected
    assert (expansion.grid_count, expansion.feasible_count) == (63, len(expected))


def test_large_grids_are_counted_without_being_made(tmp_path: Path) -> None:
    names = [f"p{i}" for i in range(12)]
    parameters = "".join(declared(name, "0", constraints=group(("lessThan", "9.5"))) for name in names)
    expansion = _expand(tmp_path, parameters, "".join(_range(name, "0", "10", "1") for name in names))
    assert (expansion.grid_count, expansion.feasible_count) == (11**12, 10**12)
    assert next(iter(expansion))["p0"] == "0"


@pytest.mark.parametrize(
    ("distributions", "code", "nearest"),
    [
        (_set("lenght", "1"), "unknown-parameter", "length"),
        (_range("length", "2", "1", "1"), "empty-range", None),
        (_range("length", "0", "1", "0"), "empty-range", None),
        (_set("length", "1") + _set("length", "2"), "distributed-twice", None),
        (
            '<DeterministicSingleParameterDistribution parameterName="length">'
            '<UserDefinedDistribution type="mine">x</UserDefinedDistribution>'
            "</DeterministicSingleParameterDistribution>",
            "unsupported",
            None,
        ),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, distributions: str, code: str, nearest: str | None) -> None:
    with pytest.raises(InputError) as error:
        _expand(tmp_path, declared("length", "1"), distributions)
    fault = error.value.faults[0]
    assert (fault.code, fault.nearest) == (code, nearest)
    assert fault.file.endswith("v.xosc") and fault.line


def _stochastic(inside: str) -> str:
    return f'<StochasticDistribution parameterName="a">{inside}</StochasticDistribution>'


DRAWN = {
    '<NormalDistribution expectedValue="3" variance="4"/>': (3.0, 2.0),
    '<NormalDistribution expectedValue="0" variance="1"><Range lowerLimit="0" upperLimit="50"/></NormalDistribution>': (
        math.sqrt(2 / math.pi),
        math.sqrt(1 - 2 / math.pi),
    ),
    '<LogNormalDistribution expectedValue="2" variance="0.25"/>': (2.0, 0.5),
    '<UniformDistribution><Range lowerLimit="-1" upperLimit="5"/></UniformDistribution>': (2.0, 6 / math.sqrt(12)),
    '<PoissonDistribution expectedValue="4"/>': (4.0, 2.0),
    '<Histogram><Bin weight="1"><Range lowerLimit="0" upperLimit="2"/></Bin>'
    '<Bin weight="3"><Range lowerLimit="4" upperLimit="6"/></Bin></Histogram>': (4.0, math.sqrt(4 / 12 + 3.0)),
    '<ProbabilityDistributionSet><Element value="1" weight="1"/>'
    '<Element value="5" weight="3"/></ProbabilityDistributionSet>': (
        4.0,
        math.sqrt(3.0),
    ),
}


@pytest.mark.parametrize("inside", list(DRAWN))
def test_draws_have_the_stated_mean_and_spread(tmp_path: Path, inside: str) -> None:
    runs = 2000
    options = {"kind": "Stochastic", "attributes": f'numberOfTestRuns="{runs}" randomSeed="7"'}
    expansion = _expand(tmp_path, declared("a", "1"), _stochastic(inside), **options)
    values = np.array([float(row["a"]) for row in expansion])
    mean, std = DRAWN[inside]
    assert expansion.grid_count == expansion.feasible_count == len(values) == runs
    assert abs(values.mean() - mean) < 4.5 * std / math.sqrt(runs)
    assert abs(values.std() - std) < 0.1 * std
    assert expansion.draw(17) == list(expansion)[17]
    again = expand(read_openscenario(tmp_path / "v.xosc"), seed=8)
    assert again.draw(17) != expansion.draw(17) or "Set" in inside or "Poisson" in inside


def test_draws_meet_the_constraints_and_keep_their_shares(tmp_path: Path) -> None:
    elements = (
        f'<Element value="{value}" weight="{weight}"/>' for value, weight in (("car", 1), ("bus", 1), ("ufo", 8))
    )
    inside = f"<ProbabilityDistributionSet>{''.join(elements)}</ProbabilityDistributionSet>"
    parameters = declared("a", "car", "string", group(("notEqualTo", "ufo")))
    options = {"kind": "Stochastic", "attributes": 'numberOfTestRuns="500"'}
    counts = Counter(row["a"] for row in _expand(tmp_path, parameters, _stochastic(inside), **options))
    assert set(counts) == {"car", "bus"}
    assert abs(counts["car"] - 250) < 60


def test_constraints_that_nothing_meets_end_with_a_fault(tmp_path: Path) -> None:
    inside = '<UniformDistribution><Range lowerLimit="0" upperLimit="1"/></UniformDistribution>'
    parameters = declared("a", "3", constraints=group(("greaterThan", "2")))
    options = {"kind": "Stochastic", "attributes": 'numberOfTestRuns="2"'}
    with pytest.raises(InputError) as error:
        next(iter(_expand(tmp_path, parameters, _stochastic(inside), **options)))
    assert error.value.faults[0].code == "infeasible"
