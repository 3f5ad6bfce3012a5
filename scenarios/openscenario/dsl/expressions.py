"""Expressions of OpenSCENARIO DSL, and the token cursor that every parser of it shares."""

from collections.abc import Iterator, Sequence

from driving_data.errors import Fault, InputError, nearest_name
from scenarios.openscenario.dsl import tree
from scenarios.openscenario.dsl.tokens import Token

_LEVELS: tuple[tuple[str, ...], ...] = (("=>",), ("or",), ("and",), ("==", "!=", "<", "<=", ">", ">=", "in"),
                                        ("+", "-"), ("*", "/", "%"))  # fmt: skip
MAX_DEPTH = 60


class ExpressionParser:
    """A cursor over tokens that reads expressions."""

    def __init__(self, tokens: Sequence[Token], file: str) -> None:
        self._tokens, self._file, self._at, self._depth = tokens, file, 0, 0

    @property
    def _token(self) -> Token:
        return self._tokens[self._at]

    @property
    def kind(self) -> str:
        """Kind of the present token."""
        return self._token.kind

    @property
    def text(self) -> str:
        """Text of the present token; empty for a string, which is no word of the language."""
        return "" if self.kind == "string" else self._token.text

    @property
    def following(self) -> str:
        """Text of the token behind the present one."""
        return self._tokens[min(self._at + 1, len(self._tokens) - 1)].text

    @property
    def spot(self) -> tree.Spot:
        """Where the present token stands."""
        return tree.Spot(self._token.line, self._token.column)

    def advance(self) -> Token:
        """The present token; steps to the next."""
        token = self._token
        if token.kind != "end":
            self._at += 1
        return token

    def taken(self, text: str) -> bool:
        """Whether the present token is this word or sign; steps over it if so."""
        if self.text == text and self.kind not in ("newline", "indent", "dedent", "end"):
            self.advance()
            return True
        return False

    def expect(self, text: str) -> None:
        """Steps over a word or sign.

        Raises:
            InputError: something else stands there.
        """
        if not self.taken(text):
            raise self.fault(self.shown(), repr(text))

    def name(self, what: str) -> str:
        """An identifier.

        Raises:
            InputError: something else stands there.
        """
        if self.kind != "name":
            raise self.fault(self.shown(), what)
        return self.advance().text.strip("|")

    def string(self) -> str:
        """The value of a string token."""
        text = self.advance().text
        return text[1:-1].replace('\\"', '"').replace("\\'", "'").replace("\\\\", "\\")

    def dotted(self, allow_type_suffix: bool = True) -> str:
        """A name with dots, as `path.set_map`; `list of` before a type is kept in front."""
        parts = [self.name("a name")]
        if allow_type_suffix and parts == ["list"] and self.taken("of"):
            return f"list of {self.dotted()}"
        while self.taken("."):
            parts.append(self.name("a name"))
        return ".".join(parts)

    def end_of_line(self) -> None:
        """Steps over the end of the line.

        Raises:
            InputError: something else stands there.
        """
        if self.kind == "newline":
            self.advance()
        elif self.kind not in ("end", "dedent"):
            raise self.fault(self.shown(), "the end of the line")

    def block(self) -> Iterator[None]:
        """One turn for each item of an indented block; the caller reads the item."""
        self.end_of_line()
        if not self._stepped("indent"):
            raise self.fault(self.shown(), "an indented block")
        while not self._stepped("dedent") and self._token.kind != "end":
            if self._stepped("newline"):
                continue
            if self._token.kind == "indent":
                raise self.fault("a line that is indented further", "the indentation of the block")
            yield None

    def _stepped(self, kind: str) -> bool:
        """Whether the present token is of a kind; steps over it if so."""
        found = self._token.kind == kind
        if found:
            self.advance()
        return found

    def shown(self) -> str:
        """The present token in words."""
        words = {"newline": "the end of the line", "indent": "an indented line", "dedent": "the end of the block",
                 "end": "the end of the file"}  # fmt: skip
        return words.get(self.kind, repr(self._token.text))

    def fault(self, found: str, expected: str, near: Sequence[str] = ()) -> InputError:
        """An error at the present token."""
        nearest = nearest_name(self._token.text, near) if near else None
        return InputError([Fault(self._file, self._token.line, self._token.column, "", "bad-syntax", found, expected,
                                 nearest or "")])  # fmt: skip

    def signed_number(self) -> float:
        """A number with an optional sign."""
        sign = -1.0 if self.taken("-") else 1.0
        self.taken("+")
        if self.kind != "number":
            raise self.fault(self.shown(), "a number")
        return sign * float(self.advance().text)

    def arguments(self) -> tuple[tree.Argument, ...]:
        """`(a, name: b)`."""
        self.expect("(")
        found: list[tree.Argument] = []
        while not self.taken(")"):
            named = self.kind == "name" and self.following == ":"
            name = self.advance().text if named else ""
            if named:
                self.expect(":")
            found.append(tree.Argument(name, self.expression()))
            if not self.taken(","):
                self.expect(")")
                break
        return tuple(found)

    def expression(self, no_condition: bool = False) -> tree.Expression:
        """An expression; with `no_condition` a trailing `if` belongs to the caller anyway."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self.fault("an expression nested more than 60 deep", "a simpler one")
        value = self._binary(0)
        if not no_condition and self.taken("?"):
            first = self.expression()
            self.expect(":")
            value = tree.Operation("?:", (value, first, self.expression()), self.spot)
        self._depth -= 1
        return value

    def _binary(self, level: int) -> tree.Expression:
        if level == len(_LEVELS):
            return self._unary()
        value = self._binary(level + 1)
        while self.kind in ("op", "name") and self.text in _LEVELS[level]:
            spot, operator = self.spot, self.advance().text
            value = tree.Operation(operator, (value, self._binary(level + 1)), spot)
        return value

    def _unary(self) -> tree.Expression:
        spot = self.spot
        for operator in ("-", "not"):
            if self.taken(operator):
                return tree.Operation(operator, (self._unary(),), spot)
        self.taken("+")
        return self._postfix(self._primary())

    def _postfix(self, value: tree.Expression) -> tree.Expression:
        while True:
            spot = self.spot
            if self.text == "(" and isinstance(value, (tree.Name, tree.Member)):
                value = tree.Call(value, self.arguments(), spot)
            elif self.taken("."):
                value = tree.Member(value, self.name("a member"), spot)
            elif self.text == "[" and isinstance(value, (tree.Name, tree.Member, tree.Call)):
                self.advance()
                index = self.expression()
                self.expect("]")
                value = tree.Operation("[]", (value, index), spot)
            else:
                return value

    def _primary(self) -> tree.Expression:
        spot = self.spot
        if self.kind == "physical":
            return self._physical(spot)
        if self.kind == "number":
            text = self.advance().text
            whole = text.lstrip("0123456789") == "" or text[:2].lower() == "0x"
            return tree.Literal(int(text, 0) if text[:2].lower() == "0x" else int(text) if whole else float(text), spot)
        if self.kind == "string":
            return tree.Literal(self.string(), spot)
        if self.text in ("true", "false"):
            return tree.Literal(self.advance().text == "true", spot)
        if self.text == "range" and self.following == "(":
            self.advance()
            low, high = (argument.value for argument in self.arguments())
            return tree.Between(low, high, spot)
        if self.kind == "name":
            return tree.Name(self.name("a name"), spot)
        if self.taken("("):
            value = self.expression()
            self.expect(")")
            return value
        if self.taken("["):
            return self._brackets(spot)
        raise self.fault(self.shown(), "a value")

    def _physical(self, spot: tree.Spot) -> tree.Physical:
        text = self.advance().text
        end = next(i for i, c in enumerate(text) if c.isalpha() and not _exponent(text, i))
        return tree.Physical(float(text[:end]), text[end:], spot)

    def _brackets(self, spot: tree.Spot) -> tree.Expression:
        if self.taken("]"):
            return tree.Listing((), spot)
        first = self.expression()
        if self.taken(".."):
            high = self.expression()
            self.expect("]")
            return tree.Between(first, high, spot)
        items = [first]
        while self.taken(","):
            items.append(self.expression())
        self.expect("]")
        return tree.Listing(tuple(items), spot)


def _exponent(text: str, i: int) -> bool:
    """Whether the letter at i is the e of a number, as in `1e3m`."""
    return text[i] in "eE" and i + 1 < len(text) and (text[i + 1].isdigit() or text[i + 1] in "+-")
