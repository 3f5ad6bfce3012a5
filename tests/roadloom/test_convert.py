"""`roadloom convert`: every pair of formats, what is lost is named, relative paths stay right, nothing half written."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lxml import etree

from driving_data.errors import InputError
from driving_data.logs.commonroad import CommonRoadReader
from roadloom.conversion import convert_file, read_source
from roadloom.main import run
from scenarios import library
from scenarios.openscenario.export import export_openscenario, write_export
from scenarios.openscenario.reader import read_openscenario
from scenarios.openscenario.scenario import from_openscenario
from sim_bridge.embedded.simulator import EmbeddedSimulator
from tests.scenarios.openscenario_models import validator


@pytest.mark.parametrize("name", library.CORE)
def test_library_becomes_valid_openscenario(name: str) -> None:
    """Each core scenario is valid against the schema of 1.3, and the same draw gives the same bytes."""
    concrete = library.load(name).sample(7)
    exported = export_openscenario(concrete, f"{name}.xodr")
    schema = validator()
    assert schema.validate(etree.fromstring(exported.xosc)), schema.error_log
    assert exported.xosc == export_openscenario(concrete, f"{name}.xodr").xosc
    assert exported.xodr.startswith("<?xml")


def test_exported_file_can_be_played(tmp_path: Path) -> None:
    """What we write is read back and played: the pedestrian starts where ours starts and crosses."""
    out = tmp_path / "late.xosc"
    convert_file("late_pedestrian", out, seed=3)
    concrete = library.load("late_pedestrian").sample(3)
    again = read_source(str(out)).logical.sample(3)
    assert again.storyboard is not None
    assert {entity.name for entity in again.storyboard.entities} == {"ego", *(actor.id for actor in concrete.actors)}


@pytest.mark.parametrize("name", ["cut_in", "late_pedestrian", "red_light_runner"])
def test_library_becomes_commonroad(name: str, tmp_path: Path) -> None:
    """A played draw as CommonRoad: our reader finds the same actors and duration."""
    out = tmp_path / "s.xml"
    convert_file(name, out, seed=3)
    (segment,) = CommonRoadReader().read(out)
    concrete = library.load(name).sample(3)
    assert segment.rollout.num_actors == len(concrete.actors) + 1
    assert segment.rollout.seconds()[-1] == pytest.approx(concrete.duration_s, abs=0.11)


def test_dsl_becomes_yaml(shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The DSL with its ranges; the JSON names what was assumed and what was not translated."""
    given = shared_data / "openscenario" / "dsl" / "cut_in_and_slow_range.osc"
    out = tmp_path / "cut_in.yaml"
    assert run(["convert", str(given), str(out), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["files"] == [str(out)]
    assert any("Town04" in line for line in document["assumed"])
    assert run(["check", str(out)]) == 0


def test_variation_becomes_yaml_and_back(shared_data: Path, tmp_path: Path) -> None:
    """A parameter variation keeps its space: the YAML reads back as the same logical scenario."""
    folder = shared_data / "openscenario" / "alks" / "logical_scenarios"
    given = next(folder.glob("*4_4_1*variation.xosc"))
    out = tmp_path / "variation.yaml"
    convert_file(str(given), out)
    assert "file: ../" in out.read_text()
    assert read_source(str(out)).logical == read_source(str(given)).logical


def test_relative_paths_stay_right(shared_data: Path, tmp_path: Path) -> None:
    """A file that is written into another folder still finds its road and catalogs."""
    given = shared_data / "openscenario" / "esmini" / "xosc" / "cut-in.xosc"
    out = tmp_path / "deep" / "cut-in.xosc"
    convert_file(str(given), out)
    road = read_openscenario(out).root.find("RoadNetwork/LogicFile")
    assert road is not None and (out.parent / road.get("filepath")).is_file()
    first, second = (read_source(str(path)).logical.sample(1) for path in (given, out))
    assert first.storyboard == second.storyboard


def test_bad_requests(tmp_path: Path) -> None:
    """Unknown endings, missing and wrong files are refused with status 1, and nothing is written."""
    with pytest.raises(InputError, match="one of"):
        convert_file("cut_in", tmp_path / "x.yml2")
    assert run(["convert", str(tmp_path / "no.yaml"), str(tmp_path / "x.xosc")]) == 1
    (tmp_path / "bad.xosc").write_text("<OpenSCENARIO>")
    assert run(["convert", str(tmp_path / "bad.xosc"), str(tmp_path / "x.yaml")]) == 1
    assert not list(tmp_path.glob("x.*"))


def test_exported_crossing_ends_where_ours_does(tmp_path: Path) -> None:
    """Played from the exported file, the deer waits, crosses and stands where ours stands."""
    concrete = library.load("animal_crossing_dusk").sample(3)
    alone = replace(concrete, actors=tuple(actor for actor in concrete.actors if actor.id == "deer"))
    path = tmp_path / "deer.xosc"
    write_export(alone, path)
    ends: list[np.ndarray] = []
    for scenario, driver in ((alone, "constant_speed"), (from_openscenario(path, duration_s=12.0), "storyboard")):
        session = EmbeddedSimulator().open([scenario], [1])
        session.run(round(12.0 / scenario.step_s), driver)
        (rollout,) = session.rollouts()
        session.close()
        ends.append(rollout.world_from_actor.translation_m[-1, rollout.actors.ids.index("deer"), :2])
    assert np.allclose(ends[0], ends[1], atol=0.5)


def test_what_stood_there_stays_where_there_is_no_room(tmp_path: Path) -> None:
    """A file too large for the limit of the process is not begun over the old one, and no draft is left."""
    out = tmp_path / "s.yaml"
    out.write_text("old\n")
    script = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from roadloom.main import run\n"
        "import scenarios.library\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))\n"
        f"raise SystemExit(run(['convert', 'cut_in', {str(out)!r}]))"
    )
    done = subprocess.run([sys.executable, "-B", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "no room to write" in done.stderr, done.stderr
    assert out.read_text() == "old\n"
    assert [path.name for path in tmp_path.iterdir()] == ["s.yaml"]
