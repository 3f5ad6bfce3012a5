"""`roadloom coverage`, `gaps` and `sample --design` by a covering array, as commands."""

import json

import numpy as np
import pytest
from PIL import Image

from scenarios import library
from scenarios.algebra import LogicalScenario
from scenarios.coverage import coverage_of_rows, grid_of
from scenarios.coverage.picture import MADE, MISSING, REAL, Shades, coverage_picture
from tests.roadloom.conftest import command

SMALL = """\
scenario: small
road: motorway
ego: {on: main.2, at: 150 m, speed: 25..33 m/s}
parameters:
  gap: 20..60 m
one_of:
- weather: {rain: 1..3 mm/h}
- weather: {fog_visibility: 60..200 m}
where: [gap > ego.speed * 1 s]
"""


PLAIN = """\
scenario: plain
road: motorway
ego: {on: main.2, at: 150 m, speed: 25..33 m/s}
weather: {rain: 0..4 mm/h, wind: 0..9 m/s}
parameters:
  gap: 20..60 m
"""


@pytest.fixture
def small(tmp_path):
    """With a condition and options."""
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    return path


@pytest.fixture
def spec(tmp_path):
    """Ranges and nothing else."""
    path = tmp_path / "plain.yaml"
    path.write_text(PLAIN)
    return path


def test_from_the_figure_to_the_gap_to_the_whole(tmp_path, small):
    spec, draws, gaps = small, tmp_path / "draws", tmp_path / "gaps.yaml"
    command("sample", spec, "--count", 8, "--out", draws)
    before = command("coverage", spec, "--of", draws, "--bins", 2, "--json").json
    assert before["draws"] == {"generated": 8, "real": 0} and 0 < before["coverage"] < 1
    assert before["covered"] + len(before["missing"]) == before["feasible"] and before["infeasible"] > 0
    assert 0 < before["weighted"] <= 1 and 0 < before["unseen_mass"] <= 1
    done = command("gaps", spec, "--of", draws, "--bins", 2, "--out", gaps)
    assert done.status == 0 and str(gaps) in done.out and "--design 1way" in done.err
    assert command("sample", gaps, "--design", "1way", "--seed", 7, "--out", draws).status == 0
    after = command("coverage", spec, "--of", draws, "--bins", 2, "--json").json
    assert after["coverage"] == 1.0 and after["missing"] == [] and after["feasible"] == before["feasible"]
    nothing = command("gaps", spec, "--of", draws, "--bins", 2)
    assert nothing.out == "" and "nothing is missing" in nothing.err
    assert command("gaps", spec, "--of", draws, "--bins", 2, "--json").json["yaml"] is None


def test_a_pairwise_sample_covers_every_pair(tmp_path, spec):
    drawn = command("sample", spec, "--design", "pairwise").json
    (tmp_path / "all.json").write_text(json.dumps(drawn))
    found = command("coverage", spec, "--of", tmp_path / "all.json", "--json").json
    assert found["coverage"] == 1.0 and found["draws"]["generated"] == len(drawn)
    assert command("coverage", spec, "--design", "pairwise", "--json").json["covered"] == found["covered"]
    few = command("sample", spec, "--design", "pairwise", "--count", 4).json
    assert few == drawn[:4] and len(command("sample", spec).json) == 1


def test_the_table_names_what_is_missing(spec):
    done = command("coverage", spec, "--design", "lhs", "--count", 5, "--missing", 2)
    assert "ego.speed" in done.out and "2-way coverage" in done.out and "infeasible left out" in done.out
    assert "missing, 2 of" in done.out and "Good-Turing" in done.out


def test_a_picture_is_drawn(tmp_path, spec):
    png = tmp_path / "pictures" / "small.png"
    assert command("coverage", spec, "--design", "random", "--count", 6, "--png", png).status == 0
    pixels = np.asarray(Image.open(png).convert("RGB")).reshape(-1, 3)
    for color in (MADE, MISSING):
        assert (pixels == color).all(axis=1).sum() > 100
    assert not (pixels == REAL).all(axis=1).any()


def test_the_area_of_a_colour_is_the_number_of_its_pairs():
    grid = grid_of(library.load("cut_in").blocks, 3)
    rng = np.random.default_rng(0)
    made, real = (np.stack([rng.integers(len(axis.labels), size=3) for axis in grid.axes], axis=1) for _ in range(2))
    real[:, :6] = -1
    pixels = coverage_picture(Shades(grid.axes, grid.finite, made, real), "x").reshape(-1, 3)
    tables = [coverage_of_rows(grid, rows, strength).hits for rows in (made, real) for strength in (2, 1)]
    pairs, singles, real_pairs, real_singles = tables
    only_made = sum(int((a & ~b).sum()) for a, b in zip((*pairs, *singles), (*real_pairs, *real_singles), strict=True))
    only_real = sum(int((b & ~a).sum()) for a, b in zip((*pairs, *singles), (*real_pairs, *real_singles), strict=True))
    areas = [int((pixels == color).all(axis=1).sum()) for color in (MADE, REAL)]
    assert areas[0] / areas[1] == pytest.approx(only_made / only_real, rel=0.06)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("coverage", "{spec}", "--of", "nowhere"), "there is no such file or folder"),
        (("coverage", "{spec}", "--of", "{spec}"), "expected a concrete scenario"),
        (("coverage", "{spec}", "--of", "{folder}"), "no store and no JSON file"),
        (("coverage", "{spec}", "--design", "pairwize"), "did you mean 'pairwise'"),
        (("coverage",), "a scenario, or --of with the folder of a store"),
        (("gaps", "small.yml"), "small.yml"),
        (("sample", "{spec}", "--design", "4wya"), "one of random"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(tmp_path, spec, arguments, words):
    (tmp_path / "empty").mkdir()
    done = command(*(each.format(spec=spec, folder=tmp_path / "empty") for each in arguments))
    assert done.status == 1 and words in done.err


def test_draws_of_another_scenario_are_passed_over(tmp_path, spec):
    command("sample", "cut_in", "--count", 2, "--out", tmp_path / "draws")
    done = command("coverage", spec, "--of", tmp_path / "draws", "--json")
    assert done.json["draws"]["generated"] == 0 and "passed over: 2 draws" in done.err
    assert isinstance(library.load("cut_in"), LogicalScenario)
