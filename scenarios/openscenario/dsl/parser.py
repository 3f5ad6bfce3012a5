"""Recursive descent over the tokens of an OpenSCENARIO DSL file (the core of the 2.1 grammar)."""

from pathlib import Path

from driving_data.errors import Fault, InputError
from scenarios.openscenario.dsl import tree
from scenarios.openscenario.dsl.expressions import ExpressionParser
from scenarios.openscenario.dsl.tokens import MAX_BYTES, tokens_of

_ENTITIES = ("struct", "actor", "scenario", "action", "modifier")
_COMPOSITIONS = ("serial", "parallel", "one_of", "first_of", "mix")


def parse_file(path: Path) -> tree.File:
    """Reads and parses a file.

    Raises:
        InputError: it cannot be read, or is no OpenSCENARIO DSL; the first fault of the grammar is named.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError([Fault(str(path), 0, 0, "", "too-large", f"{path.stat().st_size} bytes", "at most 1 MB")])
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        fault = Fault(str(path), 0, 0, "", "unreadable", error.strerror or str(error), "a readable file")
        raise InputError([fault]) from error
    except UnicodeDecodeError as error:
        raise InputError([Fault(str(path), 0, 0, "", "not-utf8", str(error), "UTF-8")]) from error
    return parse(text, str(path))


def parse(text: str, file: str = "") -> tree.File:
    """Parses the text of a file.

    Raises:
        InputError: it is no OpenSCENARIO DSL.
    """
    return tree.File(file, _Parser(tokens_of(text, file), file).file())


class _Parser(ExpressionParser):
    def file(self) -> tuple[tree.Statement, ...]:
        statements: list[tree.Statement] = []
        while self.kind != "end":
            if self.kind == "newline":
                self.advance()
            else:
                statements += self.statement()
        return tuple(statements)

    def statement(self) -> list[tree.Statement]:
        spot, word = self.spot, self.text
        if word == "import":
            self.advance()
            name = self.string() if self.kind == "string" else self.dotted(allow_type_suffix=False)
            self.end_of_line()
            return [tree.Import(name, spot)]
        if word == "type":
            return [self.quantity(spot)]
        if word == "unit":
            return [self.unit(spot)]
        if word == "enum":
            return [self.enumeration(spot)]
        if word == "global":
            self.advance()
            return list(self.fields())
        if word in _ENTITIES or (word == "extend" and self.kind == "name"):
            return [self.entity(spot)]
        words = ("import", "type", "unit", "enum", "global", *_ENTITIES, "extend")
        raise self.fault(f"{word!r} begins no declaration", f"one of {', '.join(words)}", near=words)

    def quantity(self, spot: tree.Spot) -> tree.Quantity:
        self.advance()
        name = self.name("a name of a physical type")
        self.expect("is")
        exponents, _, _ = self.si()
        self.end_of_line()
        return tree.Quantity(name, exponents, spot)

    def unit(self, spot: tree.Spot) -> tree.UnitDeclaration:
        self.advance()
        name = self.name("a name of a unit")
        self.expect("of")
        quantity = self.name("a physical type")
        self.expect("is")
        exponents, factor, offset = self.si()
        self.end_of_line()
        return tree.UnitDeclaration(name, quantity, exponents, factor, offset, spot)

    def si(self) -> tuple[tuple[tuple[str, int], ...], float, float]:
        self.expect("SI")
        self.expect("(")
        exponents: list[tuple[str, int]] = []
        factor, offset = 1.0, 0.0
        while not self.taken(")"):
            base = self.name("a base unit, factor or offset")
            self.expect(":")
            value = self.signed_number()
            if base == "factor":
                factor = value
            elif base == "offset":
                offset = value
            else:
                exponents.append((base, round(value)))
            if not self.taken(","):
                self.expect(")")
                break
        return tuple(exponents), factor, offset

    def enumeration(self, spot: tree.Spot) -> tree.Enumeration:
        self.advance()
        name = self.name("a name of an enumeration")
        self.expect(":")
        self.expect("[")
        members: list[str] = []
        while not self.taken("]"):
            members.append(self.name("a member"))
            if self.taken("="):
                self.expression()
            self.taken(",")
        self.end_of_line()
        return tree.Enumeration(name, tuple(members), spot)

    def entity(self, spot: tree.Spot) -> tree.Entity:
        kind, extends = self.advance().text, False
        if kind == "extend":
            kind, extends = "extend", True
        name = self.dotted()
        parent = ""
        if self.text in ("inherits", "of") and self.kind == "name":
            self.advance()
            parent = self.dotted()
            if self.taken("("):  # a condition on the parent: inherits vehicle(category == car)
                while not self.taken(")"):
                    self.advance()
        if not self.taken(":"):
            self.end_of_line()
            return tree.Entity(kind, name, parent, extends, (), None, spot)
        items: list[tree.BodyItem] = []
        do: tree.Doing | None = None
        for _ in self.block():
            if self.text == "do" and self.kind == "name":
                self.advance()
                do = self.doing()
            else:
                items += self.body_item()
        return tree.Entity(kind, name, parent, extends, tuple(items), do, spot)

    def body_item(self) -> list[tree.BodyItem]:
        spot, word = self.spot, self.text
        if self.kind == "name":
            if word == "event":
                return [self.event(spot)]
            if word == "def":
                return [self.method(spot)]
            if word in ("cover", "record") and self.following == "(":
                self.advance()
                arguments = self.arguments()
                self.end_of_line()
                return [tree.Coverage(word, arguments, spot)]
            if word == "keep" and self.following == "(":
                item = self.keep(spot)
                self.end_of_line()
                return [item]
            if word == "on":
                return [self.on(spot)]
            if word == "pass":
                self.advance()
                self.end_of_line()
                return []
        if word in ("var",) or self.following in (":", ","):
            return list(self.fields())
        item = self.modifier()
        self.end_of_line()
        return [item]

    def fields(self) -> list[tree.Field]:
        spot = self.spot
        variable = self.taken("var")
        names = [self.name("a name of a field")]
        while self.taken(","):
            names.append(self.name("a name of a field"))
        self.expect(":")
        kind = self.dotted()
        default = self.expression() if self.taken("=") else None
        if self.taken("with"):
            self.modifiers()
        else:
            self.end_of_line()
        return [tree.Field(name, kind, default, variable, spot) for name in names]

    def parameters(self) -> tuple[tree.Field, ...]:
        found: list[tree.Field] = []
        self.expect("(")
        while not self.taken(")"):
            spot = self.spot
            name = self.name("a name of a parameter")
            self.expect(":")
            kind = self.dotted()
            found.append(tree.Field(name, kind, self.expression() if self.taken("=") else None, False, spot))
            if not self.taken(","):
                self.expect(")")
                break
        return tuple(found)

    def event(self, spot: tree.Spot) -> tree.EventDeclaration:
        self.advance()
        name = self.name("a name of an event")
        parameters = self.parameters() if self.text == "(" else ()
        condition = self.condition() if self.taken("is") else None
        self.end_of_line()
        return tree.EventDeclaration(name, parameters, condition, spot)

    def method(self, spot: tree.Spot) -> tree.Method:
        self.advance()
        name = self.name("a name of a method")
        parameters = self.parameters()
        kind = self.dotted() if self.taken("->") else ""
        body, external = None, ""
        if self.taken("is"):
            self.taken("only")
            if self.taken("expression"):
                body = self.expression()
            elif self.taken("external"):
                external = self.dotted()
                if self.text == "(":
                    self.arguments()
            else:
                self.expect("undefined")
        self.end_of_line()
        return tree.Method(name, parameters, kind, body, external, spot)

    def keep(self, spot: tree.Spot) -> tree.Keep:
        self.advance()
        self.expect("(")
        soft = self.text in ("default", "hard", "soft") and self.kind == "name" and self.advance().text != "hard"
        condition = self.expression()
        self.expect(")")
        return tree.Keep(condition, soft, spot)

    def on(self, spot: tree.Spot) -> tree.On:
        self.advance()
        condition = self.condition()
        self.expect(":")
        return tree.On(condition, tuple(self.doing() for _ in self.block()), spot)

    def condition(self) -> tree.Condition:
        spot = self.spot
        if self.taken("@"):
            value = self.expression(no_condition=True)
            if self.taken("as"):
                self.name("a name")
            return tree.Condition("event", value, self.expression() if self.taken("if") else None, spot)
        if self.text in ("elapsed", "rise", "fall", "every") and self.following == "(":
            kind = self.advance().text
            arguments = self.arguments()
            return tree.Condition(kind, arguments[0].value if arguments else None, None, spot)
        return tree.Condition("expression", self.expression(), None, spot)

    def doing(self) -> tree.Doing:
        spot = self.spot
        if self.kind == "name" and self.following == ":" and self.text not in _COMPOSITIONS:
            label = self.advance().text
            self.expect(":")
            return tree.Labelled(label, self.doing(), spot)
        word = self.text
        if word in _COMPOSITIONS and self.following in (":", "("):
            return self.composition(spot)
        if word == "wait":
            self.advance()
            condition = self.condition()
            self.end_of_line()
            return tree.Wait(condition, spot)
        if word == "emit":
            self.advance()
            name = self.dotted()
            arguments = self.arguments() if self.text == "(" else ()
            self.end_of_line()
            return tree.Emit(name, arguments, spot)
        self.taken("call")
        path = self.dotted()
        arguments = self.arguments() if self.text == "(" else ()
        actor, _, name = path.rpartition(".")
        modifiers = self.modifiers() if self.taken("with") else self.end_of_line()
        return tree.Invoke(actor, name, arguments, modifiers or (), spot)

    def composition(self, spot: tree.Spot) -> tree.Compose:
        operator = self.advance().text
        arguments = self.arguments() if self.text == "(" else ()
        self.expect(":")
        members = tuple(self.doing() for _ in self.block())
        modifiers = self.modifiers() if self.taken("with") else ()
        return tree.Compose(operator, arguments, members, modifiers, spot)

    def modifiers(self) -> tuple[tree.Modifier, ...]:
        """What stands behind `with:`, as a block or on the line."""
        self.expect(":")
        found: list[tree.Modifier] = []
        if self.kind != "newline":
            found.append(self.modifier())
            self.end_of_line()
            return tuple(found)
        for _ in self.block():
            found.append(self.modifier())
            self.end_of_line()
        return tuple(found)

    def modifier(self) -> tree.Modifier:
        spot = self.spot
        if self.text == "keep" and self.following == "(":
            keep = self.keep(spot)
            return tree.Modifier("", "keep", (tree.Argument("", keep.condition),), spot)
        if self.text == "until" and self.kind == "name":
            self.advance()
            condition = self.condition()
            value = condition.value or tree.Literal(True, spot)
            return tree.Modifier("", "until", (tree.Argument(condition.kind, value),), spot)
        path = self.dotted()
        if self.text != "(":
            raise self.fault(f"{self.shown()} behind {path!r}", "a call, as name(...), or a field, as name: type")
        of, _, name = path.rpartition(".")
        return tree.Modifier(of, name, self.arguments(), spot)
