"""OpenSCENARIO DSL: parsing, units, composition in time, what becomes of the examples, faults with their place."""

from pathlib import Path

import pytest

from driving_data.errors import InputError
from scenarios.openscenario.dsl import tree
from scenarios.openscenario.dsl.parser import parse
from scenarios.openscenario.dsl.reader import check_dsl, read_dsl

ACTORS = "import osc.standard\nactor car_model\n"
BODY = """
scenario top:
    map: path_model
    map.set_map("M")
    map.path_min_driving_lanes(2)
    ego: car_model
    npc: car_model
    do serial:
"""


def written(tmp_path: Path, do: str, head: str = ACTORS + "actor path_model\n") -> Path:
    """A file with this do part."""
    path = tmp_path / "case.osc"
    path.write_text(head + BODY + "".join(f"        {line}\n" for line in do.strip("\n").split("\n")))
    return path


def test_expression_grammar() -> None:
    """Precedence, ranges, units, calls and members."""
    entity = parse(
        "scenario s:\n    x: int = 1 + 2 * 3 - f(a: [1..2], 5km).y\n    do serial:\n        a.b()\n"
    ).statements[0]
    assert isinstance(entity, tree.Entity)
    field = entity.items[0]
    assert isinstance(field, tree.Field)
    value = field.default
    assert isinstance(value, tree.Operation) and value.operator == "-"
    left, right = value.operands
    assert isinstance(left, tree.Operation) and left.operator == "+"
    assert isinstance(right, tree.Member) and isinstance(right.of, tree.Call)
    assert right.of.arguments[0] == tree.Argument("a", tree.Between(tree.Literal(1), tree.Literal(2)))
    assert right.of.arguments[1] == tree.Argument("", tree.Physical(5.0, "km"))


def test_speed_that_reaches_a_place(tmp_path: Path) -> None:
    """A position at the end of a phase becomes the speed that gets there: (20 + 15) m in 7 s more than the ego."""
    path = written(
        tmp_path,
        """
ahead: parallel(duration: 7s):
    ego.drive() with:
        speed(36kph)
        lane(1, at: start)
    npc.drive() with:
        lane(right_of: ego, at: start)
        position(15m, behind: ego, at: start)
        position(20m, ahead_of: ego, at: end)
""",
    )
    concrete = read_dsl(path).logical.sample(3)
    (npc,) = concrete.actors
    assert concrete.ego.speed_mps == pytest.approx(10.0)
    assert npc.speed_mps == pytest.approx(10.0 + 35.0 / 7.0)
    assert concrete.ego.start.s_m - npc.start.s_m == pytest.approx(15.0)
    assert concrete.ego.start.route == "main.2" and npc.start.route == "main.1"
    assert concrete.duration_s == pytest.approx(7.0)


def test_ranges_are_drawn(tmp_path: Path) -> None:
    """Ranges become parameters of the space; the same one keeps one value wherever it is read."""
    path = written(
        tmp_path,
        """
one: parallel(duration: [4s..6s]):
    ego.drive() with:
        speed([10mps..12mps])
    npc.drive() with:
        speed(9mps)
        position(30m, ahead_of: ego, at: start)
two: parallel(duration: 3s):
    npc.drive() with:
        speed(4mps)
""",
    )
    logical = read_dsl(path).logical
    draws = [logical.sample(1, index) for index in range(20)]
    assert all(10.0 <= concrete.ego.speed_mps <= 12.0 for concrete in draws)
    assert len({concrete.ego.speed_mps for concrete in draws}) == 20
    times = {concrete.draws["one_duration"] for concrete in draws}
    assert all(4.0 <= time <= 6.0 for time in times) and len(times) == 20


def test_one_of_is_a_choice(tmp_path: Path) -> None:
    """Two one_ofs of two alternatives each are four ways; equal ways are one with their weight."""
    path = written(
        tmp_path,
        """
one_of:
    parallel(duration: 3s):
        ego.drive() with: speed(5mps)
    parallel(duration: 3s):
        ego.drive() with: speed(7mps)
one_of:
    parallel(duration: 2s):
        npc.drive() with: speed(5mps)
    parallel(duration: 4s):
        npc.drive() with: speed(5mps)
""",
    )
    logical = read_dsl(path).logical
    seen = {(c.ego.speed_mps, c.duration_s) for c in (logical.sample(5, index) for index in range(60))}
    assert seen == {(5.0, 5.0), (5.0, 7.0), (7.0, 5.0), (7.0, 7.0)}


def test_what_has_no_counterpart_is_named(tmp_path: Path) -> None:
    """Nothing is left out without being named with its line."""
    path = written(
        tmp_path,
        """
one: parallel(duration: 5s):
    ego.drive() with:
        speed(10mps)
        follow_trajectory(input_file: "x.csv")
two: parallel(duration: 5s):
    ego.drive() with:
        speed(12mps)
emit done
""",
    )
    dropped = read_dsl(path).not_translated
    assert [(fault.line, fault.found.split("(")[0]) for fault in dropped] == [
        (15, "follow_trajectory"), (17, "the ego shall change speed in two"), (19, "emit done"),
    ]  # fmt: skip


def test_keep_gives_values_and_restrictions(tmp_path: Path) -> None:
    """keep(x == v), keep(x in range) bind a field; keep(a < b) restricts what is drawn."""
    path = tmp_path / "keep.osc"
    path.write_text(
        ACTORS
        + """
scenario top:
    ego: car_model
    npc: car_model
    v: speed
    w: speed
    keep(v in [5mps..15mps])
    keep(w in [5mps..15mps])
    keep(v < w)
    do parallel(duration: 4s):
        ego.drive() with: speed(v)
        npc.drive() with: speed(w)
"""
    )
    logical = read_dsl(path).logical
    draws = [logical.sample(2, index) for index in range(40)]
    assert all(c.ego.speed_mps < c.actors[0].speed_mps for c in draws)


@pytest.mark.parametrize(
    ("do", "line", "code", "nearest"),
    [
        ("parallel(duration: 5s):\n    ego.drive() with:\n        speed(10kp)", 14, "unknown-unit", "kph"),
        ("parallel(duration: 5m):\n    ego.drive()", 12, "wrong-dimension", ""),
        ("parallel(duration: 5s):\n    ego.drive() with:\n        speed(10m)", 14, "wrong-dimension", ""),
        ("parallel(duration: 5s):\n    egoo.jump()", 13, "unknown-name", ""),
        ("wait @strat", 12, "unknown-name", ""),
        ("parallel(duration: [6s..5s]):\n    ego.drive()", 12, "bad-range", ""),
        ("paralel(duration: 5s):\n    ego.drive()", 12, "bad-syntax", ""),
        ("parallel(duration: 5s):\nego.drive()", 13, "bad-syntax", ""),
        ("parallel(duration: (5s:\n    ego.drive()", 0, "bad-token", ""),
    ],
)  # fmt: skip
def test_faults_have_their_place(tmp_path: Path, do: str, line: int, code: str, nearest: str) -> None:
    """A wrong file is refused with the line, what was found and the nearest name."""
    with pytest.raises(InputError) as caught:
        read_dsl(written(tmp_path, do)).logical.sample(1)
    (fault,) = caught.value.faults
    assert fault.code == code
    assert not line or fault.line == line
    assert not nearest or fault.nearest == nearest


def test_imports_in_a_circle(tmp_path: Path) -> None:
    """Files that import one another are refused."""
    (tmp_path / "a.osc").write_text("import b.osc\n")
    (tmp_path / "b.osc").write_text("import a.osc\n")
    with pytest.raises(InputError, match="imports"):
        read_dsl(tmp_path / "a.osc")


@pytest.mark.slow
def test_public_examples(shared_data: Path) -> None:
    """Every example scenario is read and drawn; the one library file among them has nothing to play."""
    files = sorted((shared_data / "openscenario" / "dsl").glob("*.osc"))
    assert len(files) == 18
    for file in files:
        assert all(fault.code == "lint-not-translated" for fault in check_dsl(file))
        if file.name == "basic.osc":
            with pytest.raises(InputError, match="no scenario"):
                read_dsl(file)
            continue
        reading = read_dsl(file)
        for index in range(3):
            assert reading.logical.sample(4, index) in reading.logical
