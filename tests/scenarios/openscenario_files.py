"""Small OpenSCENARIO files, written for a test."""

from pathlib import Path

HEADER = '<FileHeader revMajor="1" revMinor="{minor}" date="2024-05-31T12:00:00" description="d" author="a"/>'
BODY = """<BoundingBox><Center x="1.4" y="0" z="0.7"/><Dimensions length="4.6" width="1.8" height="1.5"/></BoundingBox>
<Performance maxSpeed="69" maxAcceleration="10" maxDeceleration="10"/>
<Axles><FrontAxle maxSteering="0.5" wheelDiameter="0.6" trackWidth="1.7" positionX="2.8" positionZ="0.3"/>
<RearAxle maxSteering="0" wheelDiameter="0.6" trackWidth="1.7" positionX="0" positionZ="0.3"/></Axles>"""
VEHICLE = f'<Vehicle name="car" vehicleCategory="car">{BODY}</Vehicle>'


def scenario(
    parameters: str = "", catalogs: str = "", road: str = "", entities: str = "", init: str = "", stories: str = "",
    minor: str = "3", extra: str = "",
) -> str:  # fmt: skip
    """A scenario with one car, `Ego`, and what is given besides."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<OpenSCENARIO>
  {HEADER.format(minor=minor)}
  <ParameterDeclarations>
{parameters}
  </ParameterDeclarations>
  {extra}
  <CatalogLocations>{catalogs}</CatalogLocations>
  <RoadNetwork>{road}</RoadNetwork>
  <Entities><ScenarioObject name="Ego">{VEHICLE}</ScenarioObject>{entities}</Entities>
  <Storyboard><Init><Actions>{init}</Actions></Init>{stories}</Storyboard>
</OpenSCENARIO>
"""


def declared(name: str, value: str, kind: str = "double", constraints: str = "") -> str:
    """A parameter."""
    about = f'name="{name}" parameterType="{kind}" value="{value}"'
    return f"<ParameterDeclaration {about}>{constraints}</ParameterDeclaration>"


def group(*rules: tuple[str, str]) -> str:
    """A constraint group of (rule, value)."""
    inside = "".join(f'<ValueConstraint rule="{rule}" value="{value}"/>' for rule, value in rules)
    return f"<ConstraintGroup>{inside}</ConstraintGroup>"


def speed(value: str, entity: str = "Ego") -> str:
    """What an entity does at the start: it takes a speed."""
    return f"""<Private entityRef="{entity}"><PrivateAction><LongitudinalAction><SpeedAction>
<SpeedActionDynamics dynamicsShape="step" dynamicsDimension="time" value="0"/>
<SpeedActionTarget><AbsoluteTargetSpeed value="{value}"/></SpeedActionTarget>
</SpeedAction></LongitudinalAction></PrivateAction></Private>"""


def teleport(position: str, entity: str = "Ego") -> str:
    """What an entity does at the start: it is put somewhere."""
    return f"""<Private entityRef="{entity}"><PrivateAction><TeleportAction><Position>{position}</Position>
</TeleportAction>
</PrivateAction></Private>"""


def catalog(name: str, entries: str) -> str:
    """A catalog file."""
    return f"""<OpenSCENARIO>{HEADER.format(minor="3")}<Catalog name="{name}">{entries}</Catalog></OpenSCENARIO>"""


def variation(target: str, distributions: str, kind: str = "Deterministic", attributes: str = "") -> str:
    """A parameter variation file."""
    return f"""<OpenSCENARIO>{HEADER.format(minor="3")}<ParameterValueDistribution>
<ScenarioFile filepath="{target}"/><{kind} {attributes}>{distributions}</{kind}></ParameterValueDistribution>
</OpenSCENARIO>"""


def put(folder: Path, name: str, text: str) -> Path:
    """Writes a file and gives its path."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
