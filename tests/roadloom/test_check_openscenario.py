"""`roadloom check` of OpenSCENARIO files: faults fail, lints are said."""

import json
from pathlib import Path

from typer.testing import CliRunner

from roadloom.main import app
from tests.scenarios.openscenario_files import declared, put, scenario, speed

RUN = CliRunner()


def test_lints_are_said_and_fail_nothing(tmp_path: Path) -> None:
    path = put(tmp_path, "s.xosc", scenario(declared("idle", "1"), init=speed("3")))
    found = RUN.invoke(app, ["check", "--json", str(path)])
    assert found.exit_code == 0
    faults = json.loads(found.stdout)
    assert [fault["code"] for fault in faults] == ["lint-unused-parameter"]
    assert faults[0]["line"] == 5 and faults[0]["file"] == str(path)


def test_faults_fail_and_name_line_column_and_nearest(tmp_path: Path) -> None:
    path = put(tmp_path, "s.xosc", scenario(declared("pace", "1"), init=speed("$pase", "Egoo")))
    found = RUN.invoke(app, ["check", "--json", str(path)])
    assert found.exit_code == 1
    faults = {fault["code"]: fault for fault in json.loads(found.stdout)}
    assert faults["unknown-parameter"]["nearest"] == "$pace"
    assert faults["unknown-entity"]["nearest"] == "Ego"
    assert all(fault["line"] and fault["column"] for fault in faults.values())


def test_a_scenario_file_can_be_sampled(tmp_path: Path) -> None:
    path = put(tmp_path, "s.xosc", scenario(declared("pace", "1"), init=speed("$pace")))
    found = RUN.invoke(app, ["sample", str(path), "--set", "pace=7"])
    assert found.exit_code == 0
    assert json.loads(found.stdout)[0]["storyboard"]["values"]["pace"] == "7"
