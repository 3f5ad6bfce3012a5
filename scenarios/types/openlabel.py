"""The vocabulary of scenario tags: class names of ASAM OpenLABEL 1.0, as a tree.

The names follow the sections of BSI PAS 1883 and ISO 34503 (the operational design domain) and the ontology at
https://openlabel.asam.net/V1-0-0/ontologies/, spelling mistakes of the standard included. Indentation is membership:
whatever is a `WeatherRain` is an `EnvironmentWeather` too.
"""

from collections.abc import Iterable
from functools import lru_cache

_TREE = """
Behaviour
  BehaviourMotion
    MotionAccelerate
    MotionDrive
    MotionDecelerate
    MotionLaneChangeLeft
    MotionLaneChangeRight
    MotionReverse
    MotionRun
    MotionSlide
    MotionStop
    MotionTurn
      MotionTurnLeft
      MotionTurnRight
    MotionWalk
    MotionCross
    MotionCutIn
    MotionCutOut
    MotionAway
    MotionTowards
    MotionOvertake
    MotionUTurn
  BehaviourCommunication
    CommunicationHeadlightFlash
    CommunicationSignalEmergency
    CommunicationSignalLeft
    CommunicationSignalRight
    CommunicationSignalSlowing
    CommunicationSignalHazard
    CommunicationHorn
    CommunicationWave
OddScenery
  SceneryZone
    ZoneGeoFenced
    ZoneTrafficManagement
    ZoneSchool
    ZoneRegion
    ZoneInterference
  SceneryDrivableArea
    DrivableAreaType
      RoadTypeMotorway
        MotorwayManaged
        MotorwayUnmanaged
      RoadTypeRadial
      RoadTypeDistributor
      RoadTypeMinor
      RoadTypeSlip
      RoadTypeParking
      RoadTypeShared
    DrivableAreaGeometry
      GeometryHorizontal
        HorizontalStraights
        HorizontalCurves
      GeometryTransverse
        TransverseDivided
        TransverseUndivided
        TransversePavements
        TransverseBarriers
        TransverseLanesTogether
      GeometryLongitudinal
        LongitudinalUpSlope
        LongitudinalDownSlope
        LongitudinalLevelPlane
    DrivableAreaLaneSpecification
      LaneSpecificationDimensions
      LaneSpecificationMarking
      LaneSpecificationType
        LaneTypeBus
        LaneTypeCycle
        LaneTypeEmergency
        LaneTypeSpecial
        LaneTypeTram
        LaneTypeTraffic
      LaneSpecificationLaneCount
      LaneSpecificationTravelDirection
        TravelDirectionLeft
        TravelDirectionRight
    DrivableAreaSigns
      SignsInformation
        InformationSignsUniform
          InformationSignsUniformFullTime
          InformationSignsUniformTemporary
        InformationSignsVariable
          InformationSignsVariableFullTime
          InformationSignsVariableTemporary
      SignsRegulatory
        RegulatorySignsUniform
          RegulatorySignsUniformFullTime
          RegulatorySignsUniformTemporary
        RegulatorySignsVariable
          RegulatorySignsVariableFullTime
          RegulatorySignsVariableTemporary
      SignsWarning
        WarningSignsUniform
          WarningSignsUniformFullTime
          WarningSignsUniformTemporary
        WarningSignsVariable
          WarningSignsVariableFullTime
          WarningSignsVariableTemporary
    DrivableAreaEdge
      EdgeLineMarkers
      EdgeShoulderPavedOrGravel
      EdgeShoulderGrass
      EdgeSolidBarriers
      EdgeTemporaryLineMarkers
      EdgeNone
    DrivableAreaSurface
      DrivableAreaSurfaceType
        SurfaceTypeLoose
        SurfaceTypeSegmented
        SurfaceTypeUniform
      DrivableAreaSurfaceFeature
        SurfaceFeatureCrack
        SurfaceFeaturePothole
        SurfaceFeatureRut
        SurfaceFeatureSwell
      DrivableAreaSurfaceCondition
        SurfaceConditionIcy
        SurfaceConditionFlooded
        SurfaceConditionMirage
        SurfaceConditionSnow
        SurfaceConditionStandingWater
        SurfaceConditionWet
        SurfaceConditionContamination
  SceneryJunction
    JunctionIntersection
      IntersectionTJunction
      IntersectionStaggered
      IntersectionYJunction
      IntersectionCrossroad
      IntersectionGradeSeperated
    JunctionRoundabout
      RoundaboutNormal
        RoundaboutNormalSignal
        RoundaboutNormalNosignal
      RoundaboutCompact
        RoundaboutCompactSignal
        RoundaboutCompactNosignal
      RoundaboutDouble
        RoundaboutDoubleSignal
        RoundaboutDoubleNosignal
      RoundaboutLarge
        RoundaboutLargeSignal
        RoundaboutLargeNosignal
      RoundaboutMini
        RoundaboutMiniSignal
        RoundaboutMiniNosignal
  ScenerySpecialStructure
    SpecialStructureAutoAccess
    SpecialStructureBridge
    SpecialStructurePedestrianCrossing
    SpecialStructureRailCrossing
    SpecialStructureTunnel
    SpecialStructureTollPlaza
  SceneryFixedStructure
    FixedStructureBuilding
    FixedStructureStreetlight
    FixedStructureStreetFurniture
    FixedStructureVegetation
  SceneryTemporaryStructure
    TemporaryStructureConstructionDetour
    TemporaryStructureRefuseCollection
    TemporaryStructureRoadWorks
    TemporaryStructureRoadSignage
OddEnvironment
  EnvironmentWeather
    WeatherWind
    WeatherRain
      RainType
        RainTypeConvective
        RainTypeDynamic
        RainTypeOrographic
    WeatherSnow
  EnvironmentParticulates
    ParticulatesMarine
    ParticulatesWater
    ParticulatesDust
    ParticulatesPollution
    ParticulatesVolcanic
  EnvironmentIllumination
    IlluminationDay
      DaySunElevation
      DaySunPosition
        SunPositionBehind
        SunPositionFront
        SunPositionLeft
        SunPositionRight
    IlluminationLowLight
      LowLightNight
      LowLightAmbient
    IlluminationCloudiness
    IlluminationArtificial
      ArtificialStreetLighting
      ArtificialVehicleLighting
  EnvironmentConnectivity
    ConnectivityCommunication
      CommunicationV2i
        V2iCellular
        V2iSatellite
        V2iWifi
      CommunicationV2v
        V2vCellular
        V2vSatellite
        V2vWifi
    ConnectivityPositioning
      PositioningGalileo
      PositioningGlonass
      PositioningGps
OddDynamicElements
  DynamicElementsTraffic
    TrafficAgentDensity
    TrafficVolume
    TrafficFlowRate
    TrafficAgentType
    TrafficSpecialVehicle
  DynamicElementsSubjectVehicle
    SubjectVehicleSpeed
"""


def _parents() -> dict[str, str]:
    parents: dict[str, str] = {}
    above: list[str] = []
    for line in _TREE.strip().splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        above = [*above[:depth], line.strip()]
        parents[above[-1]] = above[-2] if depth else ""
    return parents


PARENTS = _parents()
NAMES = tuple(PARENTS)


@lru_cache(maxsize=4096)
def with_parents(tags: tuple[str, ...]) -> tuple[str, ...]:
    """OpenLABEL names with every class that they belong to, in the order of the vocabulary.

    Raises:
        KeyError: a name is not in the vocabulary.
    """
    found: set[str] = set()
    for tag in tags:
        while tag and tag not in found:
            found.add(tag)
            tag = PARENTS[tag]
    return tuple(name for name in NAMES if name in found)


def unknown_names(tags: Iterable[str]) -> tuple[str, ...]:
    """Tags that are neither OpenLABEL names nor `key:value` slices."""
    return tuple(tag for tag in tags if ":" not in tag and tag not in PARENTS)
