"""The pages on the algebra and on the operational design domain are true."""

import re
from pathlib import Path
from typing import Any

import pytest

from driving_data.errors import InputError
from scenarios.spec import dump_spec, read_text
from scenarios.types import catalogue, reference
from scenarios.types.features import unplayed

DOCS = Path(__file__).resolve().parents[2] / "docs"
TEXT = (DOCS / "algebra.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    """What the code of the page leaves behind, run from top to bottom."""
    namespace: dict[str, Any] = {"__name__": "algebra_page"}
    for block in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL):
        exec(compile(block, "docs/algebra.md", "exec"), namespace)
    return namespace


def test_the_walkthrough_runs(page):
    assert page["without"](page["whole"], "weather") == (page["highway"] & page["cut_in"]).bind(
        cutter=page["player"]("car | van")
    )
    assert page["concrete"] in page["close"]


def test_a_new_leaf_is_readable_by_its_entry_alone(page, monkeypatch):
    kind = page["WEIGHT_LIMITS"]
    text = """
scenario: bridge
road: rural
ego: {on: main.1, at: 20 m, speed: 20 m/s}
weight_limits: {bridge: {tonnes: [7, 12], on: main.1}, other: old_bridge}
"""
    with pytest.raises(InputError, match="weight_limits"):
        read_text(text)
    monkeypatch.setitem(catalogue.LEAF_TYPES, kind.kind, kind)
    logical = read_text(text)
    concrete = logical.sample(1)
    assert concrete in logical and read_text(dump_spec(logical)) == logical
    assert [feature.kind for feature in concrete.features] == ["weight_limits", "weight_limits"]
    assert "SignsRegulatory" in concrete.tags and "weight_limits other: tonnes = 12" in unplayed(concrete)
    with pytest.raises(InputError, match="did you mean 'tonnes'"):
        read_text(text.replace("tonnes", "tones"))
    with pytest.raises(InputError, match=r"main\.2"):
        read_text(text.replace("on: main.1}, other", "on: main.2}, other"))


def test_the_table_of_leaves_is_current():
    found = (DOCS / "operational_design_domain.md").read_text(encoding="utf-8")
    assert found == reference.page(), "write it anew: python -m scenarios.types.reference"
    for kind in catalogue.LEAF_TYPES:
        assert f"### `{kind}`" in found
