"""The content model against the schema of the standard, and files of every version read, written and read again."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from driving_data.errors import InputError
from scenarios.openscenario import schema_table
from scenarios.openscenario.examples import smallest
from scenarios.openscenario.node import Node
from scenarios.openscenario.reader import parse_openscenario, read_openscenario
from scenarios.openscenario.schema import types
from scenarios.openscenario.write import write_openscenario
from tests.effort import examples
from tests.scenarios.openscenario_models import VERSIONS, Maker, as_xml, table_of, validator


def _rows(table: str) -> list[str]:
    return [" ".join(line.split()) for line in table.strip().splitlines()]


def test_the_table_says_what_the_schema_of_1_3_says() -> None:
    values, kinds = table_of("1_3_1")
    assert _rows(schema_table.VALUES) == values
    assert _rows(schema_table.TYPES) == kinds


def test_every_type_is_there_and_can_be_made_at_its_smallest() -> None:
    names = {child for kind in types().values() for child in kind.children.values()}
    assert names <= set(types())
    for name in types():
        made = smallest("x", name)
        assert not types()[name].faults_of(child.tag for child in made.children)


def _header(minor: str) -> Node:
    about = {"author": "a", "date": "2024-05-31T12:00:00", "description": "d", "revMajor": "1", "revMinor": minor}
    return Node("FileHeader", about)


@pytest.mark.slow
@settings(max_examples=examples(60))
@given(version=st.sampled_from(VERSIONS), seed=st.integers(0, 2**32), richness=st.floats(0.1, 0.9))
def test_any_valid_file_of_any_version_becomes_a_valid_file_of_1_3(version: str, seed: int, richness: float) -> None:
    made = Maker(version, seed, richness).node("OpenSCENARIO", "OpenScenario")
    root = Node(made.tag, {}, (_header(version[2]), *made.children[1:]))
    source = as_xml(root)
    assert validator(version).validate(etree.fromstring(source)), validator(version).error_log
    document = parse_openscenario(source, "made.xosc")
    written = write_openscenario(document)
    assert validator().validate(etree.fromstring(written)), validator().error_log
    again = parse_openscenario(written, "made.xosc")
    assert again.root == document.root
    assert write_openscenario(again) == written
    assert not again.notes


@pytest.mark.slow
@pytest.mark.parametrize(("folder", "count"), [("alks", 34), ("esmini", 83)])
def test_public_files_come_back_valid_and_equal(folder: str, count: int, shared_data: Path) -> None:
    paths = sorted((shared_data / "openscenario" / folder).rglob("*.xosc"))
    assert len(paths) == count
    for path in paths:
        document = read_openscenario(path)
        written = write_openscenario(document)
        assert validator().validate(etree.fromstring(written)), f"{path}: {validator().error_log}"
        assert parse_openscenario(written, path).root == document.root, path


@settings(max_examples=examples(150))
@given(data=st.data(), seed=st.integers(0, 50))
def test_damaged_files_give_faults_and_nothing_else(data: st.DataObject, seed: int) -> None:
    made = Maker("1_3_1", seed, 0.4).node("OpenSCENARIO", "OpenScenario")
    source = as_xml(Node(made.tag, {}, (_header("3"), *made.children[1:])))
    at = data.draw(st.integers(0, len(source)))
    cut = data.draw(st.integers(0, 40))
    put = data.draw(
        st.binary(max_size=12) | st.sampled_from([b'x="1" ', b"<a/>", b"</Act>", b"${1/0}", b"&a;", b"NaN"])
    )
    damaged = source[:at] + put + source[at + cut :]
    try:
        document = parse_openscenario(damaged, "damaged.xosc")
        write_openscenario(document)
    except InputError as error:
        assert error.faults
        assert all(fault.file == "damaged.xosc" and fault.expected for fault in error.faults)
