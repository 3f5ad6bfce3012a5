"""The content model of OpenSCENARIO XML 1.3 as a table: which elements, attributes and values there are.

One line per type. `@name:Type` is an attribute (text where no type is given), `!` makes it mandatory, `~` marks what
1.3 calls deprecated. The content follows: `A B` in that order, `A & B` in any order (written in this one), `A | B` one
of them; `?`, `*`, `+` and `{2,}` say how often; `Tag:Type` where the type is not called like the tag; `TEXT` is
character data. Lines of `VALUES` hold the words that an attribute of that type may have besides a parameter.
"""

VALUES = """
AngleType = heading pitch roll
AutomaticGearType = n p r d
CloudState = cloudy free overcast rainy skyOff
ColorType = other red yellow green blue violet orange brown black grey white
ConditionEdge = falling none rising risingOrFalling
ControllerType = lateral longitudinal lighting animation movement appearance all
CoordinateSystem = entity lane road trajectory world
DirectionalDimension = longitudinal lateral vertical
DynamicsDimension = distance rate time
DynamicsShape = cubic linear sinusoidal step
FollowingMode = follow position
FractionalCloudCover = zeroOktas oneOktas twoOktas threeOktas fourOktas fiveOktas sixOktas sevenOktas \
    eightOktas nineOktas
LateralDisplacement = any leftToReferencedEntity rightToReferencedEntity
LightMode = on off flashing
LongitudinalDisplacement = any trailingReferencedEntity leadingReferencedEntity
MiscObjectCategory = barrier building crosswalk gantry none obstacle parkingSpace patch pole railing roadMark \
    soundBarrier streetLamp trafficIsland tree vegetation wind~
ObjectType = miscellaneous pedestrian vehicle external
ParameterType = boolean dateTime double integer~ string unsignedInt unsignedShort int
PedestrianCategory = animal pedestrian wheelchair
PedestrianGestureType = phoneCallRightHand phoneCallLeftHand phoneTextRightHand phoneTextLeftHand \
    wavingRightArm wavingLeftArm umbrellaRightHand umbrellaLeftHand crossArms coffeeRightHand coffeeLeftHand \
    sandwichRightHand sandwichLeftHand
PedestrianMotionType = standing sitting lying squatting walking running reeling crawling cycling jumping \
    ducking bendingDown
PrecipitationType = dry rain snow
Priority = overwrite~ override parallel skip
ReferenceContext = absolute relative
RelativeDistanceType = lateral longitudinal cartesianDistance~ euclidianDistance
Role = none ambulance civil fire military police publicTransport roadAssistance
RouteStrategy = fastest leastIntersections random shortest
RoutingAlgorithm = assignedRoute fastest leastIntersections shortest undefined
Rule = equalTo greaterThan lessThan greaterOrEqual lessOrEqual notEqualTo
SpeedTargetValueType = delta factor
StoryboardElementState = completeState endTransition runningState skipTransition standbyState startTransition \
    stopTransition
StoryboardElementType = act action event maneuver maneuverGroup story
TriggeringEntitiesRule = all any
VehicleCategory = bicycle bus car motorbike semitrailer trailer train tram truck van
VehicleComponentType = hood trunk doorFrontRight doorFrontLeft doorRearRight doorRearLeft windowFrontRight \
    windowFrontLeft windowRearRight windowRearLeft sideMirrors sideMirrorRight sideMirrorLeft
VehicleLightType = daytimeRunningLights lowBeam highBeam fogLights fogLightsFront fogLightsRear brakeLights \
    warningLights indicatorLeft indicatorRight reversingLights licensePlateIllumination specialPurposeLights
Wetness = dry moist wetWithPuddles lowFlooded highFlooded
"""

TYPES = """
AbsoluteSpeed = @value:Double! (TargetDistanceSteadyState | TargetTimeSteadyState)?
AbsoluteTargetLane = @value!
AbsoluteTargetLaneOffset = @value:Double!
AbsoluteTargetSpeed = @value:Double!
AccelerationCondition = @rule:Rule! @value:Double! @direction:DirectionalDimension
AcquirePositionAction = Position
Act = @name! (ManeuverGroup+ StartTrigger:Trigger? StopTrigger:Trigger?)
Action = @name! (GlobalAction | UserDefinedAction | PrivateAction)
ActivateControllerAction = @controllerRef~ @objectControllerRef @lateral:Boolean @longitudinal:Boolean \
    @animation:Boolean @lighting:Boolean
Actors = @selectTriggeringEntities:Boolean! EntityRef*
AddEntityAction = Position
AngleCondition = @angleType:AngleType! @angle:Double! @angleTolerance:Double! @coordinateSystem:CoordinateSystem
AnimationAction = @loop:Boolean @animationDuration:Double (AnimationType AnimationState?)
AnimationFile = @timeOffset:Double File
AnimationState = @state:Double!
AnimationType = (ComponentAnimation | PedestrianAnimation | AnimationFile | UserDefinedAnimation)
AppearanceAction = (LightStateAction | AnimationAction)
AssignControllerAction = @activateLateral:Boolean @activateLongitudinal:Boolean @activateAnimation:Boolean \
    @activateLighting:Boolean (Controller~? | CatalogReference~? | ObjectController?)
AssignRouteAction = (Route | CatalogReference)
AutomaticGear = @gear:AutomaticGearType!
Axle = @maxSteering:Double! @positionX:Double! @positionZ:Double! @trackWidth:Double! @wheelDiameter:Double!
Axles = (FrontAxle:Axle? RearAxle:Axle AdditionalAxle:Axle*)
BoundingBox = (Center & Dimensions)
Brake = @value:Double! @maxRate:Double
ByEntityCondition = (TriggeringEntities & EntityCondition)
ByObjectType = @type:ObjectType!
ByType = @objectType:ObjectType!
ByValueCondition = (ParameterCondition | TimeOfDayCondition | SimulationTimeCondition | \
    StoryboardElementStateCondition | UserDefinedValueCondition | TrafficSignalCondition | \
    TrafficSignalControllerCondition | VariableCondition)
Catalog = @name! (Vehicle* Controller* Pedestrian* MiscObject* Environment* Maneuver* Trajectory* Route*)
CatalogLocations = (VehicleCatalog:VehicleCatalogLocation? & ControllerCatalog:ControllerCatalogLocation? & \
    PedestrianCatalog:PedestrianCatalogLocation? & MiscObjectCatalog:MiscObjectCatalogLocation? & \
    EnvironmentCatalog:EnvironmentCatalogLocation? & ManeuverCatalog:ManeuverCatalogLocation? & \
    TrajectoryCatalog:TrajectoryCatalogLocation? & RouteCatalog:RouteCatalogLocation?)
CatalogReference = @catalogName! @entryName! ParameterAssignments?
Center = @x:Double! @y:Double! @z:Double!
CentralSwarmObject = @entityRef!
Clothoid = @curvature:Double! @curvatureDot:Double~ @length:Double! @startTime:Double @stopTime:Double \
    @curvaturePrime:Double Position
ClothoidSpline = @timeEnd:Double ClothoidSplineSegment+
ClothoidSplineSegment = @curvatureStart:Double! @curvatureEnd:Double! @length:Double! @hOffset:Double \
    @timeStart:Double PositionStart:Position?
CollisionCondition = (EntityRef | ByType:ByObjectType)
Color = @colorType:ColorType! (ColorRgb | ColorCmyk)
ColorCmyk = @cyan:Double! @magenta:Double! @yellow:Double! @key:Double!
ColorRgb = @red:Double! @green:Double! @blue:Double!
ComponentAnimation = (VehicleComponent | UserDefinedComponent)
Condition = @conditionEdge:ConditionEdge! @delay:Double! @name! (ByEntityCondition | ByValueCondition)
ConditionGroup = Condition+
ConnectTrailerAction = @trailerRef!
Controller = @name! @controllerType:ControllerType (ParameterDeclarations? & Properties?)
ControllerAction = (AssignControllerAction | OverrideControllerValueAction | ActivateControllerAction)
ControllerCatalogLocation = Directory
ControllerDistribution = ControllerDistributionEntry+
ControllerDistributionEntry = @weight:Double! (Controller | CatalogReference)
ControlPoint = @time:Double @weight:Double Position
CustomCommandAction = @type! TEXT
CustomContent = TEXT
DeleteEntityAction =
Deterministic = (DeterministicMultiParameterDistribution | DeterministicSingleParameterDistribution)*
DeterministicMultiParameterDistribution = ValueSetDistribution
DeterministicSingleParameterDistribution = @parameterName! (DistributionSet | DistributionRange | \
    UserDefinedDistribution)
Dimensions = @height:Double! @length:Double! @width:Double!
DirectionOfTravelDistribution = @same:Double! @opposite:Double!
Directory = @path!
DisconnectTrailerAction =
DistanceCondition = @alongRoute:Boolean~ @freespace:Boolean! @rule:Rule! @value:Double! \
    @coordinateSystem:CoordinateSystem @relativeDistanceType:RelativeDistanceType \
    @routingAlgorithm:RoutingAlgorithm Position
DistributionRange = @stepWidth:Double! Range
DistributionSet = Element:DistributionSetElement+
DistributionSetElement = @value!
DomeImage = @azimuthOffset:Double DomeFile:File
DynamicConstraints = @maxAcceleration:Double @maxAccelerationRate:Double @maxDeceleration:Double \
    @maxDecelerationRate:Double @maxSpeed:Double
EndOfRoadCondition = @duration:Double!
Entities = (ScenarioObject* EntitySelection*)
EntityAction = @entityRef! (AddEntityAction | DeleteEntityAction)
EntityCondition = (EndOfRoadCondition | CollisionCondition | OffroadCondition | TimeHeadwayCondition | \
    TimeToCollisionCondition | AccelerationCondition | StandStillCondition | SpeedCondition | \
    RelativeSpeedCondition | TraveledDistanceCondition | ReachPositionCondition~ | DistanceCondition | \
    RelativeDistanceCondition | RelativeClearanceCondition | AngleCondition | RelativeAngleCondition)
EntityDistribution = EntityDistributionEntry+
EntityDistributionEntry = @weight:Double! ScenarioObjectTemplate
EntityRef = @entityRef!
EntitySelection = @name! Members:SelectedEntities
Environment = @name! (ParameterDeclarations? & TimeOfDay? & Weather? & RoadCondition?)
EnvironmentAction = (Environment | CatalogReference)
EnvironmentCatalogLocation = Directory
Event = @maximumExecutionCount:UnsignedInt @name! @priority:Priority! (Action+ StartTrigger:Trigger?)
ExternalObjectReference = @name!
File = @filepath!
FileHeader = @author! @date:DateTime! @description! @revMajor:UnsignedShort! @revMinor:UnsignedShort! (License? \
    Properties?)
FinalSpeed = (AbsoluteSpeed | RelativeSpeedToMaster)
Fog = @visualRange:Double! BoundingBox?
FollowTrajectoryAction = @initialDistanceOffset:Double (Trajectory~? & CatalogReference~? & TimeReference & \
    TrajectoryFollowingMode & TrajectoryRef?)
GeoPosition = @latitude:Double~ @longitude:Double~ @height:Double~ @latitudeDeg:Double @longitudeDeg:Double \
    @altitude:Double @verticalRoadSelection:Int Orientation?
GlobalAction = (EnvironmentAction | EntityAction | InfrastructureAction | SetMonitorAction | ParameterAction~ | \
    TrafficAction | VariableAction)
Histogram = Bin:HistogramBin+
HistogramBin = @weight:Double! Range
InfrastructureAction = TrafficSignalAction
Init = Actions:InitActions
InitActions = (GlobalAction* UserDefinedAction* Private*)
InRoutePosition = (FromCurrentEntity:PositionOfCurrentEntity | FromRoadCoordinates:PositionInRoadCoordinates | \
    FromLaneCoordinates:PositionInLaneCoordinates)
Knot = @value:Double!
Lane = @id:Int!
LaneChangeAction = @targetLaneOffset:Double (LaneChangeActionDynamics:TransitionDynamics & LaneChangeTarget)
LaneChangeTarget = (RelativeTargetLane | AbsoluteTargetLane)
LaneOffsetAction = @continuous:Boolean! (LaneOffsetActionDynamics & LaneOffsetTarget)
LaneOffsetActionDynamics = @dynamicsShape:DynamicsShape! @maxLateralAcc:Double
LaneOffsetTarget = (RelativeTargetLaneOffset | AbsoluteTargetLaneOffset)
LanePosition = @laneId! @offset:Double @roadId! @s:Double! Orientation?
LateralAction = (LaneChangeAction | LaneOffsetAction | LateralDistanceAction)
LateralDistanceAction = @entityRef! @continuous:Boolean! @distance:Double @freespace:Boolean! \
    @displacement:LateralDisplacement @coordinateSystem:CoordinateSystem DynamicConstraints?
License = @name! @resource @spdxId TEXT
LightState = @mode:LightMode! @luminousIntensity:Double @flashingOnDuration:Double @flashingOffDuration:Double \
    Color?
LightStateAction = @transitionTime:Double (LightType LightState)
LightType = (VehicleLight | UserDefinedLight)
LogNormalDistribution = @expectedValue:Double! @variance:Double! Range?
LongitudinalAction = (SpeedAction | LongitudinalDistanceAction | SpeedProfileAction)
LongitudinalDistanceAction = @entityRef! @continuous:Boolean! @distance:Double @freespace:Boolean! \
    @timeGap:Double @displacement:LongitudinalDisplacement @coordinateSystem:CoordinateSystem DynamicConstraints?
Maneuver = @name! (ParameterDeclarations? Event+)
ManeuverCatalogLocation = Directory
ManeuverGroup = @maximumExecutionCount:UnsignedInt! @name! (Actors CatalogReference* Maneuver*)
ManualGear = @number:Int!
MiscObject = @mass:Double! @miscObjectCategory:MiscObjectCategory! @name! @model3d (ParameterDeclarations? & \
    BoundingBox & Properties?)
MiscObjectCatalogLocation = Directory
ModifyRule = (AddValue:ParameterAddValueRule | MultiplyByValue:ParameterMultiplyByValueRule)
MonitorDeclaration = @name! @value:Boolean!
MonitorDeclarations = MonitorDeclaration*
None =
NormalDistribution = @expectedValue:Double! @variance:Double! Range?
Nurbs = @order:UnsignedInt! (ControlPoint{2,} Knot{2,})
ObjectController = @name (CatalogReference | Controller)
OffroadCondition = @duration:Double!
OpenScenario = (FileHeader ((ParameterDeclarations? VariableDeclarations? MonitorDeclarations? CatalogLocations \
    RoadNetwork Entities Storyboard) | Catalog | ParameterValueDistribution))
Orientation = @h:Double @p:Double @r:Double @type:ReferenceContext
OverrideBrakeAction = @active:Boolean! @value:Double~ (BrakePercent:Brake | BrakeForce:Brake)?
OverrideClutchAction = @active:Boolean! @value:Double! @maxRate:Double
OverrideControllerValueAction = (Throttle:OverrideThrottleAction? & Brake:OverrideBrakeAction? & \
    Clutch:OverrideClutchAction? & ParkingBrake:OverrideParkingBrakeAction? & \
    SteeringWheel:OverrideSteeringWheelAction? & Gear:OverrideGearAction?)
OverrideGearAction = @active:Boolean! @number:Double~ (ManualGear | AutomaticGear)?
OverrideParkingBrakeAction = @active:Boolean! @value:Double~ (BrakePercent:Brake | BrakeForce:Brake)?
OverrideSteeringWheelAction = @active:Boolean! @value:Double! @maxRate:Double @maxTorque:Double
OverrideThrottleAction = @active:Boolean! @value:Double! @maxRate:Double
ParameterAction = @parameterRef! (SetAction:ParameterSetAction~ | ModifyAction:ParameterModifyAction~)
ParameterAddValueRule = @value:Double!
ParameterAssignment = @parameterRef! @value!
ParameterAssignments = ParameterAssignment*
ParameterCondition = @parameterRef! @rule:Rule! @value!
ParameterDeclaration = @name! @parameterType:ParameterType! @value! ConstraintGroup:ValueConstraintGroup*
ParameterDeclarations = ParameterDeclaration*
ParameterModifyAction = Rule:ModifyRule
ParameterMultiplyByValueRule = @value:Double!
ParameterSetAction = @value!
ParameterValueDistribution = (ScenarioFile:File (Deterministic | Stochastic))
ParameterValueSet = ParameterAssignment+
Pedestrian = @mass:Double! @model~ @name! @pedestrianCategory:PedestrianCategory! @model3d @role:Role \
    (ParameterDeclarations? & BoundingBox & Properties?)
PedestrianAnimation = @motion:PedestrianMotionType @userDefinedPedestrianAnimation PedestrianGesture*
PedestrianCatalogLocation = Directory
PedestrianGesture = @gesture:PedestrianGestureType!
Performance = @maxAcceleration:Double! @maxAccelerationRate:Double @maxDeceleration:Double! \
    @maxDecelerationRate:Double @maxSpeed:Double!
Phase = @duration:Double! @name! (TrafficSignalState* TrafficSignalGroupState?)
PoissonDistribution = @expectedValue:Double! Range?
Polygon = Position{3,}
Polyline = Vertex{2,}
Position = (WorldPosition | RelativeWorldPosition | RelativeObjectPosition | RoadPosition | \
    RelativeRoadPosition | LanePosition | RelativeLanePosition | RoutePosition | GeoPosition | TrajectoryPosition)
PositionInLaneCoordinates = @laneId! @laneOffset:Double @pathS:Double!
PositionInRoadCoordinates = @pathS:Double! @t:Double!
PositionOfCurrentEntity = @entityRef!
Precipitation = @intensity:Double~ @precipitationType:PrecipitationType! @precipitationIntensity:Double
Private = @entityRef! PrivateAction+
PrivateAction = (LongitudinalAction | LateralAction | VisibilityAction | SynchronizeAction | \
    ActivateControllerAction~ | ControllerAction | TeleportAction | RoutingAction | AppearanceAction | \
    TrailerAction)
ProbabilityDistributionSet = Element:ProbabilityDistributionSetElement+
ProbabilityDistributionSetElement = @value! @weight:Double!
Properties = (Property* File* CustomContent*)
Property = @name! @value!
RandomRouteAction =
Range = @lowerLimit:Double! @upperLimit:Double!
ReachPositionCondition = @tolerance:Double! Position
RelativeAngleCondition = @entityRef! @angleType:AngleType! @angle:Double! @angleTolerance:Double! \
    @coordinateSystem:CoordinateSystem
RelativeClearanceCondition = @oppositeLanes:Boolean! @distanceForward:Double @distanceBackward:Double \
    @freeSpace:Boolean! (RelativeLaneRange* EntityRef*)
RelativeDistanceCondition = @entityRef! @freespace:Boolean! @relativeDistanceType:RelativeDistanceType! \
    @rule:Rule! @value:Double! @coordinateSystem:CoordinateSystem @routingAlgorithm:RoutingAlgorithm
RelativeLanePosition = @entityRef! @dLane:Int! @ds:Double @offset:Double @dsLane:Double Orientation?
RelativeLaneRange = @from:Int @to:Int
RelativeObjectPosition = @entityRef! @dx:Double! @dy:Double! @dz:Double Orientation?
RelativeRoadPosition = @entityRef! @ds:Double! @dt:Double! Orientation?
RelativeSpeedCondition = @entityRef! @rule:Rule! @value:Double! @direction:DirectionalDimension
RelativeSpeedToMaster = @speedTargetValueType:SpeedTargetValueType! @value:Double! (TargetDistanceSteadyState | \
    TargetTimeSteadyState)?
RelativeTargetLane = @entityRef! @value:Int!
RelativeTargetLaneOffset = @entityRef! @value:Double!
RelativeTargetSpeed = @entityRef! @continuous:Boolean! @speedTargetValueType:SpeedTargetValueType! @value:Double!
RelativeWorldPosition = @entityRef! @dx:Double! @dy:Double! @dz:Double Orientation?
RoadCondition = @frictionScaleFactor:Double! @wetness:Wetness Properties?
RoadCursor = @roadId! @s:Double Lane*
RoadNetwork = (LogicFile:File? SceneGraphFile:File? TrafficSignals? UsedArea?)
RoadPosition = @roadId! @s:Double! @t:Double! Orientation?
RoadRange = @length:Double RoadCursor{2,}
Route = @closed:Boolean! @name! (ParameterDeclarations? Waypoint{2,})
RouteCatalogLocation = Directory
RoutePosition = (RouteRef & Orientation? & InRoutePosition)
RouteRef = (Route | CatalogReference)
RoutingAction = (AssignRouteAction | FollowTrajectoryAction | AcquirePositionAction | RandomRouteAction)
ScenarioObject = @name! ((CatalogReference | Vehicle | Pedestrian | MiscObject | ExternalObjectReference) \
    ObjectController*)
ScenarioObjectTemplate = ((CatalogReference | Vehicle | Pedestrian | MiscObject | ExternalObjectReference) \
    ObjectController*)
SelectedEntities = (EntityRef+ | ByType+)
SensorReference = @name!
SensorReferenceSet = SensorReference+
SetMonitorAction = @monitorRef! @value:Boolean!
Shape = (Polyline | Clothoid | ClothoidSpline | Nurbs)
SimulationTimeCondition = @rule:Rule! @value:Double!
SpeedAction = (SpeedActionDynamics:TransitionDynamics & SpeedActionTarget)
SpeedActionTarget = (RelativeTargetSpeed | AbsoluteTargetSpeed)
SpeedCondition = @rule:Rule! @value:Double! @direction:DirectionalDimension
SpeedProfileAction = @entityRef @followingMode:FollowingMode! (DynamicConstraints? SpeedProfileEntry+)
SpeedProfileEntry = @speed:Double! @time:Double
StandStillCondition = @duration:Double!
Stochastic = @numberOfTestRuns:UnsignedInt! @randomSeed:Double StochasticDistribution+
StochasticDistribution = @parameterName! (ProbabilityDistributionSet | NormalDistribution | \
    LogNormalDistribution | UniformDistribution | PoissonDistribution | Histogram | UserDefinedDistribution)
Story = @name! (ParameterDeclarations? Act+)
Storyboard = (Init Story* StopTrigger:Trigger?)
StoryboardElementStateCondition = @storyboardElementRef! @state:StoryboardElementState! \
    @storyboardElementType:StoryboardElementType!
Sun = @azimuth:Double! @elevation:Double! @intensity:Double~ @illuminance:Double
SynchronizeAction = @masterEntityRef! @targetToleranceMaster:Double @targetTolerance:Double \
    (TargetPositionMaster:Position & TargetPosition:Position & FinalSpeed?)
TargetDistanceSteadyState = @distance:Double!
TargetTimeSteadyState = @time:Double!
TeleportAction = Position
TimeHeadwayCondition = @entityRef! @alongRoute:Boolean~ @freespace:Boolean! @rule:Rule! @value:Double! \
    @coordinateSystem:CoordinateSystem @relativeDistanceType:RelativeDistanceType @routingAlgorithm:RoutingAlgorithm
TimeOfDay = @animation:Boolean! @dateTime:DateTime!
TimeOfDayCondition = @dateTime:DateTime! @rule:Rule!
TimeReference = (None | Timing)
TimeToCollisionCondition = @alongRoute:Boolean~ @freespace:Boolean! @rule:Rule! @value:Double! \
    @relativeDistanceType:RelativeDistanceType @coordinateSystem:CoordinateSystem \
    @routingAlgorithm:RoutingAlgorithm TimeToCollisionConditionTarget
TimeToCollisionConditionTarget = (Position | EntityRef)
Timing = @domainAbsoluteRelative:ReferenceContext! @offset:Double! @scale:Double!
TrafficAction = @trafficName (TrafficSourceAction | TrafficSinkAction | TrafficSwarmAction | TrafficAreaAction \
    | TrafficStopAction)
TrafficArea = (Polygon | RoadRange+)
TrafficAreaAction = @numberOfEntities:UnsignedInt! @continuous:Boolean! (TrafficDistribution & TrafficArea)
TrafficDefinition = @name! (VehicleCategoryDistribution & VehicleRoleDistribution? & ControllerDistribution)
TrafficDistribution = TrafficDistributionEntry+
TrafficDistributionEntry = @weight:Double! (EntityDistribution Properties?)
TrafficSignalAction = (TrafficSignalControllerAction | TrafficSignalStateAction)
TrafficSignalCondition = @name! @state!
TrafficSignalController = @delay:Double @name! @reference Phase*
TrafficSignals = TrafficSignalController*
TrafficSignalControllerAction = @trafficSignalControllerRef! @phase!
TrafficSignalControllerCondition = @trafficSignalControllerRef! @phase!
TrafficSignalGroupState = @state!
TrafficSignalState = @state! @trafficSignalId!
TrafficSignalStateAction = @name! @state!
TrafficSinkAction = @radius:Double! @rate:Double (Position & TrafficDefinition~?)
TrafficSourceAction = @radius:Double! @rate:Double! @velocity:Double~ @speed:Double (Position & \
    TrafficDefinition~? & TrafficDistribution?)
TrafficStopAction =
TrafficSwarmAction = @innerRadius:Double! @numberOfVehicles:UnsignedInt! @offset:Double! @semiMajorAxis:Double! \
    @semiMinorAxis:Double! @velocity:Double~ (CentralObject:CentralSwarmObject & TrafficDefinition~? & \
    TrafficDistribution? & InitialSpeedRange:Range? & DirectionOfTravelDistribution?)
Trailer = (Trailer:ScenarioObject | TrailerRef:EntityRef)
TrailerAction = (ConnectTrailerAction | DisconnectTrailerAction)
TrailerCoupler = @dx:Double! @dz:Double
TrailerHitch = @dx:Double! @dz:Double
Trajectory = @closed:Boolean! @name! (ParameterDeclarations? Shape)
TrajectoryCatalogLocation = Directory
TrajectoryFollowingMode = @followingMode:FollowingMode!
TrajectoryPosition = @s:Double! @t:Double (Orientation? & TrajectoryRef)
TrajectoryRef = (Trajectory | CatalogReference)
TransitionDynamics = @dynamicsDimension:DynamicsDimension! @dynamicsShape:DynamicsShape! \
    @followingMode:FollowingMode @value:Double!
TraveledDistanceCondition = @value:Double!
Trigger = ConditionGroup*
TriggeringEntities = @triggeringEntitiesRule:TriggeringEntitiesRule! EntityRef+
UniformDistribution = Range
UsedArea = Position{2,}
UserDefinedAction = CustomCommandAction
UserDefinedAnimation = @userDefinedAnimationType!
UserDefinedComponent = @userDefinedComponentType!
UserDefinedDistribution = @type! TEXT
UserDefinedLight = @userDefinedLightType!
UserDefinedValueCondition = @name! @rule:Rule! @value!
ValueConstraint = @rule:Rule! @value!
ValueConstraintGroup = ValueConstraint+
ValueSetDistribution = ParameterValueSet+
VariableAction = @variableRef! (SetAction:VariableSetAction | ModifyAction:VariableModifyAction)
VariableAddValueRule = @value:Double!
VariableCondition = @variableRef! @rule:Rule! @value!
VariableDeclaration = @name! @variableType:ParameterType! @value!
VariableDeclarations = VariableDeclaration*
VariableModifyAction = Rule:VariableModifyRule
VariableModifyRule = (AddValue:VariableAddValueRule | MultiplyByValue:VariableMultiplyByValueRule)
VariableMultiplyByValueRule = @value:Double!
VariableSetAction = @value!
Vehicle = @name! @vehicleCategory:VehicleCategory! @role:Role @mass:Double @model3d (ParameterDeclarations? & \
    BoundingBox & Performance & Axles & Properties? & TrailerHitch? & TrailerCoupler? & Trailer?)
VehicleCatalogLocation = Directory
VehicleCategoryDistribution = VehicleCategoryDistributionEntry+
VehicleCategoryDistributionEntry = @category:VehicleCategory! @weight:Double!
VehicleComponent = @vehicleComponentType:VehicleComponentType!
VehicleLight = @vehicleLightType:VehicleLightType!
VehicleRoleDistribution = VehicleRoleDistributionEntry+
VehicleRoleDistributionEntry = @role:Role! @weight:Double!
Vertex = @time:Double Position
VisibilityAction = @graphics:Boolean! @sensors:Boolean! @traffic:Boolean! SensorReferenceSet?
Waypoint = @routeStrategy:RouteStrategy! Position
Weather = @cloudState:CloudState~ @atmosphericPressure:Double @temperature:Double \
    @fractionalCloudCover:FractionalCloudCover (Sun? & Fog? & Precipitation? & Wind? & DomeImage?)
Wind = @direction:Double! @speed:Double!
WorldPosition = @h:Double @p:Double @r:Double @x:Double! @y:Double! @z:Double
"""
