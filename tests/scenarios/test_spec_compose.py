"""Files made of files: what stands where, whose fault it is, and what is set from outside."""

import pytest

from driving_data.errors import InputError
from scenarios import library
from scenarios.spec import dump_spec, read_spec, read_text

BASE = """\
scenario: base
parameters:
  v: 30..60 km/h
  lane: main.2
road: {motorway: {lanes: 3}}
weather: rain
ego: {on: $lane, at: 100 m, speed: $v}
actors:
  a: {kind: car, on: main.1, ahead_of: ego by 20..30 m, speed: $v - 1 m/s, do: [cut_in: $lane]}
where: [a.by > 21 m]
"""
DEER = "part: true\nactors:\n  deer: {kind: animal, on: main.3, at: 200 m}\nwhere: [deer.at > 100 m]\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "base.yaml").write_text(BASE)
    (tmp_path / "parts" / "deer.yaml").write_text(DEER)
    (tmp_path / "parts" / "windy.yaml").write_text("part: true\nparameters: {w: 1 m/s}\nweather: {wind: $w}\n")
    return tmp_path


def written(folder, text, name="child.yaml"):
    path = folder / name
    path.write_text(text)
    return path


def faults(path, settings=None):
    with pytest.raises(InputError) as caught:
        read_spec(path, settings)
    return [(fault.file.rsplit("/", 1)[-1], fault.line, fault.column, fault.code, fault.nearest)
            for fault in caught.value.faults]  # fmt: skip


def leaf(logical, slot):
    return next(one for one in logical.leaves() if one.slot == slot)


def values(logical, slot):
    return {name: value.text() for name, value in leaf(logical, slot).values}


def test_a_file_that_extends_another_says_only_what_is_different(folder):
    child = read_spec(written(folder, "extends: base.yaml\nscenario: child\nego: {speed_kmh: 90, goal: 700 m}\n"))
    assert child.name == "child"
    assert values(child, "ego") == {"at": "100 m", "goal": "700 m", "on": "main.2", "speed": "25 m/s"}
    assert values(child, "actor a") == values(read_spec(folder / "base.yaml"), "actor a")
    assert child.sample(3) in child and read_text(dump_spec(child)) == child


def test_another_place_replaces_the_relation_and_a_preset_the_values(folder):
    text = "extends: base\nweather: {preset: fog, wind: 3 m/s}\nactors: {a: {at: 150 m, do: ~}}\nwhere: ~\n"
    child = read_spec(written(folder, text))
    assert leaf(child, "actor a").text("relation") == "" and values(child, "actor a")["at"] == "150 m"
    assert "rain" not in values(child, "weather") and values(child, "weather")["wind"] == "3 m/s"
    assert not [one for one in child.leaves() if one.kind == "do"]


def test_short_forms_are_changed_like_long_ones(folder):
    child = read_spec(written(folder, "extends: base\nroad: {motorway: {length: 900 m}}\nweather: {wind: 4 m/s}\n"))
    assert values(child, "road")["lanes"] == "3" and values(child, "road")["length"] == "900 m"
    assert {"rain", "wind"} <= values(child, "weather").keys()
    other = read_spec(written(folder, "extends: base\nroad: rural\nego: {on: main.1}\nactors: {a: ~}\nwhere: ~\n"))
    assert leaf(other, "road").text("archetype") == "rural" and not [o for o in other.leaves() if o.kind == "actor"]


def test_files_are_joined_and_their_conditions_too(folder):
    text = "include: [base.yaml, parts/deer.yaml, {file: parts/windy, set: {w: 3 m/s}}]\n"
    joined = read_spec(written(folder, text))
    assert {one.name for one in joined.leaves() if one.kind == "actor"} == {"a", "deer"}
    assert values(joined, "parameter w") == {"w": "3 m/s"}
    assert "deer.at > 100 m" in dump_spec(joined) and "a.by > 21 m" in dump_spec(joined)
    draw = joined.sample(1)
    assert draw.environment.wind_mps == 3.0 and draw in joined


def test_options_include_files_of_their_own(folder):
    text = BASE + "one_of:\n  - weight: 3\n    light: day\n  - include: parts/deer.yaml\n    light: night\n"
    logical = read_spec(written(folder, text))
    seen = {(len(draw.actors), draw.environment.light()) for draw in (logical.sample(1, i) for i in range(20))}
    assert seen == {(1, "day"), (2, "night")}


def test_library_scenarios_are_extended_by_name(folder):
    child = read_spec(written(folder, "extends: {file: cut_in, set: {gap: 5..6 m}}\nscenario: close_cut_in\n"))
    assert values(child, "parameter gap") == {"gap": "5..6 m"}
    assert {one.slot for one in child.leaves()} == {one.slot for one in library.load("cut_in").leaves()}
    assert read_text("extends: cut_in\n") == library.load("cut_in")


def test_roles_are_played_by_the_actors_of_the_file_that_extends(folder):
    written(folder, BASE.replace("actors:\n", "roles: {b: {on: main.3, speed: $v}}\nactors:\n"), "open.yaml")
    assert faults(folder / "open.yaml")[0][3] == "unbound-role"
    bound = read_spec(written(folder, "extends: open\nactors: {b: {kind: truck, at: 60 m}}\n"))
    assert values(bound, "actor b") == {"at": "60 m", "kind": "truck", "on": "main.3", "speed": "v"}


def test_faults_stand_in_the_file_that_has_them(folder):
    written(folder, "part: true\nweather: {rian: 3 mm/h}\n", "parts/bad.yaml")
    path = written(folder, "extends: base.yaml\ninclude: parts/bad.yaml\nego: {speed: 90}\n")
    assert faults(path) == [("bad.yaml", 2, 11, "unknown-key", "rain"), ("child.yaml", 3, 14, "missing-unit", None)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("extends: base.yml", [("child.yaml", 1, 10, "missing-file", "base.yaml")]),
        ("extends: cutin", [("child.yaml", 1, 10, "missing-file", "cut_in")]),
        ("extends: [base, cut_in]\nlight: dya",
         [("child.yaml", 1, 10, "wrong-type", None), ("child.yaml", 2, 8, "unknown-name", "day")]),
        ("include: [3]", [("child.yaml", 1, 11, "wrong-type", None)]),
        ("include: {fil: base}", [("child.yaml", 1, 11, "unknown-key", "file")]),
        ("extends: {file: base, set: {vv: 3 m}}", [("child.yaml", 1, 29, "unknown-parameter", "v")]),
        ("include: {set: {v: 3 m}}", [("child.yaml", 1, 10, "missing-key", None)]),
        ("extends: {file: base, set: [v]}", [("child.yaml", 1, 28, "wrong-type", None)]),
        ("extends: {file: base, set: {v: 3 s}}", [("base.yaml", 7, 37, "wrong-dimension", None)]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_files_is_said(folder, text, found):
    assert faults(written(folder, text))[: len(found)] == found


def test_files_that_give_different_values_of_one_section_go_together(folder):
    joined = read_spec(written(folder, "include: [base, {file: parts/windy}]\n"))
    assert {"rain", "wind"} <= values(joined, "weather").keys() and joined.sample(1).environment.wind_mps == 1.0


def test_rings_are_named(folder):
    written(folder, "include: b.yaml\n", "a.yaml")
    written(folder, "include: a.yaml\nweather: {rian: 3 mm/h}\n", "b.yaml")
    with pytest.raises(InputError) as caught:
        read_spec(folder / "a.yaml")
    assert [(f.code, f.line) for f in caught.value.faults] == [("include-cycle", 1), ("unknown-key", 2)]
    assert "a.yaml -> b.yaml -> a.yaml" in str(caught.value)


def test_what_two_files_give_differently_the_file_itself_says(folder):
    written(folder, "part: true\nweather: {rain: 1 mm/h}\nactors: {deer: {on: main.2}}\n", "one.yaml")
    written(folder, "part: true\nweather: {rain: 2 mm/h}\n", "two.yaml")
    clash = "include: [base, one, two]\n"
    found = faults(written(folder, clash))
    assert {fault[3] for fault in found} >= {"include-conflict"} and (
        "two.yaml",
        2,
        17,
        "include-conflict",
        None,
    ) in found
    decided = "include: [one, two]\nweather: {rain: 3 mm/h}\npart: true\nactors: {deer: {kind: animal, at: 3 m}}\n"
    assert values(read_spec(written(folder, decided)), "weather") == {"rain": "3 mm/h"}


def test_many_files_and_names_outside_end(folder):
    for i in range(80):
        written(folder, f"part: true\ninclude: [f{i + 1}.yaml]\n", f"f{i}.yaml")
    written(folder, "part: true\n", "f80.yaml")
    assert "too-large" in {fault[3] for fault in faults(folder / "f0.yaml")}
    with pytest.raises(InputError, match="this text stands in none"):
        read_text("include: base.yaml\n")


def test_values_are_set_from_outside(folder):
    path = folder / "base.yaml"
    changed = read_spec(path, {"v": "50km/h", "a.kind": "van | truck", "ego.at": "90 m", "weather.wind": "2..3 m/s"})
    assert values(changed, "parameter v") == {"v": "50 km/h"} and values(changed, "ego")["at"] == "90 m"
    assert values(changed, "actor a")["kind"] == "van | truck" and values(changed, "weather")["wind"] == "2..3 m/s"
    wrong = {"w": "1 m", "ego.sped": "3 m/s", "v": "5 kmh", "lane": "main.7", "ego": "["}
    with pytest.raises(InputError) as caught:
        read_spec(path, wrong)
    assert {fault.code for fault in caught.value.faults} >= {"unknown-parameter", "unknown-key", "unknown-unit"}
    assert {fault.file.split("=")[0] for fault in caught.value.faults} >= {
        "--set w",
        "--set ego.sped",
        "--set v",
        "--set ego",
    }


def test_words_are_put_in_and_numbers_stay_names(folder):
    logical = read_spec(folder / "base.yaml")
    assert values(logical, "ego") == {"at": "100 m", "on": "main.2", "speed": "v"}
    text = BASE.replace("lane: main.2", "lane: main.2 | main.3").replace("do: [cut_in: $lane]", "driver: none")
    several = read_text(text)
    assert {several.sample(1, i).ego.start.route for i in range(12)} == {"main.2", "main.3"}
    assert [several.sample(1, i).draws["lane"] == several.sample(1, i).ego.start.route for i in range(4)] == [True] * 4


def test_a_part_is_no_whole_scenario(folder):
    assert read_spec(folder / "parts" / "deer.yaml").problems()
    assert (2, "wrong-type") in [
        (fault[1], fault[3]) for fault in faults(written(folder, "road: rural\npart: maybe\n"))
    ]
