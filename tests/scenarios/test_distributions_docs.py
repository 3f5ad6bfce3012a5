"""The page on distributions is true: its tables are read, its blocks run."""

import re
from pathlib import Path

import pytest

from scenarios.expressions import Expression, dimension_of
from scenarios.forms import DISTRIBUTIONS
from scenarios.grammar import parse_term
from scenarios.parse import parse_any, parse_value
from scenarios.spec import dump_spec, read_text
from scenarios.units import FLAG, LENGTH, SPEED, TEXT, TIME

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "distributions.md").read_text(encoding="utf-8")
ROWS = [row.replace(r"\|", "|") for row in re.findall(r"^\| `(.+?)` \|", PAGE, re.MULTILINE)]
TYPES = {"ego.speed": SPEED, "gap": LENGTH, "weather.rain": parse_any("1 mm/h", {}).dimension}


@pytest.mark.parametrize("text", ROWS)
def test_every_row_of_the_tables_is_read_and_reads_back(text):
    if text.startswith(("car", "=")):
        value = parse_value(text, TEXT)
    else:
        kind = dimension_of(parse_term(text), TYPES)
        value = parse_value(text, kind)
    assert parse_value(value.text(), value.dimension) == value
    assert isinstance(value, Expression) or value.dimension in (TEXT, FLAG, TIME) or value.bounds()


def test_every_distribution_is_in_the_table():
    assert len(ROWS) > 18
    assert all(any(row.startswith(f"{name}(") for row in ROWS) for name in DISTRIBUTIONS)


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
def test_blocks_run(block):
    exec(compile(block, "docs/distributions.md", "exec"), {})


@pytest.mark.parametrize("block", re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
def test_files_are_read_and_read_back(block):
    logical = read_text(block, "docs", whole=False)
    assert read_text(dump_spec(logical), whole=False) == logical
