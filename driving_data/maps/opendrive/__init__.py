"""OpenDRIVE: reader of 1.4 to 1.8 files, writer of 1.7, and the helpers that lay out roads.

lane_map = read_opendrive(Path("town.xodr"))
text = write_opendrive(document)
"""

from pathlib import Path

from driving_data.maps.lane_map import LaneMap
from driving_data.maps.opendrive.assemble import assemble
from driving_data.maps.opendrive.parse import parse_file, parse_text
from driving_data.maps.opendrive.write import write_opendrive

__all__ = ["assemble", "parse_file", "parse_opendrive", "parse_text", "read_opendrive", "write_opendrive"]


def read_opendrive(path: Path) -> LaneMap:
    """The lane map of an OpenDRIVE file.

    Raises:
        InputError: every fault of the file, with its line.
    """
    document, text = parse_file(path)
    return assemble(document, text, str(path), path.stem)


def parse_opendrive(text: str, name: str = "") -> LaneMap:
    """The lane map of an OpenDRIVE text.

    Raises:
        InputError: every fault of the text, with its line.
    """
    return assemble(parse_text(text), text, "", name)
