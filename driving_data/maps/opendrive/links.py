"""Which lane leads to which: links inside roads, between roads and through junctions.

Links of the format run along s; here two lane ends are *joined*, and traffic decides which of the two comes first.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import pairwise

from driving_data.maps.opendrive.document import Connection, Junction, Road, RoadLink
from driving_data.maps.opendrive.network import Network, lane_name, runs_forward
from driving_data.maps.opendrive.sampling import Piece

START, END = 0, 1


@dataclass(frozen=True, slots=True)
class _Joints:
    known: AbstractSet[str]
    successors: dict[str, list[str]] = field(default_factory=lambda: {})
    predecessors: dict[str, list[str]] = field(default_factory=lambda: {})

    def join(self, one: tuple[Piece, int, int], other: tuple[Piece, int, int]) -> None:
        """Joins two lane ends (piece, lane id, end) in the direction of traffic, if traffic agrees."""
        for (a, a_id, a_end), (b, b_id, b_end) in ((one, other), (other, one)):
            before, after = lane_name(a.road.id, a.index, a_id), lane_name(b.road.id, b.index, b_id)
            if before not in self.known or after not in self.known:
                continue
            leaves = a_end == (END if _forward(a, a_id) else START)
            enters = b_end == (START if _forward(b, b_id) else END)
            if leaves and enters and after not in self.successors.setdefault(before, []):
                self.successors[before].append(after)
                self.predecessors.setdefault(after, []).append(before)


def _forward(piece: Piece, lane_id: int) -> bool:
    return any(runs_forward(piece.road, lane) for lane in piece.section.lanes if lane.id == lane_id)


def links_of(
    network: Network, known: AbstractSet[str]
) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Successors and predecessors by lane name, in the direction of travel.

    Args:
        network: the roads.
        known: names of the lanes that exist (lanes without width do not).
    """
    joints = _Joints(known)
    for road_id, road in network.roads.items():
        pieces = network.pieces[road_id]
        for before, after in pairwise(pieces):
            _join_pieces(before, after, joints)
        if pieces:
            _join_road(road.predecessor, pieces[0], START, network, joints)
            _join_road(road.successor, pieces[-1], END, network, joints)
    for junction in network.document.junctions:
        for connection in junction.connections:
            _join_connection(junction, connection, network, joints)
    return (
        {name: tuple(ids) for name, ids in joints.successors.items()},
        {name: tuple(ids) for name, ids in joints.predecessors.items()},
    )


def _join_pieces(before: Piece, after: Piece, joints: _Joints) -> None:
    if before.section_index == after.section_index:
        pairs = [(lane.id, lane.id) for lane in before.section.lanes]
    else:
        pairs = [(lane.id, other) for lane in before.section.lanes for other in lane.successors]
        pairs += [(other, lane.id) for lane in after.section.lanes for other in lane.predecessors]
        if not pairs:
            ids = {lane.id for lane in after.section.lanes}
            pairs = [(lane.id, lane.id) for lane in before.section.lanes if lane.id in ids]
    for a, b in pairs:
        joints.join((before, a, END), (after, b, START))


def _join_road(link: RoadLink | None, piece: Piece, end: int, network: Network, joints: _Joints) -> None:
    if link is None or link.element_type != "road":
        return
    pieces = network.pieces.get(link.element_id, ())
    if not pieces:
        return
    contact = _contact(link, piece.road, network)
    other = pieces[0] if contact == START else pieces[-1]
    for lane in piece.section.lanes:
        for target in lane.predecessors if end == START else lane.successors:
            joints.join((piece, lane.id, end), (other, target, contact))


def _contact(link: RoadLink, road: Road, network: Network) -> int:
    """Which end of the linked road is meant; without a contact point, the end that links back."""
    if link.contact_point:
        return START if link.contact_point == "start" else END
    back = network.roads[link.element_id].successor
    return END if back is not None and back.element_id == road.id else START


def _join_connection(junction: Junction, connection: Connection, network: Network, joints: _Joints) -> None:
    incoming = network.roads.get(connection.incoming_road)
    target = network.pieces.get(connection.connecting_road, ())
    if incoming is None or not target or not network.pieces[incoming.id]:
        return
    contact = START if connection.contact_point == "start" else END
    end = _incoming_end(junction, incoming, network.roads[connection.connecting_road], contact)
    if end is None:
        return
    piece = network.pieces[incoming.id][0 if end == START else -1]
    other = target[0 if contact == START else -1]
    for source, to in connection.lane_links:
        joints.join((piece, source, end), (other, to, contact))


def _incoming_end(junction: Junction, incoming: Road, connecting: Road, contact: int) -> int | None:
    """The end of the incoming road that touches the junction."""
    back = connecting.predecessor if contact == START else connecting.successor
    if back is not None and back.element_type == "road" and back.element_id == incoming.id and back.contact_point:
        return START if back.contact_point == "start" else END
    ends: list[int] = []
    for end, link in ((START, incoming.predecessor), (END, incoming.successor)):
        if link is not None and link.element_type == "junction" and link.element_id == junction.id:
            ends.append(end)
    return ends[0] if len(ends) == 1 else None
