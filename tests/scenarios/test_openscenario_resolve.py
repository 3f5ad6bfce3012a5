"""Parameters, expressions and catalogs, resolved."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driving_data.errors import InputError
from scenarios.openscenario.expressions import ExpressionFault, Value, evaluate, to_text
from scenarios.openscenario.node import Node
from scenarios.openscenario.reader import read_openscenario, resolve
from tests.scenarios.openscenario_files import BODY, catalog, declared, put, scenario, speed

VALUES: dict[str, Value] = {"a": 3.0, "b": -2.5, "t": True, "name": "truck", "n": "7"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7.0),
        ("-(1 + 2) * 3", -9.0),
        ("7 % 3", 1.0),
        ("-7 % 3", -1.0),
        ("round(2.5)", 3.0),
        ("round(-2.5)", -3.0),
        ("floor(-1.2) + ceil(1.2)", 0.0),
        ("pow(2, 10) / sqrt(16)", 256.0),
        ("abs($b) + sign($b)", 1.5),
        ("max(1, $a, 2) - min(1, 2)", 2.0),
        ("cos(pi)", -1.0),
        ("$a > 2 and not $t == false", True),
        ("false or 1 <= 1", True),
        ("$n * 2", 14.0),
        ("$name + _ + brakes", "truck_brakes"),
        ("$name + drives off", "truckdrives off"),
        ("2.5e2", 250.0),
    ],
)
def test_expressions_have_the_value_of_the_standard(text: str, value: Value) -> None:
    found = evaluate(text, VALUES.__getitem__)
    assert found == pytest.approx(value) if isinstance(value, float) else found == value


@pytest.mark.parametrize(
    "text",
    [
        "1 /0",
        "5 % 0",
        "sqrt(-1)",
        "pow(10, 999)",
        "1 +",
        "(1",
        "sqr(2)",
        "max(1)",
        "round(1, 2)",
        "$a $b",
        "not",
        "x" * 20_000,
        "(" * 200,
    ],
)
def test_expressions_without_a_value_are_faults(text: str) -> None:
    with pytest.raises(ExpressionFault):
        evaluate(text, VALUES.__getitem__)


@given(st.text("0123456789.+-*/%()$ab, eEmaxinpow<>=!&|", max_size=25))
def test_no_text_does_anything_but_give_a_value_or_a_fault(text: str) -> None:
    try:
        value = evaluate(text, {"a": 3.0, "b": 2.0}.__getitem__)
    except (ExpressionFault, KeyError):
        return
    assert isinstance(value, str | bool) or math.isfinite(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_survive_being_written(number: float) -> None:
    assert float(to_text(number)) == number


def _target(node: Node) -> Node:
    return next(item for item in node.walk() if item.tag == "AbsoluteTargetSpeed")


def test_parameters_may_depend_on_others_declared_later_and_are_given_from_outside(tmp_path: Path) -> None:
    text = scenario(declared("v", "${$kph / 3.6}") + declared("kph", "36"), init=speed("${$v * 2}"))
    document = read_openscenario(put(tmp_path, "s.xosc", text))
    assert _target(resolve(document)).get("value") == "20"
    assert _target(resolve(document, {"kph": "72"})).get("value") == "40"


def test_cycles_unknown_names_and_wrong_types_are_reported_together(tmp_path: Path) -> None:
    text = scenario(
        declared("one", "$two") + declared("two", "${$one + 1}") + declared("word", "fast", "string"),
        init=speed("$one") + speed("${$wrod}") + speed("$word"),
    )
    with pytest.raises(InputError) as error:
        resolve(read_openscenario(put(tmp_path, "s.xosc", text)), {"thre": "1"})
    faults = {fault.code: fault for fault in error.value.faults}
    assert set(faults) == {"cyclic-parameter", "unknown-parameter", "wrong-type"}
    assert "one -> two -> one" in faults["cyclic-parameter"].found
    assert any(fault.nearest == "$word" for fault in error.value.faults)
    assert all(fault.file and (fault.line or fault.found == "thre") for fault in error.value.faults)


CAR = f"""<Vehicle name="car" vehicleCategory="car"><ParameterDeclarations>{declared("mass", "1000")}
{declared("label", "none", "string")}</ParameterDeclarations>{BODY}
<Properties><Property name="mass" value="${{$mass + 1}}"/><Property name="label" value="$label"/></Properties>
</Vehicle>"""


def test_catalog_entries_take_assignments_evaluated_where_they_are_made(tmp_path: Path) -> None:
    put(tmp_path, "Catalogs/Cars/cars.xosc", catalog("Cars", CAR))
    reference = """<ScenarioObject name="Two"><CatalogReference catalogName="Cars" entryName="$kind">
<ParameterAssignments>
<ParameterAssignment parameterRef="mass" value="${$heavy * 2}"/></ParameterAssignments></CatalogReference>
</ScenarioObject>"""
    text = scenario(
        declared("heavy", "800") + declared("kind", "car", "string") + declared("folder", "Catalogs", "string"),
        r'<VehicleCatalog><Directory path=".\$folder\CARS"/></VehicleCatalog>',
        entities=reference,
    )
    root = resolve(read_openscenario(put(tmp_path, "s.xosc", text)))
    holder = root.find("Entities")
    assert holder is not None
    vehicle = holder.all("ScenarioObject")[1].child("Vehicle")
    assert vehicle is not None and vehicle.child("ParameterDeclarations") is None
    properties = {item.get("name"): item.get("value") for item in vehicle.walk() if item.tag == "Property"}
    assert properties == {"mass": "1601", "label": "none"}
    assert not [item for item in root.walk() if any("$" in value for value in item.attributes.values())]


def test_missing_catalogs_entries_and_assignments_name_the_nearest(tmp_path: Path) -> None:
    put(tmp_path, "c/cars.xosc", catalog("Cars", CAR))

    def reference(name: str, where: str, entry: str, parameter: str) -> str:
        return f"""<ScenarioObject name="{name}"><CatalogReference catalogName="{where}" entryName="{entry}">
<ParameterAssignments><ParameterAssignment parameterRef="{parameter}" value="1"/></ParameterAssignments>
</CatalogReference></ScenarioObject>"""

    text = scenario(
        catalogs='<VehicleCatalog><Directory path="c"/></VehicleCatalog>',
        entities=reference("A", "Carz", "car", "mass")
        + reference("B", "Cars", "cart", "mass")
        + reference("C", "Cars", "car", "mas"),
    )
    with pytest.raises(InputError) as error:
        resolve(read_openscenario(put(tmp_path, "s.xosc", text)))
    found = {(fault.code, fault.nearest) for fault in error.value.faults}
    assert found == {("unknown-catalog", "Cars"), ("unknown-entry", "car"), ("unknown-parameter", "mass")}


def test_a_catalog_that_refers_to_itself_ends(tmp_path: Path) -> None:
    entry = """<Controller name="c"/><Vehicle name="v" vehicleCategory="car">{body}<Trailer><Trailer name="t">
<CatalogReference catalogName="Loop" entryName="v"/></Trailer></Trailer></Vehicle>"""
    loop = catalog("Loop", entry.format(body=BODY).replace('<Controller name="c"/>', ""))
    loop = loop.replace("</Axles>", '</Axles><TrailerHitch dx="1"/>')
    put(tmp_path, "c/loop.xosc", loop)
    text = scenario(
        catalogs='<VehicleCatalog><Directory path="c"/></VehicleCatalog>',
        entities='<ScenarioObject name="A"><CatalogReference catalogName="Loop" entryName="v"/></ScenarioObject>',
    )
    with pytest.raises(InputError) as error:
        resolve(read_openscenario(put(tmp_path, "s.xosc", text)))
    assert error.value.faults[0].code == "cyclic-catalog"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_encodings_and_comments(tmp_path: Path, encoding: str) -> None:
    text = scenario(declared("ä", "1").replace("ä", "a") + "<!-- größer -->", init=speed("$a"))
    text = text.replace('description="d"', 'description="größer"').replace("UTF-8", encoding.replace("-sig", ""))
    path = tmp_path / "s.xosc"
    path.write_bytes(text.encode(encoding))
    header = read_openscenario(path).root.child("FileHeader")
    assert header is not None and header.get("description") == "größer"


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE x [<!ENTITY a "b">]>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x SYSTEM "http://e.org/x.dtd">',
    ],
)
def test_entities_are_refused_and_nothing_is_fetched(tmp_path: Path, doctype: str) -> None:
    text = scenario().replace("<OpenSCENARIO>", f"{doctype}<OpenSCENARIO>").replace('"d"', '"&a;"')
    with pytest.raises(InputError) as error:
        read_openscenario(put(tmp_path, "s.xosc", text))
    assert error.value.faults[0].code in ("entity", "not-xml")
