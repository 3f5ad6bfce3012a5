"""How a scenario file switches a sensor's fault on, and what it is told where that cannot be."""

import pytest

from driving_data.errors import InputError
from driving_data.sensors import FaultKind, SensorKind
from driving_data.sensors.kinds import POSSIBLE_FAULTS, fault_words, meant_fault, possible_words
from scenarios.spec import dump_spec, read_text

HEAD = "scenario: s\nroad: urban\nego: {on: main.1, at: 20 m, speed: 10 m/s}\n"
INSIDE = HEAD + (
    "sensors:\n  rig: front\n  faults:\n    dirty: {sensor: camera_front, kind: dirt, severity: 0.2..0.6}\n"
)
BESIDE = HEAD + "sensors: front\nsensor_faults:\n  dirty: {sensor: camera_front, kind: dirt, severity: 0.2..0.6}\n"


def faults_of(text):
    with pytest.raises(InputError) as caught:
        read_text(text, "s.yaml").sample(1, 0)
    return caught.value.faults


def test_faults_stand_with_the_rig_or_beside_it_and_mean_the_same():
    one, two = read_text(INSIDE), read_text(BESIDE)
    assert one == two and read_text(dump_spec(one)) == one
    drawn = one.sample(5, 0)
    (feature,) = [each for each in drawn.features if each.kind == "sensor_faults"]
    assert feature.values["kind"] == "dirt" and 0.2 <= feature.values["severity"] <= 0.6
    assert "sensor_fault:dirt" in drawn.tags


def test_wrong_keys_rigs_sensors_and_kinds_are_named_with_the_nearest():
    (fault,) = faults_of(INSIDE.replace("faults:", "fauls:"))
    assert fault.line == 6 and fault.nearest == "faults"
    (fault,) = faults_of(INSIDE.replace("rig: front", "rig: frnt"))
    assert fault.nearest == "front"
    (fault,) = faults_of(INSIDE.replace("camera_front", "camera_frnt"))
    assert (fault.line, fault.code, fault.nearest) == (7, "unknown-sensor", "camera_front")
    (fault,) = faults_of(INSIDE.replace("kind: dirt", "kind: dirtt"))
    assert fault.line == 7 and fault.nearest == "dirt"


def test_a_fault_that_a_sensor_cannot_have_is_refused():
    (fault,) = faults_of(INSIDE.replace("kind: dirt", "kind: dead_beams"))
    assert (fault.line, fault.code) == (7, "impossible-fault")
    assert "camera" in fault.found and fault.nearest == "dead_pixels"
    faults = faults_of(INSIDE.replace("camera_front, kind: dirt", "lidar_top, kind: blur"))
    assert [fault.code for fault in faults] == ["impossible-fault"]


def test_every_word_means_something_for_some_sensor_and_every_fault_has_its_word():
    assert all(any(meant_fault(word, kind) is not None for kind in SensorKind) for word in fault_words())
    assert meant_fault("blur", SensorKind.CAMERA) is FaultKind.BLUR and meant_fault("blur", SensorKind.LIDAR) is None
    for kind, possible in POSSIBLE_FAULTS.items():
        assert {meant_fault(word, kind) for word in possible_words(kind)} == set(possible)
    assert meant_fault("miscalibrated", SensorKind.GNSS) is FaultKind.BIAS
    assert meant_fault("dead_pixels", SensorKind.LIDAR) is FaultKind.DEAD_BEAMS
