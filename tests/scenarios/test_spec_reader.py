from math import radians

import pytest

from driving_data.errors import InputError
from scenarios.algebra import LogicalScenario
from scenarios.spec import dump_spec, read_spec, read_text

GOOD = """\
scenario: everything
description: All that a file can say.
tags: [mine]
parameters:
  gap: 10..20 m
  pause: {choice: {1 s: 3, 2..3 s: 1}}
  half: gap * 0.5
road: {urban: {length: 250 m, lanes: 1 | 2, lane_width_m: 3.4}}
weather: {preset: rain, wind_mps: 3, friction: 0.5..0.7}
light: dusk
ego: {on: main.1, at_m: 40, speed: 30..40 km/h, heading_deg: 2, goal: road.length - 20 m}
actors:
  van: {kind: [van, truck], on: parking.right, at: 60 m + gap}
  rider:
    kind: bicycle
    ahead_of: ego by gap
    speed: {uniform: [3 m/s, 5 m/s]}
    driver: {headway: 1..2 s, minds_signals: no_one == 'x'}
    do:
      - when: ttc(ego) < 2..3 s
        swerve: {to: 0.8 m, within_s: 2}
      - repeat: {times: 2, do: [wait: pause, {change_speed: 4 m/s}]}
      - parallel:
          - change_speed: {to: {normal: {mean: 5 m/s, std: 1 m/s, min: 3 m/s, max: 7 m/s}}, rate: 0.1 g}
          - move_sideways: 0.2 m
  walker:
    kind: pedestrian
    on: sidewalk.right
    at: 90 m
    heading: 90 deg
    do:
      - when: time_gap(ego) < 3 s
        follow_path: {points: [[90 m, 1 m], [91 m, 8 m]], speed: 1.2..2 m/s}
traffic:
  flow: {count: 1..3, on: oncoming.1, kind: {choice: {car: 3, bus: 1}}, speed: 8..12 m/s, driver: {min_gap_m: 3}}
where: [rider.speed < ego.speed, gap > 11 m]
one_of:
  - weight: 3
    sensors: front
  - sensors: surround
duration: 9..12 s
step_s: 0.05
"""


def faults(text, **options):
    with pytest.raises(InputError) as caught:
        read_text(text, "x.yaml", **options)
    return caught.value.faults


def test_everything_that_the_language_has_is_read_drawn_and_dumped():
    text = GOOD.replace(", minds_signals: no_one == 'x'", "").replace("step_s: 0.05", "step: 0.05 s")
    logical = read_text(text, "good.yaml")
    concrete = logical.sample(4)
    assert concrete in logical
    assert read_text(dump_spec(logical)) == logical
    assert logical.name == "everything" and concrete.tags[0] == "mine"
    assert concrete.road.parameters["length_m"] == 250.0 and concrete.road.parameters["lane_width_m"] == 3.4
    assert concrete.ego.start.heading_rad == pytest.approx(radians(2)) and concrete.ego.start.s_m == 40.0
    assert concrete.ego.goal_s_m == 230.0
    assert 11 < concrete.draws["gap"] <= 20
    assert {one.rig.name for one in (logical.sample(1, i) for i in range(12))} == {"front", "surround"}
    assert concrete.environment.wind_mps == 3.0 and concrete.environment.light() == "dusk"
    assert concrete.step_s == 0.05 and 9 <= concrete.duration_s <= 12


def test_all_faults_of_a_file_are_reported_at_once_where_they_stand():
    text = """\
road: {urban: {lanes: 7}}
weather: {rain: 3 m/s, snw: 1 mm/h}
light: dsk
ego: {on: main.1, at: 30, speed: 5..2 m/s, targt_speed: 3 m/s}
actors:
  a: {kind: caar, on: main.1, at: 3 m}
  b:
    ahead_of: ego 20 m
    do:
      - cut_inn: {to: main.1}
      - when: tc(ego) < 3 s
        cut_in: {to: main.1, within: 3 m}
      - change_speed: {rate: 1 m/s2}
sensors: fornt
where: ["1 +"]
zzz: 1
"""
    found = {(fault.line, fault.column): fault for fault in faults(text)}
    assert [(f.code, f.path, f.nearest) for _, f in sorted(found.items())] == [
        ("out-of-range", "road.urban.lanes", None),
        ("wrong-dimension", "weather.rain", None),
        ("unknown-key", "weather.snw", "snow"),
        ("unknown-name", "light", "dusk"),
        ("missing-unit", "ego.at", None),
        ("bad-range", "ego.speed", "2..5 m/s"),
        ("unknown-key", "ego.targt_speed", "target_speed"),
        ("unknown-name", "actors.a.kind", "car"),
        ("bad-place", "actors.b.ahead_of", None),
        ("unknown-action", "actors.b.do[0].cut_inn", "cut_in"),
        ("unknown-trigger", "actors.b.do[1].when", "ttc"),
        ("wrong-dimension", "actors.b.do[1].cut_in.within", None),
        ("bad-arguments", "actors.b.do[2].change_speed", None),
        ("unknown-name", "sensors", "front"),
        ("bad-expression", "where[0]", None),
        ("unknown-key", "zzz", None),
    ]
    lines = text.splitlines()
    for place in [(2, 17), (2, 24), (3, 8), (4, 23), (10, 9), (12, 38), (14, 10)]:
        assert place in found
    assert lines[1][16:].startswith("3 m/s") and lines[1][23:].startswith("snw")
    assert str(found[2, 24]).startswith("x.yaml:2:24: weather.snw: 'snw'; expected one of rain")
    assert str(found[2, 24]).endswith("did you mean 'snow'?")


def test_what_does_not_go_together_is_reported_at_once_too():
    text = """\
road: urban
ego: {on: main.9, at: 30 m, speed: 10 m/s}
actors:
  c: {ahead_of: nobody by 3 m, do: [{when: ttc(nope) < 3 s, wait: 2 s}]}
  p: {kind: pedestrian, on: sidewalk.right, at: 3 m, speed: egoo.speed * 2, do: [cut_in: {to: main.2}]}
signals: {main: {green: 3 s}}
where: [ego.sped > 3 m/s, ego.at > 3 m]
"""
    assert [(f.line, f.column, f.code, f.nearest) for f in faults(text)] == [
        (2, 11, "unknown-route", "main.1"),
        (4, 17, "unknown-actor", None),
        (4, 48, "unknown-actor", None),
        (5, 61, "unknown-name", "ego.speed"),
        (5, 82, "impossible-action", None),
        (5, 95, "unknown-route", "main.1"),
        (6, 11, "unknown-signal", None),
        (7, 9, "unknown-name", "ego.speed"),
    ]


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("", "empty", (1, 1)),
        ("# only words\n", "empty", (1, 1)),
        ("~", "empty", (1, 1)),
        ("road: urban\n\tego: 1", "tab", (2, 1)),
        ("road: [urban", "bad-yaml", (1, 7)),
        ("road: urban\nroad: rural", "duplicate-key", (2, 1)),
        ("road: urban\n---\nroad: rural", "several-documents", (3, 1)),
        ("- urban", "wrong-type", (1, 1)),
        ("a: &a [*a]", "too-large", (1, 4)),
        ("road: !!python/name:os.system x", "bad-yaml", (1, 7)),
        ("road: !Town x", "bad-yaml", (1, 7)),
        ("ego: 5", "wrong-type", (1, 6)),
        ("actors: [a]", "wrong-type", (1, 9)),
        ("light: {street_lights: no}", "wrong-type", (1, 24)),
        ("light: {street_lights: 1}", "wrong-dimension", (1, 24)),
        ("weather: {rain: }", "empty-value", (1, 17)),
        ("? [a]\n: b", "bad-key", (1, 3)),
        ("light: {sun_elevation: 9 deg, sun_elevation_deg: 9}", "duplicate-key", (1, 31)),
        ("weather: {clouds: 0.5..2.0}", "out-of-range", (1, 19)),
        ("one_of: []", "wrong-type", (1, 9)),
        ("one_of: [{weight: 0, light: day}]", "bad-weight", (1, 19)),
        ("sensors: 5", "unknown-name", (1, 10)),
        ("parameters: {ego: 3 m}", "ill-typed", (1, 14)),
        ("parameters: {a: b + 1 m}", "unknown-name", (1, 17)),
        ("signals: {main: {gren: 3 s}}", "unknown-name", (1, 18)),
        ("do: {x: {wait: 1 s}}", "wrong-type", (1, 6)),
        ("do: {x: [{wait: 1 s, cut_in: main.1}]}", "bad-step", (1, 10)),
        ("do: {x: [when: s >= 3 m]}", "bad-step", (1, 10)),
        ("do: {x: [{when: ttc(ego) > 3 s, wait: 1 s}]}", "bad-trigger", (1, 17)),
        ("road: {file: nowhere.xodr}", "missing-file", (1, 14)),
        ("tags: [1]", "wrong-type", (1, 7)),
        ("duration: 5", "missing-unit", (1, 11)),
        ("where: [3 m]", "not-a-condition", (1, 9)),
        ("where: [1 m > 2 s]", "wrong-dimension", (1, 9)),
    ],
)
def test_traps(text, code, place):
    found = faults(text, whole=False)
    assert (code, place) in [(fault.code, (fault.line, fault.column)) for fault in found], [str(f) for f in found]


def test_words_that_other_readers_take_for_booleans_are_words():
    logical = read_text("actors: {no: {on: off, at: 5 m}, yes: {on: y, at: 1 m}}", whole=False)
    assert {leaf.name: dict(leaf.values)["on"].value for leaf in logical.leaves()} == {"no": "off", "yes": "y"}


@pytest.mark.slow
def test_aliases_are_kept_but_bombs_are_refused():
    logical = read_text("weather: &w {rain: 3 mm/h}\none_of: [{light: day}, {light: &n night}]", whole=False)
    assert isinstance(logical, LogicalScenario)
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    assert "too-large" in {fault.code for fault in faults("\n".join(lines), whole=False)}


def test_files_that_cannot_be_read_say_why(tmp_path):
    broken, large = tmp_path / "latin.yaml", tmp_path / "large.yaml"
    broken.write_bytes(b"scenario: caf\xe9\n")
    large.write_bytes(b"#" * 1_100_000)
    for path, code in ((broken, "not-utf8"), (large, "too-large"), (tmp_path / "absent.yaml", "unreadable")):
        with pytest.raises(InputError) as caught:
            read_spec(path)
        assert caught.value.faults[0].code == code and caught.value.faults[0].file == str(path)
    with pytest.raises(InputError, match=r"latin.yaml:1:14"):
        read_spec(broken)


def test_a_fault_in_one_section_hides_no_fault_in_another_and_causes_none():
    text = "road: urban\nego: {on: main.1, at: 3, speed: 5 m/s}\nactors: {a: {on: main.1, at: 9 m, speed: ego.speed}}\n"
    assert [fault.code for fault in faults(text)] == ["missing-unit"]
    assert {fault.code for fault in faults("lihgt: day")} == {"unknown-key", "missing-section"}


def test_roads_from_files_bring_their_routes(tmp_path):
    from scenarios.concrete import RoadChoice
    from scenarios.roads import road_text

    (tmp_path / "town.xodr").write_text(road_text(RoadChoice("rural")), encoding="utf-8")
    from scenarios.roads import build_road

    lanes = build_road(RoadChoice("rural")).routes["main.1"]
    text = f"road: {{file: town.xodr, routes: {{way: [{', '.join(repr(lane) for lane in lanes)}]}}}}\n"
    path = tmp_path / "town.yaml"
    path.write_text(text + "ego: {on: way, at: 30 m, speed: 9 m/s}\n", encoding="utf-8")
    concrete = read_spec(path).sample(1)
    assert concrete.road.routes == {"way": tuple(lanes)} and len(concrete.road.sha256) == 64
    path.write_text(text + "ego: {on: wya, at: 30 m, speed: 9 m/s}\n", encoding="utf-8")
    with pytest.raises(InputError, match="did you mean 'way'"):
        read_spec(path)
