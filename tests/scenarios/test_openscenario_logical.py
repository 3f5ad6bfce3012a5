"""Scenario and variation files as logical scenarios."""

from itertools import islice
from pathlib import Path

import pytest

from driving_data.errors import InputError
from scenarios.algebra import IllTyped
from scenarios.openscenario.distributions import expand
from scenarios.openscenario.logical import to_logical
from scenarios.openscenario.reader import read_openscenario
from tests.scenarios.openscenario_files import declared, group, put, scenario, speed, variation


def _variations(shared_data: Path) -> list[Path]:
    return sorted((shared_data / "openscenario" / "alks" / "logical_scenarios").glob("*.xosc"))


@pytest.mark.slow
def test_every_alks_variation_can_be_drawn_and_knows_its_draws(shared_data: Path) -> None:
    for path in _variations(shared_data):
        logical = to_logical(path)
        concrete = logical.sample(5)
        assert concrete in logical, path
        assert concrete.storyboard is not None and concrete.storyboard.entities
        assert concrete.digest() == logical.sample(5).digest()
        assert Path(concrete.road.file).is_file()


@pytest.mark.slow
def test_draws_are_feasible_combinations(shared_data: Path) -> None:
    path = next(path for path in _variations(shared_data) if "4_4_1" in path.name)
    expansion = expand(read_openscenario(path))
    feasible = {
        tuple(sorted((name, float(v) if name != "CutInVehicle_Model" else v) for name, v in row.items()))
        for row in expansion
    }
    logical = to_logical(path)
    names = [name for axis in expansion.axes for name in axis.names]
    for index in range(20):
        draws = logical.sample(1, index).draws
        row = ((name, draws[name] if isinstance(draws[name], str) else float(draws[name])) for name in names)
        assert tuple(sorted(row)) in feasible


def _varied(folder: Path, parameters: str, value: str, distributions: str, **options: str) -> Path:
    put(folder, "s.xosc", scenario(parameters, init=speed(value)))
    return put(folder, "v.xosc", variation("s.xosc", distributions, **options))


SET = """<DeterministicSingleParameterDistribution parameterName="{name}"><DistributionSet><Element value="{one}"/>
<Element value="{two}"/>
</DistributionSet></DeterministicSingleParameterDistribution>"""


def test_a_drawn_value_reaches_the_storyboard(tmp_path: Path) -> None:
    path = _varied(tmp_path, declared("kph", "36"), "${$kph / 3.6}", SET.format(name="kph", one="72", two="108"))
    logical = to_logical(path)
    found: set[float] = set()
    for index in range(12):
        concrete = logical.sample(0, index)
        assert concrete.storyboard is not None
        action = concrete.storyboard.init[0].action
        found.add(round(action.target.value, 6))  # type: ignore[union-attr]
    assert found == {20.0, 30.0}
    assert logical.where("kph > 80").sample(3).draws["kph"] == 108.0


def test_constraints_with_functions_that_the_algebra_lacks_hold_too(tmp_path: Path) -> None:
    parameters = declared("x", "1", constraints=group(("lessThan", "${pow(2, $y)}"))) + declared("y", "1")
    both = SET.format(name="x", one="3", two="9") + SET.format(name="y", one="2", two="4")
    logical = to_logical(_varied(tmp_path, parameters, "1", both))
    found = {(c.draws["x"], c.draws["y"]) for c in (logical.sample(0, i) for i in range(30))}
    assert found == {(3.0, 2.0), (3.0, 4.0), (9.0, 4.0)}


def test_stochastic_files_are_distributions(tmp_path: Path) -> None:
    normal = '<NormalDistribution expectedValue="20" variance="4"/>'
    inside = f'<StochasticDistribution parameterName="v">{normal}</StochasticDistribution>'
    options = {"kind": "Stochastic", "attributes": 'numberOfTestRuns="9"'}
    logical = to_logical(
        _varied(tmp_path, declared("v", "1", constraints=group(("greaterThan", "20"))), "$v", inside, **options)
    )
    values = [float(logical.sample(0, i).draws["v"]) for i in range(20)]
    assert min(values) > 20.0 and len(set(values)) == 20


def test_a_file_that_changed_is_noticed(tmp_path: Path) -> None:
    path = put(tmp_path, "s.xosc", scenario(init=speed("3")))
    logical = to_logical(path)
    assert logical.sample(0).storyboard is not None
    put(tmp_path, "s.xosc", scenario(init=speed("4")))
    with pytest.raises(IllTyped, match="changed"):
        logical.sample(0)


@pytest.mark.slow
def test_every_public_scenario_becomes_a_storyboard_or_says_what_is_not_played(shared_data: Path) -> None:
    said: dict[str, str] = {}
    for path in sorted((shared_data / "openscenario").rglob("*.xosc")):
        if read_openscenario(path).kind != "scenario":
            continue
        try:
            assert to_logical(path).sample(0).storyboard is not None
        except IllTyped as error:
            said[path.name] = str(error)
    assert set(said) <= {"car_walk.xosc", "swarm.xosc"}
    assert "TrafficSwarmAction" in said.get("swarm.xosc", "TrafficSwarmAction")
    assert list(islice(said, 3)) == list(said)


def test_given_values_vary_no_more_and_wrong_ones_are_refused(tmp_path: Path) -> None:
    path = _varied(
        tmp_path, declared("kph", "36") + declared("x", "1"), "$x", SET.format(name="kph", one="72", two="108")
    )
    for file, given in ((path, {"kph": "72", "x": "5"}), (tmp_path / "s.xosc", {"x": "5"})):
        concrete = to_logical(file, given).sample(4)
        assert concrete.storyboard is not None
        assert concrete.storyboard.init[0].action.target.value == 5.0  # type: ignore[union-attr]
        assert concrete.storyboard.values["x"] == "5"
    with pytest.raises(InputError) as error:
        to_logical(path, {"kmh": "1", "x": "fast"})
    assert [(fault.code, fault.nearest) for fault in error.value.faults] == [
        ("unknown-parameter", "kph"),
        ("wrong-type", None),
    ]
    with pytest.raises(IllTyped):
        to_logical(path, {"kph": "73"})
