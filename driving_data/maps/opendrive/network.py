"""Roads, pieces and lane names of a document, looked up by id."""

from dataclasses import dataclass

from driving_data.maps.opendrive.document import Document, LaneRecord, Road
from driving_data.maps.opendrive.sampling import Piece, pieces_of


def lane_name(road_id: str, piece_index: int, lane_id: int) -> str:
    """Id of a lane in the `LaneMap`: `<road>.<piece>.<lane>`, pieces counted along s of the road."""
    return f"{road_id}.{piece_index}.{lane_id}"


def runs_forward(road: Road, lane: LaneRecord) -> bool:
    """Whether traffic on the lane runs along s: right-hand lanes in right-hand traffic, unless reversed."""
    return ((lane.id < 0) == (road.rule == "RHT")) != (lane.direction == "reversed")


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A document with its roads by id and the pieces of each."""

    document: Document
    roads: dict[str, Road]
    pieces: dict[str, tuple[Piece, ...]]

    @staticmethod
    def of(document: Document) -> "Network":
        """Cuts every road into pieces."""
        roads = {road.id: road for road in document.roads}
        return Network(document, roads, {road_id: pieces_of(road) for road_id, road in roads.items()})

    def piece_at(self, road: Road, s_m: float) -> Piece | None:
        """The piece of a road at `s_m` (the nearest one beyond its ends); None where it has no pieces."""
        found = None
        for piece in self.pieces[road.id]:
            if found is None or piece.start <= s_m:
                found = piece
        return found

    def lane_id_at(self, road_id: str, lane_id: int, s_m: float) -> str | None:
        """Name of lane `lane_id` of a road at `s_m`, as OpenSCENARIO addresses it; None where there is none."""
        road = self.roads.get(road_id)
        piece = None if road is None else self.piece_at(road, s_m)
        if piece is None or all(lane.id != lane_id for lane in piece.section.lanes):
            return None
        return lane_name(road_id, piece.index, lane_id)
