"""Damaged and hostile files: segments or an `InputError`, never anything else, and nothing of theirs is run."""

import io
import os
import pickle
import shutil
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from driving_data.errors import InputError
from driving_data.logs import wire
from driving_data.logs.crc import crc32c, masked_crc32c
from driving_data.logs.files import read_array, read_image
from driving_data.logs.registry import read, reader, recognise
from driving_data.logs.restricted_pickle import read_pickle

FILES = {
    "scenarionet": "metadrive/nuscenes/scene-0757.pkl",
    "womd": "womd/motion_data_one_scenario.tfrecord",
    "gpudrive": "gpudrive/tfrecord-00002-of-01000_407.json",
    "commonroad": "commonroad/DEU_Gar-1_1_T-1.xml",
    "video": "udacity/solidWhiteRight.mp4",
}
FOLDERS = {
    "argoverse2_forecasting": "av2/forecasting",
    "argoverse2_sensor": "av2/sensor_7fab2350",
    "comma2k19": "comma2k19/segment40",
    "kitti": "kitti/training",
    "nuscenes_frame": "nuscenes_frame",
}
FUZZ = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def exhaust(name: str, path: Path) -> bool:
    """Reads everything; whether it was refused (with faults that name a file)."""
    try:
        for _ in reader(name).read(path):
            pass
    except InputError as error:
        assert all(fault.file and fault.expected for fault in error.faults)
        return True
    return False


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(FILES))
@FUZZ
@given(fraction=st.floats(0, 0.999))
def test_truncated_files_are_refused(shared_data: Path, tmp_path: Path, name: str, fraction: float) -> None:
    data = (shared_data / "logs" / FILES[name]).read_bytes()
    path = tmp_path / Path(FILES[name]).name
    path.write_bytes(data[: int(fraction * len(data))])
    recognise(path)
    assert exhaust(name, path)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(FILES))
@FUZZ
@given(places=st.lists(st.tuples(st.floats(0, 0.9999), st.integers(0, 255)), min_size=1, max_size=8))
def test_flipped_bytes_are_read_or_refused(
    shared_data: Path, tmp_path: Path, name: str, places: list[tuple[float, int]]
) -> None:
    data = bytearray((shared_data / "logs" / FILES[name]).read_bytes())
    original = bytes(data)
    for fraction, value in places:
        data[int(fraction * len(data))] = value
    path = tmp_path / Path(FILES[name]).name
    path.write_bytes(data)
    refused = exhaust(name, path)
    if name == "womd" and bytes(data) != original:
        assert refused


@pytest.mark.parametrize("name", sorted(FOLDERS))
@FUZZ
@given(data=st.data())
def test_truncated_members_are_refused(shared_data: Path, tmp_path: Path, name: str, data: st.DataObject) -> None:
    copy = tmp_path / "copy"
    if not copy.exists():
        shutil.copytree(shared_data / "logs" / FOLDERS[name], copy, ignore=shutil.ignore_patterns("IMU", "GNSS"))
        for item in copy.rglob("*"):
            item.chmod(0o755)
        copy.chmod(0o755)
    unused = ("flow_labels", "img_Sim2", "ego_motion", "wheel_speed", "speed", "frame_gps")
    files = sorted(p for p in copy.rglob("*") if p.is_file() and not any(u in str(p.relative_to(copy)) for u in unused))
    victim = data.draw(st.sampled_from(files))
    whole = victim.read_bytes()
    # KITTI's text lines may end early and still be whole: only its binary files must be refused.
    cut = data.draw(st.integers(0, max(len(whole) - 9, 0)))
    victim.write_bytes(whole[:cut])
    target = next(copy.glob("*.pkl"), copy)
    try:
        refused = exhaust(name, target)
    finally:
        victim.write_bytes(whole)
    assert refused or victim.suffix in (".txt", ".bin", ".jpg", ".png")


@pytest.mark.parametrize("name", sorted({**FILES, **FOLDERS}))
def test_empty_files_and_garbage_are_refused(tmp_path: Path, name: str) -> None:
    for content in (b"", b"\x00" * 64, b"\x80\x04.", b"{}", b"[" * 100_000, b"<commonRoad/>"):
        path = tmp_path / "scenario_x.parquet"
        path.write_bytes(content)
        assert exhaust(name, path)


class _Exploit:
    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_an_exploit_runs_nothing(tmp_path: Path, protocol: int) -> None:
    mark = tmp_path / "was_run"
    attacks = [
        _Exploit(os.system, f"touch {mark}"),
        _Exploit(eval, f"open({str(mark)!r}, 'w')"),
        _Exploit(exec, f"open({str(mark)!r}, 'w')"),
        _Exploit(open, str(mark), "w"),
        _Exploit(getattr, os, "system"),
        _Exploit(np.load, str(mark)),
        {"version": "1", "length": 3, "tracks": _Exploit(os.mkdir, str(mark))},
    ]
    for attack in attacks:
        path = tmp_path / "sd_evil.pkl"
        try:
            path.write_bytes(pickle.dumps(attack, protocol=protocol))
        except (TypeError, pickle.PicklingError):
            continue
        for name in ("scenarionet", "nuscenes_frame"):
            assert exhaust(name, path)
        with pytest.raises(InputError) as caught:
            read_pickle(path)
        assert caught.value.faults[0].code == "unsafe-pickle"
        assert not mark.exists()


def test_hand_made_opcodes_cannot_reach_other_names(tmp_path: Path) -> None:
    mark = tmp_path / "was_run"
    payloads = {
        "stack_global": b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c" + bytes([len(f"touch {mark}")])
        + f"touch {mark}".encode() + b"\x85R.",
        "inst": b"(S'touch'\nios\nsystem\n.",
        "extension": b"\x80\x02\x82\x01.",
        "persistent": b"Pid\n.",
        "memo_bomb": b"\x80\x04Nr\xff\xff\xff\x7f.",
        "dotted": b"\x80\x04\x8c\x05numpy\x8c\x11ndarray.__class__\x93.",
        "cycle": b"\x80\x04]\x94h\x00a.",
        "change_function": b"\x80\x04c_codecs\nencode\n}\x8c\x0c__defaults__\x8c\x01xsb.",
        "change_slots": b"\x80\x04c_codecs\nencode\nN}\x8c\x0c__defaults__)s\x86b.",
        "change_class": b"\x80\x04cnumpy\nndarray\n}\x8c\x01ax\x8c\x01bsb.",
    }  # fmt: skip
    for name, payload in payloads.items():
        path = tmp_path / f"{name}.pkl"
        path.write_bytes(payload)
        with pytest.raises(InputError):
            read_pickle(path)
        assert not mark.exists()


def test_a_pickle_that_unfolds_without_end_is_refused(tmp_path: Path) -> None:
    bomb: Any = ["x"] * 10
    for _ in range(12):
        bomb = [bomb] * 10
    path = tmp_path / "bomb.pkl"
    path.write_bytes(pickle.dumps(bomb))
    with pytest.raises(InputError, match="unfold"):
        read_pickle(path)


def test_object_arrays_and_structured_types_are_refused(tmp_path: Path) -> None:
    for value in (np.zeros(3, dtype=[("a", "f4")]), np.array([print], dtype=object), np.array([1.0], dtype="c16")):
        path = tmp_path / "array.pkl"
        path.write_bytes(pickle.dumps(value, protocol=2))
        with pytest.raises(InputError):
            read_pickle(path)


@given(value=st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner), max_leaves=20,
))  # fmt: skip
def test_plain_data_come_back_equal(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    path = tmp_path_factory.mktemp("plain") / "x.pkl"
    for protocol in (2, 4, 5):
        path.write_bytes(pickle.dumps(value, protocol=protocol))
        assert read_pickle(path) == value


@pytest.mark.parametrize("dtype", ["f4", "f8", "i8", "u1", "?", ">f4", "U3", "S2"])
def test_arrays_come_back_equal(tmp_path: Path, dtype: str) -> None:
    for order in "CF":
        array = np.asfortranarray(np.arange(12).reshape(3, 4).astype(dtype))
        array = np.ascontiguousarray(array) if order == "C" else array
        path = tmp_path / "array.pkl"
        path.write_bytes(pickle.dumps({"a": array, "s": np.float32(2.5)}, protocol=4))
        back = read_pickle(path)
        assert np.array_equal(back["a"], array) and back["s"] == 2.5


def test_crc_of_the_standard_and_of_long_messages() -> None:
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(b"") == 0
    assert crc32c(bytes(32)) == 0x8A9136AA
    table = [0] * 256
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table[byte] = value
    data = np.random.default_rng(5).integers(0, 256, 70_001, dtype=np.uint8).tobytes()
    for length in (8191, 8192, 8193, 70_001):
        slow = 0xFFFFFFFF
        for byte in data[:length]:
            slow = table[(slow ^ byte) & 255] ^ slow >> 8
        assert crc32c(data[:length]) == slow ^ 0xFFFFFFFF


def record(payload: bytes) -> bytes:
    length = struct.pack("<Q", len(payload))
    return length + struct.pack("<I", masked_crc32c(length)) + payload + struct.pack("<I", masked_crc32c(payload))


@given(payloads=st.lists(st.binary(max_size=300), min_size=1, max_size=4))
def test_records_come_back(tmp_path_factory: pytest.TempPathFactory, payloads: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("records") / "x.tfrecord"
    path.write_bytes(b"".join(record(payload) for payload in payloads))
    assert list(wire.tfrecords(path)) == payloads


@given(payload=st.binary(max_size=200))
def test_any_payload_is_refused_or_read(tmp_path_factory: pytest.TempPathFactory, payload: bytes) -> None:
    path = tmp_path_factory.mktemp("records") / "x.tfrecord"
    path.write_bytes(record(payload))
    assert exhaust("womd", path)


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def test_states_in_unusual_order_are_read_alike() -> None:
    values = [1.5, -2.5, 3.5, 4.0, 2.0, 1.5, 0.25, 5.0, -6.0]
    parts = [varint(key << 3 | 1) + struct.pack("<d", values[key - 2]) for key in (2, 3, 4)]
    parts += [varint(key << 3 | 5) + struct.pack("<f", values[key - 2]) for key in range(5, 11)]
    parts += [b"\x58\x01"]
    usual = memoryview(b"".join(parts))
    turned = memoryview(b"".join(reversed(parts)))
    longer = memoryview(b"".join([*parts, varint(15 << 3 | 2) + b"\x03abc"]))
    states = wire.object_states([usual, turned, longer, memoryview(b"")])
    assert states[0].tolist() == [*values, 1.0]
    assert np.array_equal(states[1], states[0]) and np.array_equal(states[2], states[0])
    assert not states[3].any()


def test_points_in_unusual_order_are_read_alike() -> None:
    parts = [varint(key << 3 | 1) + struct.pack("<d", float(key)) for key in (1, 2, 3)]
    usual, turned = memoryview(b"".join(parts)), memoryview(b"".join(reversed(parts)))
    assert wire.points([usual, usual]).tolist() == [[1, 2, 3], [1, 2, 3]]
    assert wire.points([usual, turned]).tolist() == [[1, 2, 3], [1, 2, 3]]


def test_negative_integers_and_packed_fields() -> None:
    assert wire.integers(memoryview(varint(3) + varint((1 << 64) - 5))) == [3, -5]
    with pytest.raises(ValueError, match="longer"):
        list(wire.fields(memoryview(b"\x0a\x7f\x00")))


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    path = tmp_path / "huge.png"
    path.write_bytes(png)
    with pytest.raises(InputError) as caught:
        read_image(path)
    assert caught.value.faults[0].code == "too-large"


def test_arrays_are_never_unpickled(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    path = tmp_path / "t"
    path.write_bytes(buffer.getvalue())
    with pytest.raises(InputError):
        read_array(path)


def test_xml_entities_are_not_expanded(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("7")
    path = tmp_path / "x.xml"
    path.write_text(
        f'<!DOCTYPE c [<!ENTITY e SYSTEM "file://{secret}">]><commonRoad timeStepSize="0.1" benchmarkID="&e;">'
        "<lanelet id='&e;'/></commonRoad>"
    )
    assert exhaust("commonroad", path)


def test_a_damaged_xml_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    path.write_text('<commonRoad timeStepSize="0.1">\n\n<lanelet id="1">\n</commonRoad>')
    with pytest.raises(InputError) as caught:
        next(read(path))
    assert caught.value.faults[0].line == 4


def test_a_missing_column_is_named(shared_data: Path, tmp_path: Path) -> None:
    from pyarrow import feather

    source = shared_data / "logs/av2/mining_3b3570b4"
    shutil.copy(source / "city_SE3_egovehicle.feather", tmp_path)
    table = feather.read_table(source / "annotations_with_ego.feather").drop_columns(["length_m"])
    feather.write_feather(table, tmp_path / "annotations.feather")
    with pytest.raises(InputError, match="length_m"):
        next(reader("argoverse2_sensor").read(tmp_path))
