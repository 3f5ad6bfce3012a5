import pytest

from driving_data.errors import InputError
from roadloom.config import groups, load_pipeline


def test_the_defaults_compose():
    config = load_pipeline(None, [])
    assert config.simulator.name == "embedded"
    assert config.mixture.ratio == {"real": 0.6, "synthetic": 0.3, "augmented": 0.1}


@pytest.mark.parametrize("pipeline", groups()["pipeline"])
def test_every_ready_pipeline_composes(pipeline):
    assert load_pipeline(pipeline, []).count >= 1


@pytest.mark.parametrize("group", [name for name in groups() if name != "pipeline"])
def test_every_choice_of_every_group_composes(group):
    for choice in groups()[group]:
        load_pipeline(None, [f"{group}={choice}"])


def test_overrides_win_over_the_file(tmp_path):
    file = tmp_path / "p.yaml"
    file.write_text("seed: 3\nmixture: synthetic\nscenario: cut_in\n")
    config = load_pipeline(str(file), ["seed=7", "suite.count=5", "scenario=[cut_in,cut_out]"])
    assert (config.seed, config.suite.count, config.scenario) == (7, 5, ("cut_in", "cut_out"))
    assert set(config.mixture.ratio) == {"synthetic", "augmented"}


def test_all_faults_come_at_once_with_their_places(tmp_path):
    file = tmp_path / "p.yaml"
    file.write_text("seed: 3\nsimulator: embeded\nscenaro: cut_in\n")
    with pytest.raises(InputError) as caught:
        load_pipeline(str(file), ["sead=7"])
    first, second, third = caught.value.faults
    assert (first.line, first.column, first.nearest) == (2, 1, "embedded")
    assert (second.line, second.path, second.nearest) == (3, "scenaro", "scenario")
    assert third.nearest == "seed"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("seed: soon\n", "seed"),
        ("count: 0\n", "count"),
        ("mixture: {ratio: {real: 0.5, synthetic: 0.1}}\n", "mixture.ratio"),
        ("mixture: {require: raw}\n", "mixture.require"),
        ("suite: {cont: 3}\n", "suite.cont"),
    ],
)
def test_wrong_values_name_line_and_path(tmp_path, text, path):
    file = tmp_path / "p.yaml"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        load_pipeline(str(file), [])
    fault = caught.value.faults[0]
    assert fault.path == path
    assert fault.line == 1


def test_training_on_raw_segments_is_refused_when_composed():
    with pytest.raises(InputError, match=r"Segment\[Validated\]"):
        load_pipeline(None, ["mixture.require=raw"])


@pytest.mark.parametrize(("name", "nearest"), [("dmeo", "demo"), ("/nowhere/else.yaml", None)])
def test_a_missing_pipeline_is_named(name, nearest):
    with pytest.raises(InputError) as caught:
        load_pipeline(name, [])
    assert caught.value.faults[0].nearest == nearest


@pytest.mark.parametrize("text", ["a: [1\n", "- 1\n", "\tseed: 1\n"])
def test_what_is_no_mapping_is_refused(tmp_path, text):
    file = tmp_path / "p.yaml"
    file.write_text(text)
    with pytest.raises(InputError):
        load_pipeline(str(file), [])
