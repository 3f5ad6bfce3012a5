import importlib.util
from importlib.metadata import requires

import pytest

from driving_data.store import SegmentStore
from roadloom.doctor import EXTRAS


def test_the_diagnosis_is_one_document(roadloom):
    done = roadloom("doctor", "--json")
    assert done.status == 0, done.out
    assert done.json["healthy"] is True
    names = [finding["name"] for finding in done.json["findings"]]
    assert len(names) == len(set(names))
    assert {"python", "numpy", "numba", "configuration", "gpu", "carla server", "shared data", *EXTRAS} <= set(names)
    assert {finding["state"] for finding in done.json["findings"]} <= {"ok", "missing", "broken"}


def test_a_missing_extra_names_its_pip_line(roadloom, monkeypatch):
    found = importlib.util.find_spec
    hidden = {module for module, _, _ in EXTRAS.values()}
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name in hidden else found(name, *rest))
    findings = {finding["name"]: finding for finding in roadloom("doctor", "--json").json["findings"]}
    for extra in EXTRAS:
        assert findings[extra]["state"] == "missing"
        assert f"pip install 'roadloom[{extra}]'" in findings[extra]["detail"]
    plain = roadloom("doctor")
    assert plain.status == 0, "a missing extra is no fault"
    assert plain.out.count("pip install 'roadloom[") == len(EXTRAS)


def test_every_extra_of_the_diagnosis_is_one_of_the_package():
    declared = " ".join(requires("roadloom") or ())
    assert all(f'extra == "{extra}"' in declared or f"extra == '{extra}'" in declared for extra in EXTRAS)


def test_the_store_of_the_demo_is_named(roadloom, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = SegmentStore(tmp_path / "out" / "demo" / "store")
    assert roadloom("doctor", "--json").json["demo_store"] == str(store.root.resolve())
    assert str(store.root.resolve()) in roadloom("doctor").out


@pytest.mark.parametrize("there", [True, False])
def test_shared_data_are_found_where_the_variable_says(roadloom, tmp_path, monkeypatch, there):
    if there:
        (tmp_path / "data").mkdir()
    monkeypatch.setenv("ROADLOOM_SHARED", str(tmp_path))
    findings = {finding["name"]: finding for finding in roadloom("doctor", "--json").json["findings"]}
    assert findings["shared data"]["state"] == ("ok" if there else "missing")
    expected = str(tmp_path / "data") if there else "ROADLOOM_SHARED"
    assert expected in findings["shared data"]["detail"]


def test_a_broken_installation_ends_with_1(roadloom, monkeypatch):
    monkeypatch.setattr("roadloom.doctor.shadowed", lambda: ["'scenarios' would be imported from elsewhere"])
    done = roadloom("doctor", "--json")
    assert done.status == 1
    assert done.json["healthy"] is False
    assert any(finding["state"] == "broken" for finding in done.json["findings"])
