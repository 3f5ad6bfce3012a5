"""A country road that leads through a tunnel: walls on both sides, no satellites below."""

from dataclasses import dataclass, replace

from driving_data.maps.opendrive.document import Document, ObjectRecord, Repeat
from driving_data.maps.opendrive.document import Tunnel as TunnelRecord
from scenarios.roads import rural
from scenarios.roads.parameters import number, refuse

WALL_M, HEIGHT_M = 0.4, 4.7


@dataclass(frozen=True, slots=True)
class Tunnel:
    """Parameters of `tunnel`."""

    length_m: float = number(600.0, 100.0, 5000.0, "m", "length of the road")
    tunnel_s_m: float = number(200.0, 20.0, 4900.0, "m", "where the tunnel begins")
    tunnel_length_m: float = number(200.0, 10.0, 4900.0, "m", "length of the tunnel")
    curvature_1pm: float = number(0.0, -0.012, 0.012, "1pm", "constant curvature, positive to the left")
    speed_limit_mps: float = number(22.22, 8.0, 28.0, "mps", "speed limit")
    lane_width_m: float = number(3.5, 2.75, 4.0, "m", "width of each lane")
    grade: float = number(0.0, -0.12, 0.12, "m/m", "rise per metre along the road")


def layout(p: Tunnel) -> Document:
    """The OpenDRIVE document of a country road through a tunnel."""
    end = p.tunnel_s_m + p.tunnel_length_m
    if end > p.length_m - 10.0:
        expected = f"at most {p.length_m - 10.0 - p.tunnel_s_m:g} m, so that 10 m of road follow"
        raise refuse("tunnel_length_m", p.tunnel_length_m, expected)
    around = rural.Rural(p.length_m, p.curvature_1pm, p.speed_limit_mps, p.lane_width_m, 1.5, p.grade)
    document, edge = rural.layout(around), p.lane_width_m + 1.5 + 0.5 * WALL_M + 0.1
    walls = tuple(_wall(name, t, p) for name, t in (("wall.right", -edge), ("wall.left", edge)))
    road = document.roads[0]
    open_air = tuple(item for item in road.objects if not item.id.startswith("delineator"))
    tube = TunnelRecord("1", p.tunnel_s_m, p.tunnel_length_m, "tunnel")
    road = replace(road, name="tunnel", objects=(*open_air, *walls), tunnels=(tube,))
    return replace(document, roads=(road,), name="tunnel")


def _wall(name: str, t_m: float, p: Tunnel) -> ObjectRecord:
    repeats = (Repeat(p.tunnel_s_m, p.tunnel_length_m, 0.0, t_m, t_m),)
    return ObjectRecord(
        name, "barrier", p.tunnel_s_m, t_m, "wall", subtype="wall", length=p.tunnel_length_m, width=WALL_M,
        height=HEIGHT_M, repeats=repeats,
    )  # fmt: skip
