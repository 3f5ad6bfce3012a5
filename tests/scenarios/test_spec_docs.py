"""The reference is true: its examples are read, its tables are complete."""

import json
import re
from pathlib import Path

import jsonschema
import pytest

from scenarios import library
from scenarios.roads import archetypes
from scenarios.spec import dump_spec, read_text
from scenarios.spec.json_schema import json_schema
from scenarios.spec.nodes import read_tree
from scenarios.spec.reference import schema_text, with_tables
from scenarios.spec.tables import KEYS, LEAF_TYPES
from scenarios.types.actors import KINDS
from scenarios.types.manoeuvres import ACTIONS, TRIGGERS
from scenarios.types.road import road_schema
from scenarios.units import SUFFIXES, UNITS

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "scenario_yaml.md").read_text(encoding="utf-8")
VALIDATOR = jsonschema.Draft202012Validator(json_schema())
BLOCKS = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


REMAKE = "run `python -m scenarios.spec.reference`"


@pytest.mark.parametrize("block", BLOCKS)
def test_examples_are_read_and_read_back(block):
    whole = not block.startswith("# part")
    logical = read_text(block, "docs", whole=whole)
    assert read_text(dump_spec(logical), whole=whole) == logical
    if whole:
        assert logical.sample(1) in logical


@pytest.mark.parametrize("block", BLOCKS)
def test_examples_satisfy_the_schema(block):
    tree, faults = read_tree(block, "docs")
    assert tree is not None and not faults
    data = tree.plain() | ({"part": True} if block.startswith("# part") else {})
    assert not [error.message for error in VALIDATOR.iter_errors(data)]


def test_there_is_an_example_of_every_key():
    shown = {str(key) for block in BLOCKS for key in re.findall(r"^(\w+):", block, re.MULTILINE)}
    # A storyboard needs a file beside the page; its round trip is tested with the OpenSCENARIO files.
    assert set(KEYS) - shown <= {"tags", "include", "part", "roles", "do", "choices", "description", "storyboard"}


def test_the_tables_are_those_of_the_reader():
    assert with_tables(TEXT) == TEXT, REMAKE


def test_the_page_names_everything():
    names = [*KEYS, *LEAF_TYPES, *ACTIONS, *KINDS, *archetypes()]
    names += [name for archetype in archetypes() for name in road_schema(archetype)]
    missing = [name for name in names if f"`{name}`" not in TEXT]
    missing += [name for name in TRIGGERS if f"`{name}" not in TEXT]
    missing += [unit for unit in (*UNITS, *SUFFIXES) if f"`{unit}`" not in TEXT]
    assert not missing, REMAKE


def test_the_table_of_codes_is_complete():
    call = r'(?:TextFault|refuse|Misfit|fault|whole)\((?:[^"()]*(?:\([^()]*\))?[^"()]*?)'
    code = call + r'"([a-z0-9]+(?:-[a-z0-9]+)+|tab|empty)"'
    used: set[str] = set()
    for path in sorted((ROOT / "scenarios").rglob("*.py")):
        # The readers of other languages and the roads have codes of their own.
        if not {"openscenario", "language", "roads"} & set(path.relative_to(ROOT).parts):
            used |= set(re.findall(code, path.read_text(encoding="utf-8")))
    assert len(used) > 25
    listed = set(re.findall(r"`([a-z0-9-]+)`", TEXT.split("## Faults")[1]))
    assert used <= listed, used - listed


def test_the_schema_is_published_as_it_is():
    for copy in (ROOT / "docs" / "scenario.schema.json", ROOT / "scenarios" / "spec" / "scenario.schema.json"):
        assert copy.read_text(encoding="utf-8") == schema_text(), REMAKE
    jsonschema.Draft202012Validator.check_schema(json.loads(schema_text()))


@pytest.mark.parametrize("name", library.names())
def test_the_library_satisfies_the_schema_and_is_short(name):
    text = library.path(name).read_text(encoding="utf-8")
    tree, _ = read_tree(text, name)
    assert tree is not None
    assert not [error.message for error in VALIDATOR.iter_errors(tree.plain())]
    assert len(text.splitlines()) <= 90


@pytest.mark.parametrize("name", library.names())
def test_what_is_dumped_satisfies_the_schema(name):
    tree, _ = read_tree(dump_spec(library.load(name)), name)
    assert tree is not None
    assert not [error.message for error in VALIDATOR.iter_errors(tree.plain())]
