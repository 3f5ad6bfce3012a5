"""The examples of docs/coverage.md run, and its commands are commands."""

import re
from pathlib import Path

import pytest

from tests.roadloom.conftest import command

PAGE = Path(__file__).resolve().parents[2] / "docs" / "coverage.md"
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.mark.slow
@pytest.mark.parametrize("number", [i for i, (language, _) in enumerate(BLOCKS) if language == "python"])
def test_an_example_runs(number):
    exec(compile(BLOCKS[number][1], str(PAGE), "exec"), {})


@pytest.mark.slow
def test_the_commands_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (lines,) = [text for language, text in BLOCKS if not language and text.startswith("roadloom")]
    for line in lines.strip().splitlines():
        assert command(*line.partition("#")[0].split()[1:]).status == 0, line
    assert (tmp_path / "cut_in.png").is_file() and (tmp_path / "gaps.yaml").is_file()


def test_the_picture_of_the_page_is_there():
    for name in re.findall(r"\]\((images/[^)]+)\)", PAGE.read_text()):
        assert (PAGE.parent / name).stat().st_size > 5000
