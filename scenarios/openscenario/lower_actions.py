"""Actions of a resolved tree as storyboard values."""

from driving_data.environment import Environment
from scenarios import storyboard as sb
from scenarios.openscenario.lower_context import Context, only
from scenarios.openscenario.lower_environment import environment_of
from scenarios.openscenario.lower_positions import position_of, route_of, trajectory_of
from scenarios.openscenario.node import Node

SHAPES = ("step", "linear", "sinusoidal", "cubic")
PEDALS = {
    "Throttle": "throttle", "Brake": "brake", "Clutch": "clutch", "ParkingBrake": "parking_brake",
    "SteeringWheel": "steering_wheel", "Gear": "gear",
}  # fmt: skip


def private_action(context: Context, node: Node) -> tuple[sb.Action, ...]:
    """What a PrivateAction element asks for; several where one element says several things."""
    found = only(node)
    if found is None:
        context.fault(node, "missing-action", "", "an action")
        return ()
    if found.tag in ("LongitudinalAction", "LateralAction", "RoutingAction", "AppearanceAction", "TrailerAction"):
        inner = only(found)
        return () if inner is None else _simple(context, inner)
    if found.tag == "ControllerAction":
        return tuple(action for child in found.children for action in _simple(context, child))
    return _simple(context, found)


def _simple(context: Context, node: Node) -> tuple[sb.Action, ...]:
    maker = _PRIVATE.get(node.tag)
    if maker is None:
        if node.tag == "AnimationAction":
            context.note(node, "AnimationAction", "parts of bodies do not move")
            return ()
        context.unsupported(node, node.tag)
        return ()
    made = maker(context, node)
    return () if made is None else (made,)


def global_action(context: Context, node: Node, environment: Environment) -> tuple[sb.Action, ...]:
    """What a GlobalAction element asks for; `environment` is the one that holds before."""
    found = only(node)
    inner = only(found) if found is not None else None
    if found is None:
        context.fault(node, "missing-action", "", "an action")
        return ()
    if found.tag == "EnvironmentAction" and inner is not None:
        return (sb.SetEnvironment(environment_of(context, inner, environment)),)
    if found.tag == "EntityAction" and inner is not None:
        name = context.entity(found)
        if inner.tag == "AddEntityAction":
            return (sb.AddEntity(name, position_of(context, inner.child("Position"), inner)),)
        return (sb.DeleteEntity(name),)
    if found.tag in ("ParameterAction", "VariableAction") and inner is not None:
        return (_value(context, found, inner),)
    if found.tag == "InfrastructureAction" and inner is not None:
        return _signal(context, inner)
    if found.tag == "SetMonitorAction":
        context.note(found, "SetMonitorAction", "nobody watches monitors here")
        return ()
    context.unsupported(found, inner.tag if inner is not None else found.tag)
    return ()


def user_action(context: Context, node: Node) -> tuple[sb.Action, ...]:
    """A UserDefinedAction: kept as what it says."""
    found = only(node)
    if found is None:
        return ()
    context.note(found, f"type={found.get('type')!r}", "commands of one's own change nothing here")
    return (sb.UserCommand(found.get("type"), found.text or found.get("content")),)


def _value(context: Context, holder: Node, inner: Node) -> sb.Action:
    name = holder.get("parameterRef") or holder.get("variableRef")
    if inner.tag == "SetAction":
        return sb.SetValue(name, inner.get("value"))
    rule_holder = inner.child("Rule")
    rule = only(rule_holder) if rule_holder is not None else None
    if rule is None:
        context.fault(inner, "missing-rule", "", "AddValue or MultiplyByValue")
        return sb.ModifyValue(name, "add", 0.0)
    return sb.ModifyValue(name, "add" if rule.tag == "AddValue" else "multiply", context.number(rule, "value"))


def _signal(context: Context, node: Node) -> tuple[sb.Action, ...]:
    found = only(node)
    if found is None:
        return ()
    if found.tag == "TrafficSignalStateAction":
        return (sb.SetSignal(found.get("name"), found.get("state")),)
    return (sb.SetSignalController(found.get("trafficSignalControllerRef"), found.get("phase")),)


def dynamics_of(context: Context, node: Node | None, at: Node) -> sb.Dynamics:
    """A TransitionDynamics element."""
    if node is None:
        context.fault(at, "missing-dynamics", "", "TransitionDynamics")
        return sb.Dynamics()
    shape = node.get("dynamicsShape", "step")
    if shape not in SHAPES:
        context.fault(node, "unknown-shape", repr(shape), f"one of {', '.join(SHAPES)}")
    return sb.Dynamics(
        shape,
        node.get("dynamicsDimension", "time"),
        context.number(node, "value"),
        node.get("followingMode", "position"),
    )


def limits_of(context: Context, node: Node | None) -> sb.Limits:
    """A DynamicConstraints element; no limits without one."""
    if node is None:
        return sb.Limits()
    names = ("maxSpeed", "maxAcceleration", "maxDeceleration", "maxAccelerationRate", "maxDecelerationRate")
    return sb.Limits(*(context.optional(node, name) for name in names))


def _teleport(context: Context, node: Node) -> sb.Action:
    return sb.Teleport(position_of(context, node.child("Position"), node))


def _speed(context: Context, node: Node) -> sb.Action:
    holder = node.child("SpeedActionTarget")
    target = only(holder) if holder is not None else None
    return sb.Speed(_speed_target(context, target, node), dynamics_of(context, node.child("SpeedActionDynamics"), node))


def _speed_target(context: Context, node: Node | None, at: Node) -> sb.SpeedTarget:
    if node is None:
        context.fault(at, "missing-target", "", "AbsoluteTargetSpeed or RelativeTargetSpeed")
        return sb.SpeedTarget(0.0)
    if node.tag == "RelativeTargetSpeed":
        kind = node.get("speedTargetValueType", "delta")
        return sb.SpeedTarget(
            context.number(node, "value"), context.entity(node), kind, context.flag(node, "continuous")
        )
    return sb.SpeedTarget(context.number(node, "value"))


def _profile(context: Context, node: Node) -> sb.Action:
    entries = tuple(
        sb.SpeedProfileEntry(context.number(entry, "speed"), context.optional(entry, "time"))
        for entry in node.all("SpeedProfileEntry")
    )
    if not entries:
        context.fault(node, "missing-entries", "", "at least one SpeedProfileEntry")
    entity = context.entity(node) if node.get("entityRef") else ""
    limits = limits_of(context, node.child("DynamicConstraints"))
    return sb.SpeedProfile(entries, node.get("followingMode", "position"), limits, entity)


def _long_distance(context: Context, node: Node) -> sb.Action:
    return sb.LongitudinalDistance(
        entity=context.entity(node),
        distance_m=context.optional(node, "distance"),
        time_gap_s=context.optional(node, "timeGap"),
        continuous=context.flag(node, "continuous"),
        freespace=context.flag(node, "freespace"),
        coordinates=node.get("coordinateSystem", "entity"),
        displacement=node.get("displacement", "any"),
        limits=limits_of(context, node.child("DynamicConstraints")),
    )


def _lane_change(context: Context, node: Node) -> sb.Action:
    holder = node.child("LaneChangeTarget")
    target = only(holder) if holder is not None else None
    if target is None:
        context.fault(node, "missing-target", "", "AbsoluteTargetLane or RelativeTargetLane")
        return sb.LaneChange(0)
    entity = context.entity(target) if target.tag == "RelativeTargetLane" else ""
    dynamics = dynamics_of(context, node.child("LaneChangeActionDynamics"), node)
    return sb.LaneChange(context.whole(target, "value"), entity, context.number(node, "targetLaneOffset"), dynamics)


def _lane_offset(context: Context, node: Node) -> sb.Action:
    holder = node.child("LaneOffsetTarget")
    target = only(holder) if holder is not None else None
    dynamics = node.child("LaneOffsetActionDynamics")
    entity = context.entity(target) if target is not None and target.tag == "RelativeTargetLaneOffset" else ""
    return sb.LaneOffset(
        offset_m=0.0 if target is None else context.number(target, "value"),
        entity=entity,
        continuous=context.flag(node, "continuous"),
        shape="step" if dynamics is None else dynamics.get("dynamicsShape", "step"),
        max_acceleration_mps2=None if dynamics is None else context.optional(dynamics, "maxLateralAcc"),
    )


def _lateral_distance(context: Context, node: Node) -> sb.Action:
    return sb.LateralDistance(
        entity=context.entity(node),
        distance_m=context.number(node, "distance"),
        continuous=context.flag(node, "continuous"),
        freespace=context.flag(node, "freespace"),
        coordinates=node.get("coordinateSystem", "entity"),
        displacement=node.get("displacement", "any"),
        limits=limits_of(context, node.child("DynamicConstraints")),
    )


def _assign_route(context: Context, node: Node) -> sb.Action:
    return sb.AssignRoute(route_of(context, only(node), node))


def _acquire(context: Context, node: Node) -> sb.Action:
    return sb.AcquirePosition(position_of(context, node.child("Position"), node))


def _random_route(_context: Context, _node: Node) -> sb.Action:
    return sb.RandomRoute()


def _follow(context: Context, node: Node) -> sb.Action:
    reference = node.child("TrajectoryRef")
    trajectory = only(reference) if reference is not None else node.child("Trajectory")
    times = node.child("TimeReference")
    timing = times.child("Timing") if times is not None else None
    mode = node.child("TrajectoryFollowingMode")
    return sb.FollowTrajectory(
        trajectory=trajectory_of(context, trajectory, node),
        timing="none" if timing is None else timing.get("domainAbsoluteRelative", "absolute"),
        scale=1.0 if timing is None else context.number(timing, "scale", 1.0),
        shift_s=0.0 if timing is None else context.number(timing, "offset"),
        following="position" if mode is None else mode.get("followingMode", "position"),
        initial_m=context.number(node, "initialDistanceOffset"),
    )


def _synchronize(context: Context, node: Node) -> sb.Action:
    master = context.entity(node, "masterEntityRef")
    holder = node.child("FinalSpeed")
    final = only(holder) if holder is not None else None
    speed, steady = None, None
    if final is not None:
        if final.tag == "RelativeSpeedToMaster":
            kind = final.get("speedTargetValueType", "delta")
            speed = sb.SpeedTarget(context.number(final, "value"), master, kind, True)
        else:
            speed = sb.SpeedTarget(context.number(final, "value"))
        steady = only(final)
    return sb.Synchronize(
        master=master,
        master_target=position_of(context, node.child("TargetPositionMaster"), node),
        target=position_of(context, node.child("TargetPosition"), node),
        tolerance_m=context.number(node, "targetTolerance"),
        master_tolerance_m=context.number(node, "targetToleranceMaster"),
        final_speed=speed,
        steady_s=context.optional(steady, "time") if steady is not None and "Time" in steady.tag else None,
        steady_m=context.optional(steady, "distance") if steady is not None and "Distance" in steady.tag else None,
    )


def _activate(context: Context, node: Node) -> sb.Action:
    return sb.ControllerSwitch(
        node.get("objectControllerRef") or node.get("controllerRef"),
        *(context.maybe_flag(node, name) for name in ("lateral", "longitudinal", "lighting", "animation")),
    )


def _assign(context: Context, node: Node) -> sb.Action:
    names = [found.get("name") for found in node.walk() if found.tag == "Controller"]
    return sb.ControllerSwitch(
        names[0] if names else "",
        *(
            context.maybe_flag(node, name)
            for name in ("activateLateral", "activateLongitudinal", "activateLighting", "activateAnimation")
        ),
    )


def _override(context: Context, node: Node) -> sb.Action:
    values: dict[str, float] = {}
    released: list[str] = []
    for child in node.children:
        name = PEDALS.get(child.tag)
        if name is None:
            context.unsupported(child, child.tag)
        elif not context.flag(child, "active"):
            released.append(name)
        else:
            inner = only(child)
            holder = inner if inner is not None else child
            key = next((key for key in ("value", "number", "gear") if holder.get(key)), "value")
            gears = {"r": -1.0, "p": 0.0, "n": 0.0, "d": 1.0}
            text = holder.get(key)
            values[name] = gears[text] if text in gears else context.number(holder, key)
    return sb.OverrideControls(values, tuple(released))


def _visibility(context: Context, node: Node) -> sb.Action:
    return sb.Visibility(*(context.flag(node, name, True) for name in ("graphics", "sensors", "traffic")))


def _light(context: Context, node: Node) -> sb.Action | None:
    holder, state = node.child("LightType"), node.child("LightState")
    kind = only(holder) if holder is not None else None
    if kind is None or state is None:
        context.fault(node, "missing-light", "", "a LightType and a LightState")
        return None
    if state.child("Color") is not None or state.get("luminousIntensity"):
        context.note(state, "colour and intensity", "lamps are on, off or flashing here")
    name = kind.get("vehicleLightType") or kind.get("userDefinedLightType")
    return sb.LightState(
        name, state.get("mode"), context.number(node, "transitionTime"),
        context.number(state, "flashingOnDuration", 0.5), context.number(state, "flashingOffDuration", 0.5),
    )  # fmt: skip


def _connect(context: Context, node: Node) -> sb.Action:
    return sb.ConnectTrailer(context.entity(node, "trailerRef"))


def _disconnect(_context: Context, _node: Node) -> sb.Action:
    return sb.ConnectTrailer("")


_PRIVATE = {
    "TeleportAction": _teleport,
    "SpeedAction": _speed,
    "SpeedProfileAction": _profile,
    "LongitudinalDistanceAction": _long_distance,
    "LaneChangeAction": _lane_change,
    "LaneOffsetAction": _lane_offset,
    "LateralDistanceAction": _lateral_distance,
    "AssignRouteAction": _assign_route,
    "AcquirePositionAction": _acquire,
    "RandomRouteAction": _random_route,
    "FollowTrajectoryAction": _follow,
    "SynchronizeAction": _synchronize,
    "ActivateControllerAction": _activate,
    "AssignControllerAction": _assign,
    "OverrideControllerValueAction": _override,
    "VisibilityAction": _visibility,
    "LightStateAction": _light,
    "ConnectTrailerAction": _connect,
    "DisconnectTrailerAction": _disconnect,
}
