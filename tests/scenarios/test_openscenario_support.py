"""The support matrix: complete against the standard, true against the code, and the same as on the page."""

from pathlib import Path

import pytest

from scenarios.openscenario.reader import parse_openscenario, read_openscenario
from scenarios.openscenario.schema import types
from scenarios.openscenario.support import COMMON, features, page, unsupported
from tests.scenarios.openscenario_files import scenario

PAGE = Path(__file__).resolve().parents[2] / "docs" / "openscenario_support.md"


def test_the_67_features_of_public_files_are_all_in_the_table() -> None:
    named = {(kind, name) for kind, names in COMMON.items() for name in names.split()}
    assert len(named) == 67
    assert named <= {(feature.kind, feature.name) for feature in features()}


def test_every_feature_is_read_and_written() -> None:
    assert [feature for feature in features() if not (feature.read and feature.written)] == []


def test_every_position_condition_and_shape_of_the_standard_is_in_the_table() -> None:
    names = {feature.name for feature in features()}
    for group in ("Position", "Shape", "EntityCondition", "ByValueCondition"):
        assert set(types()[group].children) <= names


def test_all_common_features_but_the_swarm_are_played() -> None:
    assert {feature.name for feature in features() if feature.common and feature.played == "no"} <= {
        "TrafficSwarmAction"
    }


def test_the_page_shows_the_table() -> None:
    assert page() == PAGE.read_text(encoding="utf-8")  # python tools/openscenario_support.py


@pytest.mark.parametrize(
    ("init", "name"),
    [
        ("<GlobalAction><TrafficAction><TrafficStopAction/></TrafficAction></GlobalAction>", "TrafficStopAction"),
        ('<GlobalAction><SetMonitorAction monitorRef="m" value="true"/></GlobalAction>', "SetMonitorAction"),
    ],
)
def test_what_is_not_played_is_listed_by_name_and_line(init: str, name: str) -> None:
    text = scenario(init="\n" + init)
    found = unsupported(parse_openscenario(text.encode(), "s.xosc"))
    assert name in {fault.found for fault in found}
    line = text[: text.index(f"<{name}")].count("\n") + 1
    assert any(fault.line == line and fault.file == "s.xosc" for fault in found)


def test_a_scenario_that_is_played_whole_lists_nothing(shared_data: Path) -> None:
    folder = shared_data / "openscenario" / "alks" / "logical_scenarios" / "concrete_scenarios"
    assert unsupported(read_openscenario(folder / "alks_scenario_4_4_1_cut_in_no_collision_template.xosc")) == []
