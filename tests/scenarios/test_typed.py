"""The typed builder: what a type checker must refuse, what it must let pass, and that what passes runs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scenarios.algebra import IllTyped
from scenarios.typed import (
    brake,
    car,
    cross,
    crossroads,
    cut_in,
    cyclist,
    ego,
    lane_change_left,
    light,
    motorway,
    pedestrian,
    roundabout,
    rural,
    surface,
    turn_left,
    urban,
    weather,
    work_zone,
)
from scenarios.types.manoeuvres import when

HEAD = "from scenarios.typed import *\n"
CAR = 'car("x", on="main.1", at="3 m", speed="9 m/s")'
PERSON = 'pedestrian("p", on="sidewalk.right", at="3 m")'
GOOD = (
    f'motorway(lanes=3) & ego("main.2", speed="100 km/h") & {CAR}.does(brake(), cut_in("main.2"), lane_change_left())',
    f'urban(2) & {CAR}.does(lane_change_left()) & work_zone("w", on="main.1")',
    f"crossroads() & {CAR}.does(turn_left('5 m/s'), run_red('9 m/s')) & {PERSON}.does(cross('4 m'))",
    'roundabout() & cyclist("y", on="main.left", at="3 m").does(turn_left("3 m/s"), cross("2 m"))',
    f'rural() & {CAR}.does(overtake_oncoming("ego", "oncoming.1")) & weather("rain") & light("dusk")',
    f'motorway() & ({CAR}.does(cut_in("main.2")) & weather("fog"))',
    f"urban() & {PERSON}.does(brake()) & {CAR}.stands_by()",
)
# what must be refused: the words that pyright has for it
BAD = {
    f"motorway() & {CAR}.does(turn_left('5 m/s'))": '"On[Motorway]" and "Part[Junction]"',
    'roundabout() & work_zone("site")': '"On[Roundabout]" and "Part[Row]"',
    f"rural() & {CAR}.does(lane_change_left())": '"On[CountryRoad]" and "Part[Lanes]"',
    f"urban() & {CAR}.does(cut_in('main.2'))": '"On[Street]" and "Part[Lanes]"',
    f"urban(1) & {CAR}.does(lane_change_left())": '"On[Street]" and "Part[Lanes]"',
    f"rural() & {CAR}.does(run_red('9 m/s'))": '"On[CountryRoad]" and "Part[Lights]"',
    f"motorway() & {CAR}.does(overtake_oncoming('a', 'oncoming.1'))": '"On[Motorway]" and "Part[Oncoming]"',
    f"urban(2) & {PERSON}.does(lane_change_left())": '"Pedestrian" is not assignable to "Driven"',
    f"urban() & {CAR}.does(cross('3 m'))": '"Car" is not assignable to "OnFoot"',
    f"crossroads() & {CAR}.does(turn_left('5 m/s'), cut_in('main.2'))": '"Junction" is not assignable to "Lanes"',
    "motorway() & roundabout()": '"On[Motorway]" and "On[Roundabout]"',
    'weather("rain") & motorway()': '"Part[Road]" and "On[Motorway]"',
    "urban(3)": "No overloads",
}


def checked(tmp_path: Path, lines: list[str]) -> dict[int, list[str]]:
    """What pyright says of each line, from 0."""
    path = tmp_path / "snippet.py"
    path.write_text(HEAD + "".join(f"a{i} = {line}\n" for i, line in enumerate(lines)), encoding="utf-8")
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, str(path)]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=root, check=False)
    found: dict[int, list[str]] = {}
    for item in json.loads(ran.stdout)["generalDiagnostics"]:
        if item["severity"] == "error":
            found.setdefault(item["range"]["start"]["line"] - 1, []).append(item["message"])
    return found


@pytest.mark.slow
def test_a_type_checker_lets_the_good_pass_and_says_what_is_wrong_with_the_bad(tmp_path):
    found = checked(tmp_path, [*GOOD, *BAD])
    assert {line: found[line] for line in range(len(GOOD)) if line in found} == {}
    for i, (line, words) in enumerate(BAD.items(), start=len(GOOD)):
        assert any(words in message for message in found.get(i, [])), (line, found.get(i))


def test_what_the_types_allow_is_drawn():
    late = when("time", "2 s")
    cutter = car("cutter", on="main.3", relation="ahead_of", of="ego", by="10..30 m", speed="28 m/s")
    fast = (
        motorway(lanes=3) & ego("main.2", "100 m", speed="100..110 km/h") & cutter.does(cut_in("main.2", late), brake())
    )
    assert fast.logical.sample(1) in fast.logical
    town = urban(2) & ego("main.1", speed="9 m/s") & surface("wet") & work_zone("w", on="main.1")
    other = car("x", on="main.1", at="80 m", speed="9 m/s").does(lane_change_left())
    assert (town & other & light("day")).logical.sample(1).actors[0].id == "x"
    junction = crossroads() & ego("main.straight", speed="8 m/s") & weather("rain")
    walker = pedestrian("p", on="main.straight", at="60 m", lateral="-4 m").does(cross("4 m"))
    turning = car("x", on="oncoming.left", at="30 m", speed="8 m/s").does(turn_left("5 m/s"))
    assert len((junction & walker & turning).logical.sample(1).actors) == 2
    ring = roundabout() & ego("main.straight", speed="8 m/s")
    assert (ring & cyclist("y", on="oncoming.left", at="30 m").does(turn_left("3 m/s"))).logical.sample(1)


def test_what_types_cannot_say_is_refused_when_it_is_built():
    one = car("x", on="main.1", at="30 m", speed="9 m/s").stands_by()
    with pytest.raises(IllTyped, match="actor x bound twice"):
        rural() & one & one
    with pytest.raises(IllTyped, match=r"no route 'main\.2'"):
        rural() & car("x", on="main.2", at="30 m").stands_by()
    widest = (
        motorway(lanes=2) & ego("main.1", speed="9 m/s") & car("x", on="main.2", at="80 m").does(lane_change_left())
    )
    with pytest.raises(IllTyped, match="no lane on its left"):
        widest.logical.sample(1)
