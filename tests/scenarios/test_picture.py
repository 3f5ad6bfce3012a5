"""The picture of a logical scenario: its size, its ground, what is drawn in which colour, and its words."""

import numpy as np
import pytest
import shapely

from scenarios import library
from scenarios.picture import SIZE_PX, Mark, Trace, scenario_picture
from scenarios.picture.canvas import Canvas, Pane, to_view, wrapped
from scenarios.picture.legend import entries, numbers, words
from scenarios.picture.sheet import EGO, PALETTE
from scenarios.picture.spread import box_of, on_shown_road, spread_of, swath_of
from scenarios.sampling import sample_many
from scenarios.spec import read_text
from scenarios.spec.values import parsed
from scenarios.units import ANGLE, LENGTH, RATIO, SPEED

TEXT = """\
scenario: plain
description: One car ahead.
road: rural
ego: {on: main.1, at: 50 m, speed: 36..72 km/h}
actors:
  other: {kind: car @ 3 | van @ 1, on: main.1, ahead_of: ego by 20..40 m, speed: ego.speed - 1..2 m/s}
weather: {rain: 0 mm/h @ 3 | 1..5 mm/h @ 1}
where: [other.by > 21 m]
one_of:
  - {weight: 3, light: day}
  - {light: night}
"""


def near(pixels, color, tolerance=40):
    """Pixels of about a colour."""
    return np.abs(pixels.astype(int) - np.array(color)).max(axis=2) < tolerance


def test_the_picture_shows_the_ego_and_the_actor_on_a_light_ground():
    logical = read_text(TEXT)
    draws = sample_many(logical, 40, 1)
    pixels = scenario_picture(logical, draws)
    assert pixels.shape[1:] == (SIZE_PX[0], 3) and 400 < len(pixels) <= SIZE_PX[1] and pixels.dtype == np.uint8
    assert pixels.mean() > 200 and near(pixels, EGO).sum() > 150 and near(pixels, PALETTE[0]).sum() > 150
    ego, other = (np.argwhere(near(pixels[62:290], color, 12)).mean(axis=0) for color in (EGO, PALETTE[0]))
    assert other[1] > ego[1], "the actor ahead stands to the right of the ego"
    assert np.array_equal(pixels, scenario_picture(logical, draws))


def test_ways_and_marks_are_drawn():
    logical = read_text(TEXT)
    draws = sample_many(logical, 10, 1)
    x, y, _ = spread_of(logical, draws).layout.pose(draws[0].ego.start)
    way = Trace("other", np.stack([np.linspace(x, x + 150, 60), np.full(60, y + 2.5)], axis=1))
    mark = Mark("other", (x + 100, y))
    given = (((), ()), ([way], ()), ([way], [mark]))
    bare, ways, marked = (near(scenario_picture(logical, draws, *one)[62:], PALETTE[0]) for one in given)
    assert ways[:, 900:].sum() > bare[:, 900:].sum() and 10 < (marked & ~ways).sum() < 200


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cut_in", "roundabout_entry", "work_zone_lane_closure", "merge_from_ramp"])
def test_library_scenarios_have_a_picture(name):
    logical = library.load(name)
    pixels = scenario_picture(logical, sample_many(logical, 20, 3))
    assert pixels.shape[1:] == (SIZE_PX[0], 3) and len(pixels) <= SIZE_PX[1] and near(pixels, EGO).sum() > 60


def test_the_legend_says_every_range():
    logical = read_text(TEXT)
    found = {entry.title: entry.lines for entry in entries(spread_of(logical, sample_many(logical, 60, 1)))}
    assert "speed 36-72 km/h" in found["ego"]
    assert found["other"][0] == "car 75%, van 25%" and found["other"][1].startswith("20-40 m ahead of ego on main.1")
    assert found["weather"] == ("rain 0 mm/h 75%, 1-5 mm/h 25%",)
    assert found["where"] == ("other.by > 21 m",)
    assert sorted(line.split(":")[0] for line in found["one of"]) == ["25%", "75%"]


def test_numbers_are_said_as_people_say_them():
    assert words(parsed("10..20 m/s", SPEED), None) == "36-72 km/h"
    assert words(parsed("1..2 m/s", SPEED), None) == "1-2 m/s"
    assert words(parsed("-5..3 deg", ANGLE), None) == "-5 to 3 deg"
    assert words(parsed("0.5", RATIO), None) == "0.5"
    assert words(parsed("gap + 3 m", LENGTH), (4.0, 9.0)) == "gap + 3 m (4-9 m)"
    assert numbers((20000.0, 20000.0), LENGTH) == "more than 10 km"


def test_a_swath_covers_the_boxes_of_all_draws():
    logical = read_text(TEXT)
    spread = spread_of(logical, sample_many(logical, 30, 2))
    boxes = spread.starts["other"].boxes
    swath = swath_of(boxes)
    assert len(boxes) == 30 and all(swath.buffer(1e-6).contains(box) for box in boxes)
    assert swath.area < 60 * 3.0 and list(spread.starts) == ["ego", "other"]
    assert box_of((1.0, 2.0, 0.5), (4.0, 2.0, 1.0)).area == pytest.approx(8.0)


def test_the_road_that_most_draws_have_is_shown_and_the_others_are_laid_onto_it():
    logical = read_text(TEXT.replace("road: rural", "road: {rural: {length: 600 m @ 3 | 400 m @ 1}}"))
    draws = sample_many(logical, 30, 2)
    shown = on_shown_road(draws)
    assert 15 < len(shown) < 30 and {draw.road.parameters["length_m"] for draw in shown} == {600.0}
    spread = spread_of(logical, draws)
    assert spread.sample is shown[0] and spread.roads == 2 and len(spread.starts["ego"].boxes) == 30


def test_panes_turn_metres_into_pixels():
    pane = Pane(Canvas((200, 100)), (0.0, 0.0), (200.0, 100.0), (10.0, 20.0), np.pi / 2, (0.0, 0.0, 20.0, 10.0))
    assert pane.scale == 10.0
    np.testing.assert_allclose(
        pane.screen([[10.0, 20.0], [10.0, 30.0], [9.0, 20.0]]), [[0, 100], [100, 100], [0, 90]], atol=1e-9
    )
    np.testing.assert_allclose(to_view(np.array([[1.0, 0.0]]), (0.0, 0.0), np.pi / 2), [[0.0, -1.0]], atol=1e-12)
    pane.area(shapely.box(8, 22, 10, 24).difference(shapely.box(8.5, 22.5, 9.5, 23.5)), (255, 0, 0))
    pixels = pane.canvas.pixels()
    assert tuple(pixels[98, 25]) == (255, 0, 0) and tuple(pixels[90, 30]) == (255, 255, 255)
    assert wrapped("one two three", 12, 40.0) == ["one", "two", "three"] and wrapped("", 12, 9.0) == []
