"""The English front end against labelled sentences, rule by rule, and what it says of itself."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.language import read
from scenarios.language.slots import Slots
from tests.scenarios.language_score import score, structure

HERE = Path(__file__).parent


def cases(name: str) -> list[dict]:
    return [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


def slots(text: str) -> dict:
    return read(text).slots.to_plain()


def test_worked_examples_of_the_contract_are_read_exactly():
    got = [(case["slots"], slots(case["text"])) for case in cases("language_examples.jsonl")]
    assert score(got) == (1.0, 1.0)


def test_own_sentences_keep_the_level_that_was_reached():
    got = [(case["slots"], slots(case["text"])) for case in cases("language_sentences.jsonl")]
    f1, exact = score(got)
    assert f1 >= 0.985, f"F1 {f1:.3f}"
    assert exact >= 0.95, f"exact {exact:.3f}"


def test_the_founding_sentence_comes_out_whole():
    text = (
        "ego on a two-lane highway at dusk, a deer crosses from the right shoulder, "
        "oncoming vehicle in the left lane prevents a lane change"
    )
    got = slots(text)
    assert got["road"]["kind"] == "rural" and got["road"]["lanes_per_direction"] == 1
    assert got["light"] == "dusk" and got["negations"] == ["no lane change"]
    deer, car = got["actors"]
    assert (deer["class"], set(deer["relation"])) == ("animal", {"right", "on_shoulder", "crossing"})
    assert (car["class"], set(car["relation"])) == ("car", {"oncoming", "left_lane"})


@pytest.mark.parametrize(
    ("text", "speed"),
    [
        ("The ego drives at 50 km/h.", [13.889, 13.889]),
        ("The ego drives at fifty kilometres per hour.", [13.889, 13.889]),
        ("Ego 30 mph.", [13.411, 13.411]),
        ("The ego is doing about 20 m/s.", [18.0, 22.0]),
        ("The ego drives at no more than 36 km/h.", [None, 10.0]),
        ("The ego drives at 36 km/h or more.", [10.0, None]),
        ("The ego drives at 36 to 72 km/h.", [10.0, 20.0]),
        ("The ego drives at 72 km/h plus or minus 36 km/h.", [10.0, 30.0]),
        ("The ego drives at 72,0 km/h.", [20.0, 20.0]),
        ("The ego drives where the speed limit is 50 km/h.", None),
    ],
)
def test_speeds_in_units_and_words(text: str, speed: list | None):
    assert slots(text)["ego"]["speed_mps"] == speed


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("The truck brakes when the ego is 30 m away.", {"kind": "distance", "value": [30.0, 30.0]}),
        ("The truck brakes at a TTC of 2 s.", {"kind": "ttc", "value": [2.0, 2.0]}),
        ("The truck brakes 5 s after the start.", {"kind": "time", "value": [5.0, 5.0]}),
        ("Two seconds later the truck brakes.", {"kind": "time", "value": [2.0, 2.0]}),
        ("Once the bus has stopped, the truck brakes.", {"kind": "event", "value": None}),
        ("The truck brakes while the ego turns left.", None),
    ],
)
def test_triggers(text: str, trigger: dict | None):
    got = [actor["trigger"] for actor in slots(text)["actors"] if actor["class"] == "truck"]
    assert got == [trigger]


@pytest.mark.parametrize(
    ("text", "hour_light"),
    [("08:00", "day"), ("17:59", "day"), ("21:30", "night"), ("4 am", "night"), ("19:00", None), ("10 pm", "night")],
)
def test_clock_times(text: str, hour_light: str | None):
    assert slots(f"At {text} the ego drives along a road.")["light"] == hour_light


def test_contrast_is_no_negation():
    got = slots("A tram rather than a bus crosses from the left.")
    assert [actor["class"] for actor in got["actors"]] == ["tram"] and got["negations"] == []


def test_members_are_singled_out_of_a_group():
    got = slots("Three cyclists ride ahead; one of them swerves.")["actors"]
    assert [(a["count"], a["manoeuvre"]) for a in got] == [(2, []), (1, ["swerve"])]
    assert all(a["relation"] == ["ahead"] for a in got)


def test_misspelt_words_are_repaired_and_known_ones_left_alone():
    got = slots("teh truk infront of the ego brkaes suddnely on a motorwya")
    assert got["road"]["kind"] == "motorway"
    assert got["actors"][0]["class"] == "truck" and got["actors"][0]["manoeuvre"] == ["brake"]


def test_what_has_no_slot_is_given_back_verbatim_and_in_order():
    text = "A cyclist wobbles absent-mindedly behind a hedge and brakes at 6 m/s²."
    lost = read(text).not_understood
    assert all(span in text for span in lost)
    assert [text.index(span) for span in lost] == sorted(text.index(span) for span in lost)
    assert any("absent" in span for span in lost) and any("hedge" in span for span in lost)
    assert any("6 m/s²" in span for span in lost)


def test_a_text_about_something_else_yields_nothing_and_says_so():
    reading = read("Quarterly sausages invigorate philosophers.")
    assert reading.slots == Slots()
    assert reading.not_understood


def test_account_names_places_in_the_text():
    text = "A van cuts in on a wet motorway at night."
    for phrase in read(text).account:
        assert text[phrase.start : phrase.end] == phrase.text and phrase.path


@given(st.text(max_size=80))
def test_any_text_can_be_read(text: str):
    reading = read(text)
    assert Slots.from_plain(reading.slots.to_plain()).to_plain() == reading.slots.to_plain()


def test_reading_is_deterministic_and_quick():
    texts = [case["text"] for case in cases("language_examples.jsonl")]
    first = [read(text) for text in texts]
    begin = time.process_time()
    assert [read(text) for text in texts] == first
    assert (time.process_time() - begin) / len(texts) < 0.2
    assert structure(first[0].slots.to_plain())
