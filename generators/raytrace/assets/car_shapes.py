"""Side profiles of passenger cars and vans, as fractions of length (from the nose) and height (from the ground)."""

from dataclasses import dataclass

Profile = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class CarShape:
    """What makes one body style.

    Attributes:
        top: silhouette of bonnet, windscreen, roof and tail: (fraction of length, fraction of height).
        windscreen: where the windscreen begins and ends, fractions of length.
        rear_window: likewise; empty range for none.
        side_glass: range of the side windows.
        pillars: centres of the pillars between side windows.
        seams: door gaps.
        belt: height of the lower window edge at the nose and at the tail.
        wheels: axles, fractions of length.
        wheel_radius: fraction of the height.
        clearance: ground clearance, fraction of the height.
        roof_width: fraction of the body's width.
        nose_bulge: how far the middle of the nose stands out, fraction of the length.
        trim_arches: dark plastic along sills and arches.
        rails: roof rails.
        bed: range of an open load bed.
        spoiler: a wing over the tail.
        rear_doors: number of doors behind the driver's on each side that have handles.
    """

    top: Profile
    windscreen: tuple[float, float]
    rear_window: tuple[float, float]
    side_glass: tuple[float, float]
    pillars: tuple[float, ...]
    seams: tuple[float, ...]
    belt: tuple[float, float]
    wheels: tuple[float, float]
    wheel_radius: float
    clearance: float
    roof_width: float
    nose_bulge: float = 0.018
    trim_arches: bool = False
    rails: bool = False
    bed: tuple[float, float] = (2.0, 2.1)
    spoiler: bool = False
    rear_doors: int = 1


SHAPES: dict[str, CarShape] = {
    "sedan": CarShape(
        top=((0.0, 0.47), (0.015, 0.525), (0.06, 0.575), (0.16, 0.625), (0.275, 0.665), (0.335, 0.80), (0.40, 0.94),
             (0.44, 0.98), (0.52, 1.0), (0.62, 0.995), (0.69, 0.965), (0.77, 0.865), (0.865, 0.725), (0.94, 0.705),
             (0.985, 0.69), (1.0, 0.60)),
        windscreen=(0.275, 0.405), rear_window=(0.70, 0.862), side_glass=(0.30, 0.79), pillars=(0.515, 0.70),
        seams=(0.315, 0.52, 0.685), belt=(0.62, 0.685), wheels=(0.188, 0.792), wheel_radius=0.228, clearance=0.115,
        roof_width=0.74,
    ),
    "hatchback": CarShape(
        top=((0.0, 0.46), (0.018, 0.52), (0.07, 0.58), (0.15, 0.625), (0.25, 0.66), (0.32, 0.80), (0.39, 0.935),
             (0.44, 0.98), (0.54, 1.0), (0.70, 0.985), (0.86, 0.95), (0.90, 0.87), (0.955, 0.69), (0.985, 0.655),
             (1.0, 0.57)),
        windscreen=(0.25, 0.395), rear_window=(0.868, 0.95), side_glass=(0.285, 0.845), pillars=(0.53, 0.755),
        seams=(0.30, 0.535, 0.74), belt=(0.615, 0.675), wheels=(0.196, 0.826), wheel_radius=0.216, clearance=0.11,
        roof_width=0.77,
    ),
    "estate": CarShape(
        top=((0.0, 0.47), (0.015, 0.525), (0.06, 0.575), (0.16, 0.625), (0.27, 0.66), (0.33, 0.80), (0.395, 0.935),
             (0.44, 0.975), (0.52, 0.99), (0.70, 0.985), (0.88, 0.95), (0.915, 0.87), (0.965, 0.69), (0.988, 0.655),
             (1.0, 0.57)),
        windscreen=(0.27, 0.40), rear_window=(0.889, 0.962), side_glass=(0.295, 0.885), pillars=(0.505, 0.695),
        seams=(0.31, 0.51, 0.68), belt=(0.615, 0.67), wheels=(0.186, 0.785), wheel_radius=0.225, clearance=0.11,
        roof_width=0.76, rails=True,
    ),
    "suv": CarShape(
        top=((0.0, 0.50), (0.015, 0.565), (0.05, 0.605), (0.16, 0.64), (0.265, 0.665), (0.33, 0.81), (0.39, 0.925),
             (0.44, 0.965), (0.54, 0.985), (0.72, 0.98), (0.885, 0.945), (0.918, 0.86), (0.96, 0.68), (0.988, 0.65),
             (1.0, 0.57)),
        windscreen=(0.265, 0.395), rear_window=(0.892, 0.957), side_glass=(0.29, 0.885), pillars=(0.51, 0.715),
        seams=(0.305, 0.515, 0.70), belt=(0.635, 0.685), wheels=(0.19, 0.805), wheel_radius=0.217, clearance=0.14,
        roof_width=0.79, trim_arches=True, rails=True,
    ),
    "van": CarShape(
        top=((0.0, 0.38), (0.012, 0.435), (0.04, 0.475), (0.10, 0.52), (0.14, 0.54), (0.20, 0.72), (0.27, 0.92),
             (0.31, 0.975), (0.38, 0.995), (0.60, 1.0), (0.90, 0.995), (0.985, 0.985), (0.996, 0.93), (1.0, 0.70)),
        windscreen=(0.14, 0.275), rear_window=(2.0, 2.1), side_glass=(0.16, 0.375), pillars=(0.245,),
        seams=(0.19, 0.385, 0.62), belt=(0.50, 0.52), wheels=(0.175, 0.765), wheel_radius=0.165, clearance=0.09,
        roof_width=0.87, nose_bulge=0.012,
    ),
    "pickup": CarShape(
        top=((0.0, 0.50), (0.012, 0.58), (0.04, 0.615), (0.16, 0.65), (0.255, 0.67), (0.31, 0.82), (0.36, 0.945),
             (0.40, 0.985), (0.46, 1.0), (0.56, 0.995), (0.595, 0.97), (0.622, 0.72), (0.63, 0.645), (0.985, 0.645),
             (1.0, 0.635)),
        windscreen=(0.255, 0.37), rear_window=(0.596, 0.623), side_glass=(0.275, 0.60), pillars=(0.445,),
        seams=(0.285, 0.45, 0.59), belt=(0.645, 0.65), wheels=(0.178, 0.80), wheel_radius=0.225, clearance=0.16,
        roof_width=0.78, trim_arches=True, bed=(0.64, 0.975),
    ),
    "sports": CarShape(
        top=((0.0, 0.40), (0.02, 0.47), (0.08, 0.545), (0.20, 0.615), (0.345, 0.66), (0.42, 0.82), (0.48, 0.94),
             (0.53, 0.99), (0.57, 1.0), (0.66, 0.975), (0.76, 0.885), (0.88, 0.755), (0.965, 0.705), (0.99, 0.69),
             (1.0, 0.60)),
        windscreen=(0.345, 0.50), rear_window=(0.655, 0.87), side_glass=(0.37, 0.74), pillars=(0.66,),
        seams=(0.365, 0.645), belt=(0.62, 0.70), wheels=(0.20, 0.80), wheel_radius=0.268, clearance=0.085,
        roof_width=0.68, nose_bulge=0.03, spoiler=True, rear_doors=0,
    ),
    "minibus": CarShape(
        top=((0.0, 0.38), (0.012, 0.435), (0.04, 0.475), (0.10, 0.52), (0.13, 0.54), (0.19, 0.72), (0.26, 0.92),
             (0.30, 0.975), (0.38, 0.995), (0.60, 1.0), (0.90, 0.995), (0.985, 0.985), (0.996, 0.93), (1.0, 0.70)),
        windscreen=(0.13, 0.265), rear_window=(2.0, 2.1), side_glass=(0.15, 0.965),
        pillars=(0.235, 0.37, 0.52, 0.67, 0.82), seams=(0.18, 0.375, 0.60), belt=(0.50, 0.52), wheels=(0.175, 0.765),
        wheel_radius=0.165, clearance=0.09, roof_width=0.87, nose_bulge=0.012,
    ),
    "delivery": CarShape(
        top=((0.0, 0.31), (0.012, 0.36), (0.04, 0.395), (0.10, 0.43), (0.135, 0.45), (0.19, 0.60), (0.245, 0.745),
             (0.27, 0.775), (0.315, 0.785), (0.318, 0.97), (0.325, 0.995), (0.40, 1.0), (0.985, 1.0), (0.996, 0.99),
             (1.0, 0.97)),
        windscreen=(0.135, 0.25), rear_window=(2.0, 2.1), side_glass=(0.155, 0.305), pillars=(),
        seams=(0.18, 0.312), belt=(0.41, 0.43), wheels=(0.16, 0.765), wheel_radius=0.135, clearance=0.075,
        roof_width=0.93, nose_bulge=0.012, rear_doors=0,
    ),
}  # fmt: skip
