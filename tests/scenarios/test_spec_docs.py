"""The reference is true: its examples are read, its tables are complete."""

import re
from pathlib import Path

import pytest

from scenarios.roads import archetypes
from scenarios.spec import dump_spec, read_text
from scenarios.spec.reader import KEYS
from scenarios.types.actors import KINDS
from scenarios.types.manoeuvres import ACTIONS, TRIGGERS
from scenarios.types.road import road_schema
from scenarios.units import SUFFIXES, UNITS

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "scenario_yaml.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS)
def test_examples_are_read_and_read_back(block):
    whole = not block.startswith("# part")
    logical = read_text(block, "docs", whole=whole)
    assert read_text(dump_spec(logical), whole=whole) == logical
    if whole:
        assert logical.sample(1) in logical


def test_tables_name_everything():
    names = [*KEYS, *ACTIONS, *KINDS, *archetypes()]
    names += [name for archetype in archetypes() for name in road_schema(archetype)]
    missing = [name for name in names if f"`{name}`" not in TEXT]
    missing += [name for name in TRIGGERS if f"`{name}" not in TEXT]
    missing += [unit for unit in UNITS if not re.search(rf"[` ]{re.escape(unit)}[` ]", TEXT)]
    missing += [suffix for suffix in SUFFIXES if suffix not in TEXT]
    assert not missing


def test_the_table_of_codes_is_complete():
    call = r'(?:TextFault|refuse|Misfit|fault|_whole)\((?:[^"()]*(?:\([^()]*\))?[^"()]*?)'
    code = call + r'"([a-z0-9]+(?:-[a-z0-9]+)+|tab|empty)"'
    used: set[str] = set()
    for path in sorted((ROOT / "scenarios").rglob("*.py")):
        used |= set(re.findall(code, path.read_text(encoding="utf-8")))
    assert len(used) > 25
    listed = set(re.findall(r"`([a-z0-9-]+)`", TEXT.split("## Faults")[1]))
    assert used - {"unknown-archetype", "unknown-parameter", "bad-parameter"} <= listed
