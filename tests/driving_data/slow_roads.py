"""Roads point by point, one formula after the other, written without the reader: what its samples are held to.

A `SlowRoad` knows a road as plain numbers and can print it as OpenDRIVE text. Everything is evaluated for one s at a
time: clothoids through Fresnel integrals, cubics walked by numeric length, the cross-section lane by lane.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import fresnel


def cubic(k, x):
    return k[0] + k[1] * x + k[2] * x**2 + k[3] * x**3


def slope(k, x):
    return k[1] + 2.0 * k[2] * x + 3.0 * k[3] * x**2


def clothoid(start, end, length, s):
    """u, v and heading: the square is completed, so that both integrals are Fresnel's."""
    rate = (end - start) / length
    zero, turn = start / rate, -(start**2) / (2.0 * rate)
    scale = math.sqrt(math.pi / abs(rate))

    def primitive(x):
        sine, cosine = fresnel(x / scale)
        return scale * cosine, math.copysign(scale, rate) * sine

    (c0, s0), (c1, s1) = primitive(zero), primitive(zero + s)
    c, d = c1 - c0, s1 - s0
    return c * math.cos(turn) - d * math.sin(turn), c * math.sin(turn) + d * math.cos(turn), s * (start + rate * s / 2)


def local(kind, numbers, length, s):
    """u, v and heading of a piece of the plan view in the frame of its start."""
    if kind == "line":
        return s, 0.0, 0.0
    if kind == "arc":
        (k,) = numbers
        return math.sin(k * s) / k, (1.0 - math.cos(k * s)) / k, k * s
    if kind == "spiral":
        return clothoid(*numbers, length, s)
    if kind == "poly3":

        def far(u):
            return quad(lambda x: math.hypot(1.0, slope(numbers, x)), 0.0, u, epsabs=1e-11)[0]

        u = brentq(lambda x: far(x) - s, 0.0, max(s, 1e-9), xtol=1e-11) if s > 0.0 else 0.0
        return u, cubic(numbers, u), math.atan(slope(numbers, u))
    p = s if kind == "arcLength" else s / length
    return cubic(numbers[:4], p), cubic(numbers[4:], p), math.atan2(slope(numbers[4:], p), slope(numbers[:4], p))


def latest(records, s, start=0):
    """The record that holds at s: the last that starts at or before it; None without any."""
    found = None
    for record in records:
        if found is None or record[start] <= s + 1e-9:
            found = record
    return found


def profile(records, s):
    """A piecewise cubic (start, a, b, c, d)."""
    record = latest(records, s)
    return 0.0 if record is None else cubic(record[1:], s - record[0])


@dataclass
class SlowLane:
    id: int
    widths: list = field(default_factory=lambda: [(0.0, 3.5, 0.0, 0.0, 0.0)])
    borders: list = field(default_factory=list)
    heights: list = field(default_factory=list)
    level: bool = False
    kind: str = "driving"


@dataclass
class SlowRoad:
    start: tuple
    pieces: list
    sections: list
    elevation: list = field(default_factory=list)
    bank: list = field(default_factory=list)
    falls: list = field(default_factory=list)
    shapes: list = field(default_factory=list)
    offset: list = field(default_factory=list)
    id: str = "7"
    extra: str = ""
    rule: str = "RHT"

    @property
    def length(self):
        return sum(length for _, _, length in self.pieces)

    def starts(self):
        """s, x, y and heading at which every piece starts: the end of the one before."""
        s, (x, y, heading) = 0.0, self.start
        for kind, numbers, length in self.pieces:
            # A cubic may leave its own start at an angle; the next piece follows its end.
            yield s, x, y, heading
            u, v, turn = local(kind, numbers, length, length)
            x, y = x + u * math.cos(heading) - v * math.sin(heading), y + u * math.sin(heading) + v * math.cos(heading)
            s, heading = s + length, heading + turn

    def reference(self, s):
        """x, y and heading of the reference line."""
        for (s0, x, y, heading), (kind, numbers, length) in zip(self.starts(), self.pieces, strict=True):
            if s <= s0 + length + 1e-9:
                u, v, turn = local(kind, numbers, length, min(s - s0, length))
                return (
                    x + u * math.cos(heading) - v * math.sin(heading),
                    y + u * math.sin(heading) + v * math.cos(heading),
                    heading + turn,
                )
        raise AssertionError("beyond the road")

    def shape(self, s, t):
        """Height over the banked plane."""
        stations = sorted({row[0] for row in self.shapes})
        if not stations:
            return 0.0
        rows = {at: profile([row[1:] for row in self.shapes if row[0] == at], t) for at in stations}
        before = [at for at in stations if at <= s]
        after = [at for at in stations if at > s]
        if not before or not after:
            return rows[(before or after)[-1 if before else 0]]
        low, high = before[-1], after[0]
        return rows[low] + (rows[high] - rows[low]) * (s - low) / (high - low)

    def point(self, s, t):
        """A point of the surface of the road."""
        x, y, heading = self.reference(s)
        bank = profile(self.bank, s)
        sides = ("left", "both") if t > 0.0 else ("right", "both")
        fall = profile([row[1:] for row in self.falls if row[0] in sides], s)
        tilt = bank - fall if t > 0.0 else bank + fall
        above = self.shape(s, t)
        aside = t * math.cos(tilt) - above * math.sin(bank)
        return np.array([
            x - aside * math.sin(heading),
            y + aside * math.cos(heading),
            profile(self.elevation, s) + t * math.sin(tilt) + above * math.cos(bank),
        ])  # fmt: skip

    def borders(self, section, lane_id, s):
        """Inner and outer border of a lane: its neighbours towards the middle are laid one after the other."""
        first, lanes = section
        sign = 1 if lane_id > 0 else -1
        offset = t = profile(self.offset, s)
        _, _, heading = self.reference(s)
        flat = np.array([-math.sin(heading), math.cos(heading), 0.0])
        inner = outer = self.point(s, t)
        for k in range(1, abs(lane_id) + 1):
            lane = next(x for x in lanes if x.id == sign * k)
            if lane.borders and not lane.widths:
                out = offset + profile(lane.borders, s - first)
            else:
                out = t + sign * max(profile(lane.widths, s - first), 0.0)
            inner = outer
            outer = inner + ((out - t) * flat if lane.level else self.point(s, out) - self.point(s, t))
            t = out
            height = latest(lane.heights, s - first)
        rise = (0.0, 0.0) if height is None else height[1:]
        return inner + np.array([0.0, 0.0, rise[0]]), outer + np.array([0.0, 0.0, rise[1]])

    def text(self):
        """The road as OpenDRIVE."""
        plan = ""
        for (s, x, y, heading), (kind, numbers, length) in zip(self.starts(), self.pieces, strict=True):
            if kind in ("arcLength", "normalized"):
                names = [f"{letter}{axis}" for axis in "UV" for letter in "abcd"]
                shape = f'<paramPoly3 pRange="{kind}" {attributes(names, numbers)}/>'
            else:
                names = {"line": [], "arc": ["curvature"], "spiral": ["curvStart", "curvEnd"], "poly3": "abcd"}[kind]
                shape = f"<{kind} {attributes(names, numbers)}/>"
            place = attributes(["s", "x", "y", "hdg", "length"], (s, x, y, heading, length))
            plan += f"<geometry {place}>{shape}</geometry>"
        lateral = records("superelevation", self.bank)
        lateral += "".join(
            f'<crossfall side="{row[0]}" {attributes("sabcd", row[1:])}/>' for row in self.falls
        )  # fmt: skip
        lateral += "".join(f"<shape {attributes('stabcd', row)}/>" for row in self.shapes)
        sections = "".join(self._section(*section) for section in self.sections)
        return f"""<road name="" length="{self.length!r}" id="{self.id}" junction="-1" rule="{self.rule}">
          <planView>{plan}</planView><elevationProfile>{records("elevation", self.elevation)}</elevationProfile>
          <lateralProfile>{lateral}</lateralProfile><lanes>{records("laneOffset", self.offset)}{sections}</lanes>
          {self.extra}</road>"""

    def _section(self, s, lanes):
        sides = {"left": "", "right": ""}
        for lane in lanes:
            inner = "".join(f"<width {attributes(['sOffset', *'abcd'], row)}/>" for row in lane.widths)
            inner += "".join(f"<border {attributes(['sOffset', *'abcd'], row)}/>" for row in lane.borders)
            inner += "".join(f"<height {attributes(['sOffset', 'inner', 'outer'], row)}/>" for row in lane.heights)
            level = "true" if lane.level else "false"
            side = "left" if lane.id > 0 else "right"
            sides[side] += f'<lane id="{lane.id}" type="{lane.kind}" level="{level}">{inner}</lane>'
        return f"""<laneSection s="{s!r}"><left>{sides["left"]}</left><center><lane id="0" type="none"/></center>
          <right>{sides["right"]}</right></laneSection>"""


def attributes(names, numbers):
    return " ".join(f'{name}="{float(value)!r}"' for name, value in zip(names, numbers, strict=True))


def records(tag, rows):
    return "".join(f"<{tag} {attributes('sabcd', row)}/>" for row in rows)


def opendrive(*roads, more=""):
    return f'<OpenDRIVE><header revMajor="1" revMinor="7"/>{"".join(roads)}{more}</OpenDRIVE>'
