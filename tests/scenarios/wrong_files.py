"""Files with the mistakes that people make: the text, and each fault as (line, column, code, path, nearest).

`GOOD` is right; a `Wrong` changes one line of it (or brings a text of its own) and lists every fault that the reader
has to find, no more and no fewer.
"""

from dataclasses import dataclass

GOOD = """\
scenario: my_cut_in
parameters:
  gap: 10..20 m
road:
  motorway: {lanes: 3, length: 1000 m}
weather: {rain: 0..5 mm/h}
light: dusk
ego:
  on: main.2
  at: 200 m
  speed: 90..110 km/h
actors:
  cutter:
    kind: car | van
    on: main.3
    ahead_of: ego by gap
    speed: ego.speed + 1..3 m/s
    do:
      - when: ttc(ego) < 3 s
        cut_in: {to: main.2, within: 2 s}
traffic:
  flow:
    count: 3..5
    on: [main.1, main.2]
    speed: 80..100 km/h
where:
  - cutter.speed > 20 m/s
sensors: front
duration: 12 s
"""

Expected = tuple[int, int, str, str, str | None]


@dataclass(frozen=True)
class Wrong:
    """A mistake: `old` is replaced by `new` in `GOOD` (or `text` stands by itself), and its faults."""

    name: str
    old: str
    new: str
    faults: tuple[Expected, ...]
    text: str | None = None
    schema: bool = True

    def file(self) -> str:
        """The text of the wrong file."""
        if self.text is not None:
            return self.text
        assert GOOD.count(self.old) == 1, (self.name, GOOD.count(self.old))
        return GOOD.replace(self.old, self.new)


def _w(name: str, old: str, new: str, *faults: Expected, schema: bool = True) -> Wrong:
    return Wrong(name, old, new, faults, None, schema)


def _t(name: str, text: str, *faults: Expected, schema: bool = False) -> Wrong:
    return Wrong(name, "", "", faults, text, schema)


CASES = (
    # misspelt keys and words
    _w("key_of_section", "weather:", "wether:", (6, 1, "unknown-key", "wether", "weather")),
    _w("required_section", "road:\n", "raod:\n", (4, 1, "unknown-key", "raod", "road")),
    _w("key_of_ego", "  speed: 90..110", "  spead: 90..110", (11, 3, "unknown-key", "ego.spead", "speed")),
    _w("key_in_capitals", "light: dusk", "Light: dusk", (7, 1, "unknown-key", "Light", "light")),
    _w("key_of_weather", "{rain:", "{rian:", (6, 11, "unknown-key", "weather.rian", "rain")),
    _w("key_of_road", "{lanes: 3,", "{lane: 3,", (5, 14, "unknown-key", "road.motorway.lane", "lanes")),
    _w("archetype", "  motorway:", "  motoway:", (5, 3, "unknown-name", "road", "motorway")),
    _w("preset", "light: dusk", "light: dsuk", (7, 8, "unknown-name", "light", "dusk")),
    _w("kind", "car | van", "car | vam", (14, 17, "unknown-name", "actors.cutter.kind", "van")),
    _w("relation", "ahead_of: ego", "ahead: ego", (16, 5, "unknown-key", "actors.cutter.ahead", "ahead_of")),
    _w("action", "cut_in: {", "cutin: {", (20, 9, "unknown-action", "actors.cutter.do[0].cutin", "cut_in")),
    _w("argument", "within: 2 s", "withn: 2 s", (20, 30, "unknown-key", "actors.cutter.do[0].cut_in.withn", "within")),
    _w("trigger", "ttc(ego)", "tcc(ego)", (19, 15, "unknown-trigger", "actors.cutter.do[0].when", "ttc")),
    _w("rig", "sensors: front", "sensors: frnt", (28, 10, "unknown-name", "sensors", "front")),
    _w("key_of_stream", "    count: 3..5", "    number: 3..5", (23, 5, "unknown-key", "traffic.flow.number", "count")),
    # names that nothing has
    _w(
        "actor_in_relation",
        "ego by gap",
        "ega by gap",
        (16, 15, "unknown-actor", "actors.cutter.ahead_of", "ego"),
        schema=False,
    ),
    _w(
        "actor_in_trigger",
        "ttc(ego)",
        "ttc(cuter)",
        (19, 19, "unknown-actor", "actors.cutter.do[0].when", "cutter"),
        schema=False,
    ),
    _w(
        "lane", "    on: main.3", "    on: main.4", (15, 9, "unknown-route", "actors.cutter.on", "main.3"), schema=False
    ),
    _w(
        "lane_of_other_road",
        "  motorway: {lanes: 3, length: 1000 m}",
        "  rural: {}",
        (9, 7, "unknown-route", "ego.on", "main.1"),
        (15, 9, "unknown-route", "actors.cutter.on", "main.1"),
        (20, 22, "unknown-route", "actors.cutter.do[0].cut_in.to", "main.1"),
        (24, 18, "unknown-route", "traffic.flow.on", "main.1"),
        schema=False,
    ),
    _w(
        "name_in_expression",
        "speed: ego.speed +",
        "speed: ego.sped +",
        (17, 12, "unknown-name", "actors.cutter.speed", "ego.speed"),
        schema=False,
    ),
    _w(
        "parameter", "ego by gap", "ego by gpa", (16, 22, "unknown-name", "actors.cutter.ahead_of", "gap"), schema=False
    ),
    _w(
        "name_in_condition",
        "- cutter.speed >",
        "- cuter.speed >",
        (27, 5, "unknown-name", "where[0]", "cutter.speed"),
        schema=False,
    ),
    # quantities
    _w("no_unit", "at: 200 m", "at: 200", (10, 7, "missing-unit", "ego.at", None)),
    _w("no_unit_in_range", "90..110 km/h", "90..110", (11, 10, "missing-unit", "ego.speed", None)),
    _w("wrong_unit", "at: 200 m", "at: 200 s", (10, 7, "wrong-dimension", "ego.at", None)),
    _w("unit_kmph", "90..110 km/h", "90..110 kmph", (11, 18, "unknown-unit", "ego.speed", "km/h")),
    _w("unit_meters", "at: 200 m", "at: 200 meters", (10, 11, "unknown-unit", "ego.at", "m")),
    _w(
        "unit_seconds",
        "within: 2 s",
        "within: 2 sec",
        (20, 40, "unknown-unit", "actors.cutter.do[0].cut_in.within", "s"),
    ),
    _w("percent_of_length", "at: 200 m", "at: 20 %", (10, 7, "wrong-dimension", "ego.at", None)),
    _w("decimal_comma", "at: 200 m", "at: 200,5 m", (10, 7, "bad-number", "ego.at", "200.5")),
    _w("thousands_separator", "at: 200 m", "at: 1,200 m", (10, 7, "bad-number", "ego.at", "1200")),
    _w("thousands_underscore", "at: 200 m", "at: 1_200 m", (10, 7, "bad-number", "ego.at", "1200")),
    _w("number_as_word", "at: 200 m", "at: far", (10, 7, "unknown-name", "ego.at", None), schema=False),
    _w("nan", "at: 200 m", "at: .nan", (10, 7, "bad-number", "ego.at", None)),
    _w("inf", "at: 200 m", "at: inf m", (10, 7, "bad-number", "ego.at", None)),
    _w("too_large_number", "at: 200 m", "at: 1e999 m", (10, 7, "bad-number", "ego.at", None), schema=False),
    _w("empty_value", "at: 200 m", "at:", (10, 6, "empty-value", "ego.at", None)),
    _w(
        "reversed_range",
        "90..110 km/h",
        "110..90 km/h",
        (11, 10, "bad-range", "ego.speed", "90..110 km/h"),
        schema=False,
    ),
    _w("dash_range", "90..110 km/h", "90-110 km/h", (11, 10, "bad-range", "ego.speed", "90..110 km/h"), schema=False),
    _w("three_dots", "90..110 km/h", "90...110 km/h", (11, 12, "bad-range", "ego.speed", ".."), schema=False),
    _w("word_range", "90..110 km/h", "90 to 110 km/h", (11, 10, "bad-range", "ego.speed", "90..110 km/h")),
    _w("open_range", "90..110 km/h", "90.. km/h", (11, 15, "bad-range", "ego.speed", None)),
    _w("negative_speed", "90..110 km/h", "-5 m/s", (11, 10, "out-of-range", "ego.speed", None), schema=False),
    _w("absurd_speed", "90..110 km/h", "90..1100 km/h", (11, 10, "out-of-range", "ego.speed", None), schema=False),
    _w("absurd_speed_bare", "speed: 90..110 km/h", "speed_kmh: 1100", (11, 14, "out-of-range", "ego.speed", None)),
    _w("too_many_lanes", "lanes: 3,", "lanes: 7,", (5, 21, "out-of-range", "road.motorway.lanes", None)),
    _w("half_a_lane", "lanes: 3,", "lanes: 2.5,", (5, 21, "not-whole", "road.motorway.lanes", None)),
    _w(
        "out_of_its_expression",
        "speed: ego.speed + 1..3 m/s",
        "speed: ego.speed - 300 m/s",
        (17, 12, "out-of-range", "actors.cutter.speed", None),
        (27, 5, "bad-condition", "where[0]", None),
        schema=False,
    ),
    _w("list_as_range", "90..110 km/h", "[90, 110] km/h", (11, 20, "bad-yaml", "", None), schema=False),
    _w("date", "scenario: my_cut_in", "scenario: 2024-01-31"),
    _w("time_of_day", "at: 200 m", "at: 12:30", (10, 9, "bad-expression", "ego.at", None)),
    _w(
        "added_apples",
        "ego.speed + 1..3 m/s",
        "ego.speed + 1..3 s",
        (17, 12, "wrong-dimension", "actors.cutter.speed", None),
        schema=False,
    ),
    # distributions
    _w(
        "zero_weight",
        "car | van",
        "car @ 0 | van @ 1",
        (14, 11, "bad-weight", "actors.cutter.kind", None),
        schema=False,
    ),
    _w("negative_weight", "car | van", "car @ -1 | van @ 1", (14, 11, "bad-weight", "actors.cutter.kind", None)),
    _w("empty_choice", "car | van", "[]", (14, 11, "bad-distribution", "actors.cutter.kind", None)),
    _w("empty_alternative", "car | van", "car |", (14, 11, "empty-value", "actors.cutter.kind", None)),
    _w(
        "distribution",
        "90..110 km/h",
        "{unifrm: [90 km/h, 110 km/h]}",
        (11, 11, "unknown-distribution", "ego.speed", "uniform"),
    ),
    _w(
        "distribution_short",
        "90..110 km/h",
        "normal(25 m/s)",
        (11, 10, "bad-distribution", "ego.speed", None),
        schema=False,
    ),
    _w(
        "no_spread",
        "90..110 km/h",
        "normal(25 m/s, 0 m/s)",
        (11, 10, "bad-distribution", "ego.speed", None),
        schema=False,
    ),
    _w(
        "function",
        "90..110 km/h",
        "gauss(25 m/s, 2 m/s)",
        (11, 10, "unknown-function", "ego.speed", "normal"),
        schema=False,
    ),
    _w(
        "open_parenthesis", "90..110 km/h", "(90..110 km/h", (11, 23, "bad-expression", "ego.speed", None), schema=False
    ),
    # forms
    _w("list_for_section", "light: dusk", "light: [dusk]", (7, 8, "wrong-type", "light", None)),
    _w("text_for_section", "weather: {rain: 0..5 mm/h}", "weather: 5", (6, 10, "wrong-type", "weather", None)),
    _w("list_of_actors", "  cutter:\n", "  - cutter:\n", (13, 3, "wrong-type", "actors", None)),
    _w(
        "steps_without_dash",
        "      - when: ttc(ego) < 3 s\n",
        "        when: ttc(ego) < 3 s\n",
        (18, 5, "wrong-type", "actors.cutter.do", None),
    ),
    _w(
        "two_actions",
        "        cut_in: {",
        "        wait: 1 s\n        cut_in: {",
        (19, 9, "bad-step", "actors.cutter.do[0]", None),
    ),
    _w(
        "trigger_alone",
        "        cut_in: {to: main.2, within: 2 s}\n",
        "",
        (19, 9, "bad-step", "actors.cutter.do[0]", None),
    ),
    _w("trigger_without_actor", "ttc(ego)", "ttc", (19, 15, "bad-trigger", "actors.cutter.do[0].when", None)),
    _w(
        "trigger_wrong_way",
        "ttc(ego) < 3 s",
        "ttc(ego) > 3 s",
        (19, 15, "bad-trigger", "actors.cutter.do[0].when", None),
    ),
    _w(
        "trigger_wrong_unit",
        "ttc(ego) < 3 s",
        "ttc(ego) < 3 m",
        (19, 26, "wrong-dimension", "actors.cutter.do[0].when", None),
        schema=False,
    ),
    _w(
        "missing_argument",
        "{to: main.2, within: 2 s}",
        "{within: 2 s}",
        (20, 9, "bad-arguments", "actors.cutter.do[0].cut_in", None),
    ),
    _w("missing_place", "    ahead_of: ego by gap\n", "", (13, 3, "missing-key", "actors.cutter", None), schema=False),
    _w(
        "two_places",
        "    ahead_of: ego by gap",
        "    at: 3 m\n    ahead_of: ego by gap",
        (13, 3, "bad-place", "actors.cutter", None),
        schema=False,
    ),
    _w("relation_without_by", "ego by gap", "ego 20 m", (16, 15, "bad-place", "actors.cutter.ahead_of", None)),
    _w("missing_ego_speed", "  speed: 90..110 km/h\n", "", (8, 1, "missing-key", "ego", None), schema=False),
    _w("missing_count", "    count: 3..5\n", "", (22, 3, "missing-key", "traffic.flow", None)),
    _w("key_twice", "light: dusk", "light: dusk\nlight: day", (8, 1, "duplicate-key", "light", None), schema=False),
    _w(
        "actor_twice",
        "traffic:\n",
        "  cutter: {kind: car}\ntraffic:\n",
        (21, 3, "duplicate-key", "actors.cutter", None),
        schema=False,
    ),
    _w(
        "unit_twice",
        "  at: 200 m",
        "  at: 200 m\n  at_m: 200",
        (11, 3, "duplicate-key", "ego.at_m", None),
        schema=False,
    ),
    _w(
        "reserved_name",
        "  gap: 10..20 m",
        "  gap: 10..20 m\n  road: 3 m",
        (4, 3, "ill-typed", "parameters.road", None),
        schema=False,
    ),
    _w("yes", "light: dusk", "light: {street_lights: yes}", (7, 24, "wrong-type", "light.street_lights", "true")),
    _w(
        "condition_that_never_holds",
        "- cutter.speed > 20 m/s",
        "- gap > 30 m",
        (27, 5, "bad-condition", "where[0]", None),
        schema=False,
    ),
    _w(
        "condition_without_sign",
        "- cutter.speed > 20 m/s",
        "- gap + 3 m",
        (27, 5, "not-a-condition", "where[0]", None),
        schema=False,
    ),
    _w(
        "impossible_action",
        "car | van",
        "pedestrian",
        (19, 9, "impossible-action", "actors.cutter.do[0]", None),
        schema=False,
    ),
    _w(
        "lights_on_a_motorway",
        "sensors: front",
        "signals: {main: red}\nsensors: front",
        (28, 17, "unknown-signal", "signals.main", None),
        schema=False,
    ),
    # the YAML itself
    _w("tab", "  at: 200 m", "\tat: 200 m", (10, 1, "tab", "", None), schema=False),
    _w("wrong_indentation", "  at: 200 m", "   at: 200 m", (10, 6, "bad-yaml", "", None), schema=False),
    _w("less_indentation", "    kind: car", "   kind: car", (15, 7, "bad-yaml", "", None), schema=False),
    _w(
        "open_brace",
        "{to: main.2, within: 2 s}",
        "{to: main.2, within: 2 s",
        (20, 17, "bad-yaml", "", None),
        schema=False,
    ),
    _w("open_bracket", "[main.1, main.2]", "[main.1, main.2", (24, 9, "bad-yaml", "", None), schema=False),
    _w("open_quote", "scenario: my_cut_in", "scenario: 'my_cut_in", (1, 11, "bad-yaml", "", None), schema=False),
    _w("no_space_behind_colon", "light: dusk", "light:dusk", (7, 1, "bad-yaml", "", None), schema=False),
    _w("colon_in_text", "scenario: my_cut_in", "scenario: my cut: in", (1, 17, "bad-yaml", "", None), schema=False),
    _w("tag", "light: dusk", "light: !!python/object:os.system dusk", (7, 8, "bad-yaml", "light", None), schema=False),
    _w("unknown_alias", "light: dusk", "light: *evening", (7, 8, "bad-yaml", "", None), schema=False),
    _t("empty", "", (1, 1, "empty", "", None)),
    _t("only_comments", "# soon\n", (1, 1, "empty", "", None)),
    _t("a_list", "- road: rural\n", (1, 1, "wrong-type", "", None), schema=True),
    _t("a_text", "cut in\n", (1, 1, "wrong-type", "", None), schema=True),
    _t("two_documents", GOOD + "---\n" + GOOD, (31, 1, "several-documents", "", None)),
    _t("missing_road", "ego: {on: main.1, at: 3 m, speed: 5 m/s}\n", (1, 1, "missing-section", "", None), schema=True),
    _t("missing_ego", "road: rural\n", (1, 1, "missing-section", "", None), schema=True),
    _t("zero_byte", "road: ru\x00ral\n", (1, 9, "bad-yaml", "", None)),
)
