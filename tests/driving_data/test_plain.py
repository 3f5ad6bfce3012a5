from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driving_data.plain import canonical_text, digest, from_plain, to_plain
from driving_data.taxonomy import ActorClass


@dataclass(frozen=True)
class Leaf:
    number: float
    name: str = "x"


@dataclass(frozen=True)
class Other:
    flag: bool


@dataclass(frozen=True)
class Tree:
    kind: ActorClass
    leaves: tuple[Leaf | Other, ...]
    table: dict[str, int] = field(default_factory=dict)
    maybe: Leaf | None = None


leaves = st.builds(Leaf, st.floats(allow_nan=False, allow_infinity=False), st.text()) | st.builds(Other, st.booleans())
trees = st.builds(
    Tree,
    st.sampled_from(ActorClass),
    st.lists(leaves, max_size=4).map(tuple),
    st.dictionaries(st.text(), st.integers(-(2**53), 2**53), max_size=3),
    st.none() | st.builds(Leaf, st.floats(-10, 10)),
)


@given(trees)
def test_plain_data_come_back_as_they_were(tree):
    again = from_plain(Tree, to_plain(tree))
    assert again == tree
    assert digest(again) == digest(tree)


def test_equal_values_have_equal_texts():
    assert canonical_text({"b": 1.0, "a": [2]}) == canonical_text({"a": [2.0], "b": 1})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"kind": "car", "leaves": [], "colour": 1}, "colour"),
        ({"kind": "pedestrain", "leaves": []}, r"\.kind"),
        ({"kind": "car", "leaves": [{"type": "Leaf", "number": "x"}]}, r"\.leaves\[0\]\.number"),
        ({"leaves": []}, "kind"),
        ({"kind": "car", "leaves": [{"type": "Leaf", "number": True}]}, "a number"),
    ],
)
def test_what_does_not_fit_names_its_path(data, message):
    with pytest.raises(ValueError, match=message):
        from_plain(Tree, data)


def test_arrays_become_lists():
    assert to_plain(np.arange(3)) == [0, 1, 2]
    assert to_plain(np.float32(0.5)) == 0.5


def test_what_has_no_plain_form_is_refused():
    with pytest.raises(TypeError, match="set"):
        to_plain({1, 2})
    with pytest.raises(ValueError, match=r"NaN|nan|JSON"):
        canonical_text(float("nan"))
