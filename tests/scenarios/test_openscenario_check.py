"""What `check` says of wrong and odd files, with place, code, expectation and nearest name."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driving_data.errors import Fault, RoadloomError
from scenarios.openscenario.catalogs import road_of
from scenarios.openscenario.check import check, is_lint
from scenarios.openscenario.logical import to_logical
from scenarios.openscenario.node import Node
from tests.effort import examples
from tests.scenarios.openscenario_files import catalog, declared, group, put, scenario, speed, teleport, variation
from tests.scenarios.openscenario_models import VERSIONS, Maker, as_xml

TRIGGER = """<StartTrigger><ConditionGroup>
<Condition name="c" delay="{delay}" conditionEdge="rising">{condition}</Condition>
</ConditionGroup></StartTrigger>"""
TIME = '<ByValueCondition><SimulationTimeCondition value="1" rule="greaterThan"/></ByValueCondition>'
ENDS = """<ByValueCondition>
<StoryboardElementStateCondition storyboardElementType="action" storyboardElementRef="{name}" state="completeState"/>
</ByValueCondition>"""


def _story(actor: str = "Ego", condition: str = TIME, delay: str = "0", action: str = "") -> str:
    inner = (
        action
        or """<PrivateAction><LongitudinalAction><SpeedAction><SpeedActionDynamics dynamicsShape="linear"
dynamicsDimension="time" value="2"/><SpeedActionTarget><AbsoluteTargetSpeed value="3"/></SpeedActionTarget>
</SpeedAction>
</LongitudinalAction></PrivateAction>"""
    )
    actors = f'<EntityRef entityRef="{actor}"/>' if actor else ""
    trigger = TRIGGER.format(delay=delay, condition=condition)
    return f"""<Story name="s"><Act name="a"><ManeuverGroup name="g" maximumExecutionCount="1">
<Actors selectTriggeringEntities="false">{actors}</Actors><Maneuver name="m"><Event name="e" priority="override">
<Action name="brake">{inner}</Action>{trigger}</Event></Maneuver>
</ManeuverGroup>{TRIGGER.format(delay=0, condition=TIME)}
</Act></Story>"""


ROAD = '<LogicFile filepath="road.xodr"/>'
XODR = """<OpenDRIVE><header revMajor="1" revMinor="6"/><road id="7" length="100" junction="-1" name=""><planView>
<geometry s="0" x="0" y="0" hdg="0" length="100"><line/></geometry></planView><lanes><laneSection s="0"><center>
<lane id="0" type="none"/></center><right><lane id="-1" type="driving"><width sOffset="0" a="3.5" b="0" c="0" d="0"/>
</lane></right>
</laneSection></lanes></road></OpenDRIVE>"""


def _lane(road: str = "7", lane: str = "-1", s: str = "10") -> str:
    return teleport(f'<LanePosition roadId="{road}" laneId="{lane}" s="{s}"/>')


WRONG = {
    "not XML": (scenario().replace("</Entities>", ""), "not-xml", None),
    "another root": ("<Scenario/>", "not-openscenario", None),
    "unknown element": (
        scenario(init=speed("1").replace("TargetSpeed", "TargetSped")),
        "unknown-element",
        "AbsoluteTargetSpeed",
    ),
    "unknown attribute": (
        scenario(init=speed("1").replace("dynamicsShape", "dynamicShape")),
        "unknown-attribute",
        "dynamicsShape",
    ),
    "missing attribute": (scenario(init=speed("1").replace('dynamicsShape="step"', "")), "missing-attribute", None),
    "missing element": (
        scenario().replace("<Storyboard>", "<Storyboard><!--").replace("</Init>", "</Init>-->"),
        "missing-element",
        None,
    ),
    "two of one": (
        scenario().replace("</Storyboard>", "<Init><Actions/></Init></Storyboard>"),
        "too-many-elements",
        None,
    ),
    "a word for a number": (scenario(init=speed("fast")), "wrong-type", None),
    "no word of the list": (scenario(init=speed("1").replace('"step"', '"stepp"')), "wrong-type", "step"),
    "text between elements": (scenario().replace("<Storyboard>", "<Storyboard>hello"), "unexpected-text", None),
    "no header": (scenario().replace("FileHeader", "FileHead"), "unknown-element", "FileHeader"),
    "bad date": (scenario().replace("2024-05-31T12:00:00", "2024-13-31T12:00:00"), "wrong-type", None),
    "unknown entity": (scenario(init=speed("1", "Egoo")), "unknown-entity", "Ego"),
    "unknown actor": (scenario(stories=_story("Eggo")), "unknown-entity", "Ego"),
    "unknown parameter": (scenario(declared("speed", "1"), init=speed("$sped")), "unknown-parameter", "$speed"),
    "bad expression": (scenario(declared("a", "1"), init=speed("${$a * }")), "bad-expression", None),
    "cyclic parameters": (
        scenario(declared("a", "$b") + declared("b", "$a"), init=speed("$a")),
        "cyclic-parameter",
        None,
    ),
    "unknown action": (
        scenario(stories=_story(condition=ENDS.format(name="break"))),
        "unknown-storyboard-element",
        "brake",
    ),
    "unknown variable": (
        scenario(
            stories=_story(
                condition="<ByValueCondition>"
                '<VariableCondition variableRef="v" rule="equalTo" value="1"/></ByValueCondition>'
            )
        ),
        "unknown-variable",
        None,
    ),
    "unknown signal controller": (
        scenario(
            init="<GlobalAction><InfrastructureAction><TrafficSignalAction>"
            '<TrafficSignalControllerAction trafficSignalControllerRef="x" phase="go"/>'
            "</TrafficSignalAction></InfrastructureAction></GlobalAction>"
        ),
        "unknown-traffic-signal-controller",
        None,
    ),
    "a parameter of another type": (scenario(declared("a", "fast"), init=speed("1")), "wrong-type", None),
    "a variable of another type": (
        scenario(
            extra="<VariableDeclarations>"
            '<VariableDeclaration name="v" variableType="int" value="1.5"/></VariableDeclarations>'
        ),
        "wrong-type",
        None,
    ),
    "an operator that there is not": (scenario(declared("a", "1"), init=speed("${$a ^ 2}")), "bad-expression", None),
    "negative delay": (scenario(stories=_story(delay="-1")), "negative", None),
    "two entities of one name": (
        scenario(entities='<ScenarioObject name="Ego"><ExternalObjectReference name="x"/></ScenarioObject>'),
        "duplicate-name",
        None,
    ),
    "broken by the default": (
        scenario(declared("a", "5", constraints=group(("lessThan", "4")))),
        "constraint-violated",
        None,
    ),
    "impossible": (
        scenario(declared("a", "5", constraints=group(("lessThan", "4"), ("greaterThan", "6")))),
        "impossible-constraint",
        None,
    ),
    "no road file": (scenario(road='<LogicFile filepath="rode.xodr"/>'), "missing-file", None),
    "unknown road": (scenario(road=ROAD, init=_lane(road="8")), "unknown-road", None),
    "unknown lane": (scenario(road=ROAD, init=_lane(lane="-2")), "unknown-lane", None),
    "beyond the road": (scenario(road=ROAD, init=_lane(s="101")), "outside-road", None),
    "unknown catalog": (
        scenario(
            entities='<ScenarioObject name="B"><CatalogReference catalogName="C" entryName="e"/></ScenarioObject>'
        ),
        "unknown-catalog",
        None,
    ),
}


def _check(folder: Path, text: str) -> list[Fault]:
    put(folder, "road.xodr", XODR)
    return check(put(folder, "s.xosc", text))


@pytest.mark.parametrize("name", list(WRONG))
def test_wrong_files(tmp_path: Path, name: str) -> None:
    text, code, nearest = WRONG[name]
    faults = [fault for fault in _check(tmp_path, text) if not is_lint(fault)]
    assert code in {fault.code for fault in faults}, faults
    fault = next(fault for fault in faults if fault.code == code)
    assert fault.file == str(tmp_path / "s.xosc")
    assert 0 < fault.line <= text.count("\n") + 1
    assert fault.column > 0 and fault.expected
    assert nearest is None or nearest in {item.nearest for item in faults if item.code == code}


def test_a_good_file_has_no_faults(tmp_path: Path) -> None:
    text = scenario(
        declared("v", "3"), road=ROAD, init=speed("$v") + _lane(), stories=_story(condition=ENDS.format(name="brake"))
    )
    assert _check(tmp_path, text) == []


def test_every_fault_at_once_each_at_its_attribute(tmp_path: Path) -> None:
    text = scenario(init=speed("fast").replace('"step"', '"stepp"'), road='<LogicFile filepat="x"/>')
    faults = _check(tmp_path, text)
    lines = text.split("\n")
    assert [fault.code for fault in faults] == ["unknown-attribute", "missing-attribute", "wrong-type", "wrong-type"]
    marks = [lines[fault.line - 1][fault.column - 1 :].split("=")[0] for fault in faults]
    assert marks == ["filepat", "<LogicFile filepat", "dynamicsShape", "value"]


LINTS = {
    "vacuous": (
        scenario(
            declared("ego", "5", constraints=group(("greaterThan", "0"), ("lessOrEqual", "60")))
            + declared("v", "-1", constraints=group(("lessThan", "0")) + group(("greaterThan", "${-$ego}"))),
            init=speed("$v"),
        ),
        "lint-vacuous-constraint",
    ),
    "unused": (scenario(declared("a", "1")), "lint-unused-parameter"),
    "no folder": (
        scenario(catalogs='<VehicleCatalog><Directory path="nowhere"/></VehicleCatalog>'),
        "lint-missing-folder",
    ),
    "no actors": (scenario(stories=_story("")), "lint-no-actors"),
    "never starts": (
        scenario(stories=_story().replace(TRIGGER.format(delay=0, condition=TIME), "<StartTrigger/>")),
        "lint-never-starts",
    ),
    "not played": (
        scenario(init="<GlobalAction><TrafficAction><TrafficStopAction/></TrafficAction></GlobalAction>"),
        "lint-unsupported",
    ),
    "engine's road": (scenario(road='<LogicFile filepath="Town01"/>'), "lint-named-road"),
    "road found elsewhere": (scenario(road='<LogicFile filepath="/home/me/road.xodr"/>'), "lint-forgiven-path"),
}


@pytest.mark.parametrize("name", list(LINTS))
def test_lints_fail_nothing(tmp_path: Path, name: str) -> None:
    text, code = LINTS[name]
    faults = _check(tmp_path, text)
    assert code in {fault.code for fault in faults}
    assert all(is_lint(fault) for fault in faults)


def test_a_constraint_that_depends_on_others_is_no_slip(tmp_path: Path) -> None:
    """`v < 0 or v > limit` says something while the limit may lie above 0."""
    constraints = group(("lessThan", "0")) + group(("greaterThan", "$limit"))
    text = scenario(declared("limit", "-5") + declared("v", "-1", constraints=constraints), init=speed("$v"))
    assert "lint-vacuous-constraint" in {fault.code for fault in _check(tmp_path, text)}
    free = group(("greaterOrEqual", "-5"), ("lessOrEqual", "5"))
    text = scenario(
        declared("limit", "-5", constraints=free) + declared("v", "-1", constraints=constraints), init=speed("$v")
    )
    assert _check(tmp_path, text) == []


def test_alks_4_4_1_and_its_constraints_that_say_nothing(shared_data: Path) -> None:
    folder = shared_data / "openscenario" / "alks" / "logical_scenarios"
    faults = check(folder / "alks_scenario_4_4_1_cut_in_no_collision_variation.xosc")
    assert [(fault.code, fault.line) for fault in faults] == [
        ("lint-vacuous-constraint", 28),
        ("lint-vacuous-constraint", 51),
    ]
    assert all("4_4_1" in fault.file and "or" in fault.expected for fault in faults)


@pytest.mark.slow
def test_public_files_have_no_faults_but_one_whose_catalogs_are_elsewhere(shared_data: Path) -> None:
    wrong = {
        path.name
        for path in sorted((shared_data / "openscenario").rglob("*.xosc"))
        if any(not is_lint(fault) for fault in check(path))
    }
    assert wrong == {"car_walk.xosc"}


def test_variation_and_catalog_files_are_checked_too(tmp_path: Path) -> None:
    put(tmp_path, "s.xosc", scenario(declared("a", "1", constraints=group(("lessThan", "3"))), init=speed("$a")))
    inside = """<DeterministicSingleParameterDistribution parameterName="a"><DistributionSet><Element value="4"/>
</DistributionSet></DeterministicSingleParameterDistribution>"""
    found = check(put(tmp_path, "v.xosc", variation("s.xosc", inside)))
    assert [fault.code for fault in found] == ["infeasible"]
    missing = check(put(tmp_path, "w.xosc", variation("t.xosc", inside)))
    assert [fault.code for fault in missing] == ["missing-file"]
    twice = catalog("C", '<Controller name="a"/><Controller name="a"/>')
    assert [fault.code for fault in check(put(tmp_path, "c.xosc", twice))] == ["duplicate-name"]


GOOD = scenario(
    declared("a", "1", constraints=group(("lessThan", "3"))) + declared("b", "${$a + 1}"),
    road=ROAD,
    init=speed("${$a * 2}") + _lane(),
    stories=_story(condition=ENDS.format(name="brake")),
)


@settings(max_examples=examples(150))
@given(at=st.integers(0, len(GOOD)), cut=st.integers(0, 30), put_in=st.text("<>/\"'$={}ab1-& \n", max_size=8))
def test_damaged_files_give_faults_and_never_anything_else(
    tmp_path_factory: pytest.TempPathFactory, at: int, cut: int, put_in: str
) -> None:
    folder = tmp_path_factory.getbasetemp() / "damaged"
    faults = _check(folder, GOOD[:at] + put_in + GOOD[at + cut :])
    assert all(fault.code and fault.expected for fault in faults)


@pytest.mark.slow
@settings(max_examples=examples(60))
@given(version=st.sampled_from(VERSIONS), seed=st.integers(0, 2**32), richness=st.floats(0.1, 0.9), plain=st.booleans())
def test_any_valid_file_is_checked_and_drawn_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, version: str, seed: int, richness: float, plain: bool
) -> None:
    made = Maker(version, seed, richness).node("OpenSCENARIO", "OpenScenario")
    about = {"author": "a", "date": "2024-05-31T12:00:00", "description": "d", "revMajor": "1", "revMinor": version[2]}
    source = as_xml(Node(made.tag, {}, (Node("FileHeader", about), *made.children[1:]))).decode()
    if plain:  # without references more of the file is looked at
        source = source.replace('"$a"', '"1"').replace("${1 + $a}", "2").replace("${-max($a, 2.5) * pi}", "3")
    path = put(tmp_path_factory.getbasetemp() / "any", "s.xosc", source)
    assert all(fault.code and fault.expected for fault in check(path))
    try:
        to_logical(path).sample(0)
    except RoadloomError as error:
        assert str(error)


def test_the_map_of_an_engine_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`Town01` means Town01.xodr, beside the scenario or in a folder of ROADLOOM_MAPS; else nothing."""
    document = tmp_path / "scenario.xosc"
    assert road_of(document, "Town01") == (None, False)
    maps = tmp_path.parent / f"{tmp_path.name}_maps" / "inner" / "deep"
    maps.mkdir(parents=True)
    (maps / "Town01.xodr").write_text("<OpenDRIVE/>")
    monkeypatch.setenv("ROADLOOM_MAPS", str(maps))
    assert road_of(document, "Town01") == (maps / "Town01.xodr", True)
    (tmp_path / "Town01.xodr").write_text("<OpenDRIVE/>")
    assert road_of(document, "Town01") == (tmp_path / "Town01.xodr", True)
