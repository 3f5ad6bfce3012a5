"""Wrong files: every mistake is found where it stands and named; whatever a file holds, only `InputError` comes out."""

import random

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from driving_data.errors import InputError
from scenarios import library
from scenarios.spec import read_spec, read_text
from scenarios.spec.hints import meant_key
from scenarios.spec.json_schema import json_schema
from scenarios.spec.nodes import read_tree
from tests.effort import examples
from tests.scenarios.wrong_files import CASES, GOOD

VALIDATOR = jsonschema.Draft202012Validator(json_schema())
LIBRARY = {name: library.path(name).read_text(encoding="utf-8") for name in library.names()}
WORDS = (
    "ego", "speed", "main.1", "main.9", "..", "|", "@", "1e999", "-", "{", "}", "[", "]", ":", "'", '"', "&a", "*a",
    "nan", "km/h", "kmph", "\t", "~", "null", "true", "${gap}", "$gap", "0", "-1", "9999999999", "(", ")", "if(",
    "normal(", "choice", "#", "%", "!", ">", "||", "\x00", "é", "\uff11\uff12", "...", "extends: cut_in",
    "include: [cut_in, cut_out]", "when", "do", "weight", "one_of", "ahead_of", "linked(", "truncated(5 m/s..)",
    "fitted()", "beta(1)",
)  # fmt: skip

NAMES = (
    "road", "ego", "actors", "do", "at", "on", "speed", "kind", "choice", "normal", "motorway", "file", "include",
    "extends", "set", "when", "cut_in", "follow_path", "points", "weather", "preset", "signals", "main", "where",
    "one_of", "weight", "parameters", "traffic", "work_zones", "phases", "sensors", "duration", "tags", "roles",
)  # fmt: skip


def outcome(text: str):
    """The faults of a text; none where it is right."""
    try:
        read_text(text, "wrong.yaml")
    except InputError as error:
        return error.faults
    return ()


def test_the_file_that_the_mistakes_are_made_in_is_right():
    assert outcome(GOOD) == ()
    assert len(CASES) >= 50 and len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_mistake_is_found_where_it_stands(case):
    found = outcome(case.file())
    assert tuple((f.line, f.column, f.code, f.path, f.nearest) for f in found) == case.faults, "\n".join(
        map(str, found)
    )
    for fault in found:
        assert fault.file == "wrong.yaml" and fault.expected and "\n" not in str(fault)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_schema_finds_what_a_schema_can_find(case):
    tree, _ = read_tree(case.file(), "wrong.yaml")
    refused = tree is not None and not VALIDATOR.is_valid(tree.plain())
    assert refused == (case.schema and bool(case.faults))


def test_three_mistakes_in_three_sections_are_three_faults():
    text = GOOD.replace("at: 200 m", "at: 200").replace("car | van", "car | vam").replace("dusk", "dsk")
    assert [(fault.line, fault.code) for fault in outcome(text)] == [
        (7, "unknown-name"), (10, "missing-unit"), (14, "unknown-name"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "valid", "meant"),
    [
        ("type", ("kind", "on", "at"), "kind"),
        ("velocity", ("speed", "at"), "speed"),
        ("lane", ("on", "at", "lateral"), "on"),
        ("behaviour", ("kind", "do"), "do"),
        ("vehicles", ("road", "actors"), "actors"),
        ("wether", ("weather", "where"), "weather"),
        ("zzz", ("road", "ego"), None),
    ],
)
def test_keys_by_another_name_are_known(key, valid, meant):
    assert meant_key(key, valid) == meant


def test_tabs_hide_no_other_fault():
    text = GOOD.replace("  ", "\t").replace("sensors: front", "sensors: frnt")
    assert [(fault.line, fault.code) for fault in outcome(text)] == [(3, "tab"), (28, "unknown-name")]


def test_files_that_are_no_text_say_so(tmp_path):
    cases = {"utf16.yaml": GOOD.encode("utf-16"), "latin1.yaml": "scenario: Stra\xdfe\n".encode("latin-1"),
             "binary.yaml": bytes(range(256))}  # fmt: skip
    for name, data in cases.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError) as caught:
            read_spec(tmp_path / name)
        assert caught.value.faults[0].code == "not-utf8"
    (tmp_path / "bom.yaml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    (tmp_path / "crlf.yaml").write_bytes(GOOD.replace("\n", "\r\n").encode())
    assert read_spec(tmp_path / "bom.yaml") == read_spec(tmp_path / "crlf.yaml") == read_text(GOOD)
    with pytest.raises(InputError):
        read_spec(tmp_path)


@pytest.mark.slow
def test_bombs_and_huge_files_are_refused():
    bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    bomb += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    many = "".join(f"key_{i}: 1\n" for i in range(5_000))
    deep = "a: " + "[" * 5000
    wide = "road: [" + "x, " * 120_000 + "x]"
    for text in ("\n".join(bomb), many, deep, wide, "x" * 2_000_000, "road: " + "(" * 100_000, "a: &a {b: *a}"):
        assert outcome(text)


@given(st.text(max_size=300))
@settings(max_examples=examples(150), deadline=None)
def test_any_text_gives_a_scenario_or_faults(text):
    outcome(text)


@given(st.sampled_from(sorted(LIBRARY)), st.integers(0, 2**32 - 1), st.integers(1, 4))
@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_damaged_library_files_give_a_scenario_or_faults(name, seed, number):
    text, chance = LIBRARY[name], random.Random(seed)
    for _ in range(number):
        text = damaged(text, chance)
    for fault in outcome(text):
        assert fault.file and fault.code and fault.expected
        if fault.file == "wrong.yaml":
            assert fault.line <= text.count("\n") + 2


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=14,
))  # fmt: skip
@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_tree_gives_a_scenario_or_faults(data):
    import yaml

    whole = data if isinstance(data, dict) else {"road": data, "ego": data, "x": data}
    outcome(yaml.safe_dump(whole))


def damaged(text: str, chance: random.Random) -> str:
    """The text with one thing wrong: a line gone, doubled, moved or shifted, a word or sign replaced."""
    lines = text.splitlines()
    if not lines:
        return text
    k, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    what = chance.randrange(8)
    if what == 0:
        del lines[k]
    elif what == 1:
        lines.insert(other, lines[k])
    elif what == 2:
        lines[k], lines[other] = lines[other], lines[k]
    elif what == 3:
        lines[k] = " " * chance.randrange(4) + lines[k]
    elif what == 4:
        lines[k] = lines[k][chance.randrange(4) :]
    else:
        words = lines[k].split(" ")
        at = chance.randrange(len(words))
        if what == 5:
            words[at] = chance.choice(WORDS)
        elif what == 6:
            words.insert(at, chance.choice(WORDS))
        elif words[at]:
            cut = chance.randrange(len(words[at]))
            words[at] = words[at][:cut] + chance.choice("x:,{}[]'\"0.") + words[at][cut + 1 :]
        lines[k] = " ".join(words)
    return "\n".join(lines)
