"""The storyboard as a machine: elements that stand by, run and are complete, and the transitions between them.

An element with a start trigger stands by until it fires; the children of a running element run or stand by. An event
decides by its priority about the other events of its manoeuvre, and ends the actions that claim the same channels of
the same actor. An element is complete when its children are; events and groups begin again until their count is used.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from scenarios import storyboard as sb
from sim_bridge.embedded.storyboard.conditions import Firing, Watch
from sim_bridge.embedded.storyboard.doings import Doing, do_global, doing_of
from sim_bridge.embedded.storyboard.stage import Body, Stage

INIT, STANDBY, RUNNING, COMPLETE = "initState", "standbyState", "runningState", "completeState"
START, END, STOP, SKIP = "startTransition", "endTransition", "stopTransition", "skipTransition"
KINDS = ("story", "act", "maneuverGroup", "maneuver", "event", "action")


@dataclass(slots=True, eq=False)
class Element:
    """One element of the storyboard at work.

    Attributes:
        kind: 'storyboard', 'story', 'act', 'maneuverGroup', 'maneuver', 'event' or 'action'.
        name: as in the file; `path` with the names above it.
        parent: None for the storyboard.
        children: below it.
        start, stop: triggers.
        limit: executions of an event or group.
        priority: of an event.
        action: what an action does, by `doing` to `body` or to the world.
        spec: the event of an event, for actors that its trigger chooses.
        chosen: whether actors are those that fired the trigger.
    """

    kind: str
    name: str
    path: str
    parent: "Element | None"
    children: list["Element"] = field(default_factory=lambda: [])
    start: Firing | None = None
    stop: Firing | None = None
    limit: int = 1
    priority: str = "parallel"
    action: sb.Action | None = None
    doing: Doing | None = None
    body: Body | None = None
    spec: sb.Event | None = None
    chosen: bool = False
    state: str = INIT
    executions: int = 0
    watches: list[Watch] = field(default_factory=lambda: [])

    def walk(self) -> Iterator["Element"]:
        """This element and everything below."""
        yield self
        for child in self.children:
            yield from child.walk()

    def runs(self) -> bool:
        """Whether it runs."""
        return self.state == RUNNING

    def become(self, state: str, transition: str) -> None:
        """Changes the state; who watches is told."""
        if state != self.state:
            for watch in self.watches:
                watch.changes.append((transition, state))
            self.state = state


@dataclass(slots=True, eq=False)
class Tree:
    """The whole storyboard at work."""

    stage: Stage
    root: Element
    init: list[Element]

    @staticmethod
    def of(board: sb.Storyboard, stage: Stage) -> "Tree":
        """Builds the machine; every action once per actor."""
        root = Element("storyboard", "", "", None)
        root.stop = None if board.stop is None else Firing.of(board.stop, False)
        tree = Tree(stage, root, [])
        for story in board.stories:
            tree._story(root, story)
        for item in board.init:
            body = stage.bodies[item.entity] if item.entity else None
            tree.init.append(_action(None, "", item.action, body))
        for element in root.walk():
            for firing in (element.start, element.stop):
                tree._watch(firing)
        return tree

    def _story(self, root: Element, spec: sb.Story) -> None:
        story = _child(root, "story", spec.name)
        for act_spec in spec.acts:
            act = _child(story, "act", act_spec.name)
            act.start = None if act_spec.start is None else Firing.of(act_spec.start, True)
            act.stop = None if act_spec.stop is None else Firing.of(act_spec.stop, False)
            for group_spec in act_spec.groups:
                group = _child(act, "maneuverGroup", group_spec.name)
                group.limit = group_spec.max_executions
                for maneuver_spec in group_spec.maneuvers:
                    maneuver = _child(group, "maneuver", maneuver_spec.name)
                    for event_spec in maneuver_spec.events:
                        self._event(maneuver, event_spec, group_spec)

    def _event(self, maneuver: Element, spec: sb.Event, group: sb.ManeuverGroup) -> None:
        event = _child(maneuver, "event", spec.name)
        event.start = None if spec.start is None else Firing.of(spec.start, True)
        event.limit, event.priority, event.spec = spec.max_executions, spec.priority, spec
        event.chosen = group.triggering_entities
        self._actions(event, [self.stage.bodies[name] for name in group.actors])

    def _actions(self, event: Element, actors: list[Body]) -> None:
        for named in event.spec.actions if event.spec is not None else ():
            if _is_private(named.action):
                for body in actors:
                    event.children.append(_action(event, named.name, named.action, body))
            else:
                event.children.append(_action(event, named.name, named.action, None))

    def _watch(self, firing: Firing | None) -> None:
        for group in firing.groups if firing is not None else ():
            for test in group:
                what = test.spec.what
                if isinstance(what, sb.OnElement):
                    found = self.find(what.kind, what.element)
                    if found is not None:
                        test.watch = Watch(state=found.state)
                        found.watches.append(test.watch)

    def find(self, kind: str, name: str) -> Element | None:
        """The element that a condition names: by its name, or by the end of its path `story::act::...`."""
        for element in self.root.walk():
            if element.kind == kind and (element.name == name or element.path.endswith(f"::{name}")):
                return element
            if element.kind == kind and element.path == name:
                return element
        return None

    def begin(self) -> None:
        """Time zero: the actions at the start, then the storyboard runs."""
        for element in self.init:
            if element.body is None:
                self._begin_action(element)
        for element in self.init:
            if element.body is not None:
                self._begin_action(element)
        self.root.state = RUNNING
        for child in self.root.children:
            self._start(child)

    def step(self, dt: float) -> bool:
        """One step: triggers, actions at the start that still run, then the story; False once it has stopped."""
        self._look(self.root)
        for element in self.init:
            if element.state == RUNNING:
                self._go(element, dt)
        self._run(self.root, dt)
        return self.root.state == RUNNING

    def _look(self, element: Element) -> None:
        if element.state == RUNNING and element.stop is not None and element.stop.look(self.stage):
            self._stop(element)
        if element.state == STANDBY and (element.start is None or element.start.look(self.stage)):
            self._start(element)
        if element.state == RUNNING:
            for child in element.children:
                self._look(child)

    def _run(self, element: Element, dt: float) -> None:
        if element.state != RUNNING:
            return
        for child in list(element.children):
            if child.kind == "action":
                if child.state == RUNNING:
                    self._go(child, dt)
            else:
                self._run(child, dt)

    def _start(self, element: Element) -> None:
        if element.kind == "action":
            self._begin_action(element)
            return
        if element.state == INIT and element.start is not None:
            element.become(STANDBY, "initToStandbyTransition")
            return
        if element.state not in (INIT, STANDBY):
            return
        if element.kind == "event" and not self._may_start(element):
            return
        element.become(RUNNING, START)
        element.executions += 1
        if element.kind == "event":
            self._start_event(element)
            return
        if not element.children:
            self._end(element)
            return
        for child in list(element.children):
            if element.runs():
                self._start(child)

    def _may_start(self, event: Element) -> bool:
        """Whether the other events of the manoeuvre let an event start; ends them where it has priority."""
        others = (
            []
            if event.parent is None
            else [other for other in event.parent.children if other is not event and other.state == RUNNING]
        )
        if event.priority == "skip":
            return not others
        if event.priority in ("override", "overwrite"):
            for other in others:
                self._end(other)
        return True

    def _start_event(self, event: Element) -> None:
        if event.chosen and event.start is not None:
            event.children.clear()
            self._actions(event, list(dict.fromkeys(event.start.by)))
        if not event.children:
            self._end(event)
            return
        for child in list(event.children):
            if child.doing is not None and child.body is not None:
                self._claim(child)
            child.state = INIT
            self._begin_action(child)
            if event.state != RUNNING:
                return

    def _claim(self, action: Element) -> None:
        """Ends whatever runs on the same channels of the same body."""
        running = [*self.init, *(found for found in self.root.walk() if found.kind == "action")]
        for other in running:
            if other is action or other.body is not action.body or other.state != RUNNING:
                continue
            if other.doing is None or action.doing is None or not other.doing.domains & action.doing.domains:
                continue
            if _other_light(other.action, action.action):
                continue
            self._end(other)

    def _begin_action(self, element: Element) -> None:
        element.become(RUNNING, START)
        element.executions += 1
        body = element.body
        if element.doing is None or body is None:
            if element.action is not None:
                do_global(self.stage, element.action)  # pyright: ignore[reportArgumentType]
            return
        if _left_to_outside(body, element.action, self.stage) or element.doing.begin(self.stage, body):
            self._end(element)

    def _go(self, element: Element, dt: float) -> None:
        body, doing = element.body, element.doing
        if body is None or doing is None:
            self._end(element)
            return
        idle = not body.active or _left_to_outside(body, element.action, self.stage)
        if idle or doing.go(self.stage, body, dt):
            self._end(element)

    def _end(self, element: Element) -> None:
        if element.state not in (RUNNING, STANDBY):
            return
        for child in element.children:
            if child.state == RUNNING:
                self._end(child)
        if element.state not in (RUNNING, STANDBY):
            return
        if element.kind in ("event", "maneuverGroup") and element.executions < element.limit:
            for firing in (element.start, element.stop):
                if firing is not None:
                    firing.reset()
            element.become(STANDBY, END)
            for child in element.children:
                _reset(child)
        else:
            element.become(COMPLETE, END)
        self._tell(element.parent)

    def _stop(self, element: Element) -> None:
        for child in element.children:
            self._stop(child)
        if element.state in (STANDBY, RUNNING):
            element.become(COMPLETE, STOP)
        self._tell(element.parent)

    def _tell(self, parent: Element | None) -> None:
        """A parent is over when all its children are."""
        if parent is None or parent.kind == "storyboard" or parent.state == COMPLETE:
            return
        if all(child.state == COMPLETE for child in parent.children):
            self._end(parent)


def _child(parent: Element, kind: str, name: str) -> Element:
    path = f"{parent.path}::{name}" if parent.path else name
    element = Element(kind, name, path, parent)
    parent.children.append(element)
    return element


def _action(event: Element | None, name: str, action: sb.Action, body: Body | None) -> Element:
    path = f"{event.path}::{name}" if event is not None else name
    element = Element("action", name, path, event, action=action, body=body)
    if body is not None:
        element.doing = doing_of(action)  # pyright: ignore[reportArgumentType]
    return element


_WORLD = (
    sb.SetEnvironment, sb.AddEntity, sb.DeleteEntity, sb.SetValue, sb.ModifyValue, sb.SetSignal,
    sb.SetSignalController, sb.UserCommand,
)  # fmt: skip


def _is_private(action: sb.Action) -> bool:
    return not isinstance(action, _WORLD)


def _left_to_outside(body: Body, action: sb.Action | None, stage: Stage) -> bool:
    """Whether somebody else moves the body, so that actions on its motion are not for us; the start is ours."""
    moves = not isinstance(action, (sb.AssignRoute, sb.AcquirePosition, sb.RandomRoute, sb.LightState, sb.Visibility))
    return body.outside and moves and stage.frame > 0


def _other_light(one: sb.Action | None, two: sb.Action | None) -> bool:
    return isinstance(one, sb.LightState) and isinstance(two, sb.LightState) and one.light != two.light


def _reset(element: Element) -> None:
    for child in element.children:
        _reset(child)
    element.state = INIT
