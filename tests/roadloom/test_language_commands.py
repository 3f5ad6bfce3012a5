"""`roadloom parse` and `roadloom describe` as commands."""

import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from roadloom.main import run
from scenarios import library
from scenarios.language.describe import describe
from scenarios.language.endpoint import slots_schema
from scenarios.language.slots import Slots
from scenarios.spec import read_spec, read_text
from tests.scenarios.test_language_endpoint import Server, answer_of, serving

SEED = (
    "The ego is on a two-lane highway at dusk; a deer crosses from the right shoulder, and an oncoming vehicle in the "
    "left lane prevents a lane change."
)


def parsed(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> Any:
    capsys.readouterr()
    assert run(["parse", *arguments, "--json"]) == status
    return json.loads(capsys.readouterr().out)


def test_parse_prints_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    document = parsed(capsys, SEED)
    assert {"slots", "yaml", "assumed", "not_understood", "account", "unplayed", "faults"} <= document.keys()
    jsonschema.validate(document["slots"], slots_schema())
    assert document["slots"]["light"] == "dusk" and document["slots"]["negations"] == ["no lane change"]
    assert [actor["class"] for actor in document["slots"]["actors"]] == ["animal", "car"]
    logical = read_text(document["yaml"])
    assert not logical.problems() and logical.sample(0).road.archetype == "rural"
    for phrase in document["account"]:
        assert SEED[phrase["start"] : phrase["end"]] == phrase["text"]


def test_parse_writes_a_file_that_check_accepts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "made" / "deer.yaml"
    document = parsed(capsys, SEED, "--out", str(path))
    assert path.read_text() == document["yaml"] and read_spec(path) == read_text(document["yaml"])
    assert run(["check", str(path)]) == 0


def test_parse_shows_people_what_was_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["parse", "At night a lorry ahead of the ego brakes, absent-mindedly."]) == 0
    out = capsys.readouterr().out
    for part in ("phrase", "slot", "assumed", "not understood", "absent-mindedly", "scenario:", "weather = clear"):
        assert part in out


def test_a_text_that_says_nothing_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    document = parsed(capsys, "Blargh wibble.")
    assert document["slots"] == Slots().to_plain() and document["not_understood"] and document["yaml"]


def test_many_sentences_from_a_file_and_from_standard_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "sentences.txt"
    file.write_text("It rains.\n\nThe ego turns left at an intersection.\n", encoding="utf-8")
    documents = parsed(capsys, "--file", str(file), "--out", str(tmp_path / "made"))
    assert [one["text"] for one in documents] == ["It rains.", "The ego turns left at an intersection."]
    assert documents[0]["slots"]["weather"] == ["rain"] and documents[1]["slots"]["ego"]["manoeuvre"] == ["turn_left"]
    assert len(list((tmp_path / "made").glob("*.yaml"))) == 2
    monkeypatch.setattr("sys.stdin", io.StringIO("It snows.\n"))
    assert [one["slots"]["weather"] for one in parsed(capsys, "--file", "-")] == [["snow"]]


def test_a_contradiction_keeps_its_slots_and_names_both_phrases(capsys: pytest.CaptureFixture[str]) -> None:
    document = parsed(capsys, "A deer crosses the road. There are no animals.", status=1)
    assert document["yaml"] is None and document["slots"]["actors"]
    (fault,) = document["faults"]
    assert fault["code"] == "contradiction" and "deer" in fault["found"] and "no animals" in fault["found"]


def test_wrong_use(tmp_path: Path) -> None:
    assert run(["parse"]) == 2
    assert run(["parse", "It rains.", "--file", "x.txt"]) == 2
    assert run(["parse", "It rains.", "--model", "m"]) == 2
    assert run(["parse", "--file", str(tmp_path / "none.txt")]) == 1
    assert run(["parse", "It rains.", "--endpoint", "file:///etc/passwd", "--model", "m"]) == 1


def test_parse_with_an_endpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "talk.jsonl"
    slots = {**Slots().to_plain(), "weather": ["rain"]}
    with serving(Server([answer_of({**slots, "weather": ["wet"]}, []), answer_of(slots, [])])) as server:
        document = parsed(capsys, "It rains.", "--endpoint", server.url, "--model", "m", "--log", str(log))
    assert document["slots"] == slots and "reader = m" in document["assumed"][0] and document["yaml"]
    assert len(log.read_text().splitlines()) == 4


def test_describe_tells_library_files_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["describe", "cut_in"]) == 0
    assert capsys.readouterr().out.strip() == describe(library.load("cut_in"))
    drawn = library.load("cut_in").sample(1)
    path = tmp_path / "drawn.json"
    path.write_text(json.dumps(drawn.to_plain()))
    assert run(["describe", str(path), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["kind"] == "ConcreteScenario" and document["description"] == describe(drawn)
    jsonschema.validate(document["slots"], slots_schema())


def test_describe_names_what_it_cannot_find(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["describe", "cut_inn", "--store", str(tmp_path)]) == 1
    assert "did you mean 'cut_in'?" in capsys.readouterr().err
    (tmp_path / "x.json").write_text("[1, 2]")
    assert run(["describe", str(tmp_path / "x.json")]) == 1
