"""Driver keys of a file: styles, single numbers, and that a file without them means what it always did."""

from scenarios.habits import STYLES
from scenarios.spec.reader import read_text

TEXT = """
scenario: styles
road: {{motorway: {{lanes: 2, length: 400 m}}}}
ego: {{on: main.1, at: 30 m, speed: 20 m/s}}
actors:
  rival: {{on: main.2, at: 80 m, speed: 25 m/s, driver: {driver}}}
  person: {{kind: pedestrian, on: main.1, at: 90 m, lateral: -8 m, driver: {person}}}
duration: 5 s
"""


def drivers(driver: str, person: str = "none"):
    made = read_text(TEXT.format(driver=driver, person=person)).sample(0)
    return {actor.id: actor.driver for actor in made.actors}


def test_a_style_gives_every_number_and_single_keys_change_it():
    found = drivers("{style: aggressive, lane_changes: mobil, headway: 1.1 s}")["rival"]
    style = STYLES["aggressive"]
    assert found.kind == "idm"
    assert found.time_headway_s == 1.1
    assert found.min_gap_m == style.min_gap_m
    assert found.habits.critical_gap_s == style.habits.critical_gap_s
    assert (found.habits.lane_changes, style.habits.lane_changes) == ("mobil", "none")


def test_without_these_keys_a_driver_has_no_habits():
    assert drivers("{headway: 1.1 s}")["rival"].habits is None
    assert drivers("idm")["rival"].habits is None


def test_people_with_a_style_are_walkers():
    found = drivers("idm", "{style: child, turn_back: 0.9}")["person"]
    assert found.kind == "walker"
    assert found.walking.turn_back == 0.9
    assert found.walking.margin_s == STYLES["child"].walking.margin_s
    assert drivers("idm", "walker")["person"].kind == "walker"
    assert drivers("{kind: imitation}")["rival"].kind == "imitation"
