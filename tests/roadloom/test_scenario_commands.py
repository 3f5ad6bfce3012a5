"""`check`, `sample --set`, `show --png` and `schema`."""

import json

import numpy as np
import pytest
from PIL import Image

from scenarios.spec.json_schema import json_schema

PART = "part: true\nactors:\n  deer: {kind: animal, on: shoulder.right, at: 200 m}\n"
WHOLE = """\
scenario: mine
include: part.yaml
parameters: {gap: 8..25 m}
road: rural
ego: {on: main.1, at: 50 m, speed: 50..70 km/h}
actors:
  lead: {kind: car, on: main.1, ahead_of: ego by gap, speed: ego.speed}
"""


@pytest.fixture
def files(tmp_path):
    (tmp_path / "part.yaml").write_text(PART)
    (tmp_path / "whole.yaml").write_text(WHOLE)
    return tmp_path


def test_parts_and_wholes_are_checked(roadloom, files):
    done = roadloom("check", files / "part.yaml", files / "whole.yaml", "--json")
    assert done.status == 0 and done.json == []
    (files / "part.yaml").write_text(PART.replace("animal", "anmal"))
    done = roadloom("check", files / "whole.yaml", "--json")
    assert done.status == 1
    assert [(f["file"], f["line"], f["code"], f["nearest"]) for f in done.json] == [
        (str(files / "part.yaml"), 3, "unknown-name", "animal")
    ]


def test_what_no_draw_can_meet_is_a_fault_of_the_file(roadloom, files):
    never, seldom = "ahead_of: ego by gap - 30 m", "ahead_of: ego by gap - 24.9 m"
    for written, code in ((never, "out-of-range"), (seldom, "cannot-draw")):
        (files / "whole.yaml").write_text(WHOLE.replace("ahead_of: ego by gap", written))
        done = roadloom("check", files / "whole.yaml", "--json")
        assert done.status == 1 and [fault["code"] for fault in done.json] == [code]


def test_who_finds_no_room_is_named_where_it_stands(roadloom, files):
    (files / "whole.yaml").write_text(WHOLE.replace("ahead_of: ego by gap", "at: 51 m"))
    done = roadloom("check", files / "whole.yaml", "--json")
    assert [(f["line"], f["column"], f["path"], f["code"]) for f in done.json] == [(7, 3, "actors.lead", "cannot-draw")]
    assert "lead and ego would begin in the same place" in done.json[0]["found"]


def test_values_are_set_on_the_command_line(roadloom, files):
    done = roadloom("sample", files / "whole.yaml", "--set", "gap=12m", "--set", "ego.speed=60 km/h", "--count", "2")
    assert done.status == 0
    assert [round(draw["ego"]["speed_mps"] * 3.6, 6) for draw in done.json] == [60.0, 60.0]
    done = roadloom("sample", "cut_in", "--set", "gap=9..9.5 m")
    assert done.status == 0 and 9.0 <= done.json[0]["draws"]["gap"] <= 9.5
    done = roadloom("sample", files / "whole.yaml", "--set", "gpa=12m")
    assert done.status == 1 and "did you mean 'gap'" in done.err
    assert roadloom("sample", files / "whole.yaml", "--set", "gap").status == 2


def test_the_schema_is_printed(roadloom):
    done = roadloom("schema")
    assert done.status == 0 and json.loads(done.out) == json_schema()


@pytest.mark.slow
def test_the_scenario_is_shown_from_above(roadloom, files, monkeypatch):
    monkeypatch.setattr("roadloom.pictures.SHOWN_DRAWS", 12)
    monkeypatch.setattr("roadloom.pictures.PLAYED_DRAWS", 2)
    done = roadloom("show", files / "whole.yaml", "--png", "--out", files / "out", "--json")
    assert done.status == 0
    (picture,) = done.json["pictures"]
    pixels = np.asarray(Image.open(picture))
    assert pixels.shape[1:] == (1280, 3) and 300 < len(pixels) <= 800 and picture.endswith("mine_space.png")
    assert 200 < (np.abs(pixels.astype(int) - (15, 139, 141)).max(axis=2) < 40).sum() < 100_000
