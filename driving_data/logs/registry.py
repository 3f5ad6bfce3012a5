"""Names of log formats to their readers, and the reader of a path by its content."""

from collections.abc import Iterator
from pathlib import Path

from driving_data.logs.files import input_error, require
from driving_data.ports import LogReader
from driving_data.registry import Registry
from driving_data.segment import Raw, Segment

READERS = Registry(
    "log reader",
    "roadloom.logs",
    {
        "argoverse2_sensor": "driving_data.logs.argoverse_sensor:Argoverse2SensorReader",
        "argoverse2_forecasting": "driving_data.logs.argoverse_forecasting:Argoverse2ForecastingReader",
        "scenarionet": "driving_data.logs.scenarionet:ScenarioNetReader",
        "womd": "driving_data.logs.womd:WomdReader",
        "gpudrive": "driving_data.logs.gpudrive:GpuDriveReader",
        "nuscenes_frame": "driving_data.logs.nuscenes_frame:NuScenesFrameReader",
        "kitti": "driving_data.logs.kitti:KittiReader",
        "comma2k19": "driving_data.logs.comma2k19:Comma2k19Reader",
        "video": "driving_data.logs.video:VideoClipReader",
        "commonroad": "driving_data.logs.commonroad:CommonRoadReader",
    },
)


def reader(name: str) -> LogReader:
    """The reader of that name.

    Raises:
        InputError: no reader has that name; the fault lists those there are.
        PluginError: a plug-in failed to load.
    """
    return READERS.load(name)()


def recognise(path: Path) -> LogReader | None:
    """The reader that recognises the content of the path itself; None where none does.

    Raises:
        InputError: there is nothing at the path.
    """
    require(path)
    for name in READERS.names():
        candidate = reader(name)
        if candidate.recognises(path):
            return candidate
    return None


def read(path: Path) -> Iterator[Segment[Raw]]:
    """Every segment of a log, or of all logs in a folder (in order of name; what is no log is passed over).

    Raises:
        InputError: there is nothing at the path, nothing in it is a known log, or a log is damaged.
    """
    require(path)
    found = _logs(path, [reader(name) for name in READERS.names()])
    first = next(found, None)
    if first is None:
        names = ", ".join(READERS.names())
        raise input_error(path, "no log of a known format", f"one of {names}", code="unknown-format")
    return _segments(first, found)


def _segments(first: tuple[LogReader, Path], rest: Iterator[tuple[LogReader, Path]]) -> Iterator[Segment[Raw]]:
    yield from first[0].read(first[1])
    for log_reader, path in rest:
        yield from log_reader.read(path)


def _logs(path: Path, readers: list[LogReader]) -> Iterator[tuple[LogReader, Path]]:
    for candidate in readers:
        if candidate.recognises(path):
            yield candidate, path
            return
    if path.is_dir() and not path.is_symlink():
        for item in sorted(path.iterdir()):
            yield from _logs(item, readers)
