"""Small changes of code, each of which a test should notice."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

SOURCE = Path(__file__).parents[2] / "src"
SEED = 20261
SAMPLE = {"meta": 90, "estimation": 50, "analysis": 50, "pages": 60, "manuscripts": 50}
"""Changes that are drawn of each package."""

_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_BOUNDARY: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}
_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_OTHER_NAME = {
    "min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum",
    "any": "all", "all": "any",
}  # fmt: skip
_SHORT = (ast.If, ast.While, ast.IfExp, ast.Lambda)
"""What has a body and is told in a line."""
LONGEST = 160
_NOT_LOOKED_INTO = {
    # Errors and what they say; types.
    (ast.Raise, "exc"), (ast.Raise, "cause"), (ast.Assert, "msg"),
    (ast.FunctionDef, "returns"), (ast.FunctionDef, "decorator_list"),
    (ast.ClassDef, "decorator_list"), (ast.ClassDef, "bases"),
    (ast.arg, "annotation"), (ast.AnnAssign, "annotation"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a module at one place.

    Attributes
    ----------
    module, function : str
        Dotted name of the module, and the function in it; "<module>" outside of all.
    line, at : int
        Its line, and its number among all changes of the module.
    kind : str
        What is changed.
    before, after : str
        The statement or the expression that holds it.
    """

    module: str
    function: str
    line: int
    at: int
    kind: str
    before: str
    after: str

    @property
    def package(self) -> str:
        """Name of its package inside `evidence`."""
        return self.module.split(".")[1]


def modules(package: str) -> list[str]:
    """Return the dotted names of the modules of a package, in order."""
    found = sorted((SOURCE / "evidence" / package).rglob("*.py"))
    parts = [one.relative_to(SOURCE).with_suffix("").parts for one in found]
    return [".".join(one[:-1] if one[-1] == "__init__" else one) for one in parts]


def file_of(module: str) -> Path:
    """Return the file of a module."""
    path = SOURCE.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def changes(module: str) -> list[Change]:
    """Return every change of a module, in the order of its source."""
    tree = ast.parse(file_of(module).read_text(encoding="utf-8"))
    found = []
    for at, place in enumerate(_places(tree)):
        before = _told(place.told)
        place.do()
        after = _told(place.told)
        place.undo()
        found.append(Change(module, place.function, place.line, at, place.kind, before, after))
    return found


def changed(module: str, at: int) -> ast.Module:
    """Return the tree of a module with one change."""
    tree = ast.parse(file_of(module).read_text(encoding="utf-8"))
    for number, place in enumerate(_places(tree)):
        if number == at:
            place.do()
            break
    else:
        raise IndexError(at)
    return ast.fix_missing_locations(tree)


def sample(seed: int = SEED) -> list[Change]:
    """Draw the changes that are tried, the same for the same seed and source."""
    drawn: list[Change] = []
    for package, count in SAMPLE.items():
        every = [one for module in modules(package) for one in changes(module)]
        drawn += Random(f"{seed} {package}").sample(every, count)
    return drawn


class _Place:
    """A field of a node, or an entry of a list in it, that can hold something else."""

    def __init__(
        self, path: list[ast.AST], field: str, index: int | None, other: object, kind: str
    ) -> None:
        self._node = path[-1]
        self._field, self._index, self._other = field, index, other
        self.kind = kind
        self.told = _holder(path)
        self.line = next(one.lineno for one in reversed(path) if hasattr(one, "lineno"))
        self.function = _function(path)

    def do(self) -> None:
        self._other = self._exchanged(self._other)

    undo = do

    def _exchanged(self, other: object) -> object:
        if self._index is None:
            before = getattr(self._node, self._field)
            setattr(self._node, self._field, other)
            return before
        entries = getattr(self._node, self._field)
        before, entries[self._index] = entries[self._index], other
        return before


def _told(node: ast.AST) -> str:
    if isinstance(node, ast.If | ast.While):
        return f"{type(node).__name__.lower()} {ast.unparse(node.test)}:"
    return " ".join(ast.unparse(node).split())


def _holder(path: list[ast.AST]) -> ast.AST:
    """Return what tells a change best: the statement, or of a long one the expression in it."""
    first = max(at for at, one in enumerate(path) if isinstance(one, ast.stmt | ast.Module))
    inside = [one for one in path[first:] if isinstance(one, ast.expr | ast.stmt)]
    plain = [one for one in inside if not hasattr(one, "body") or isinstance(one, _SHORT)]
    return next((one for one in plain if len(_told(one)) <= LONGEST), path[-1])


def _function(path: list[ast.AST]) -> str:
    """Return the name of the function that holds a place, as its code object has it."""
    names: list[str] = []
    for one in path:
        if isinstance(one, ast.FunctionDef | ast.ClassDef):
            names.append(one.name)
            if isinstance(one, ast.FunctionDef):
                names.append("<locals>")
    while names and names[-1] == "<locals>":
        names.pop()
    inside = any(isinstance(one, ast.FunctionDef) for one in path)
    return ".".join(names) if inside else "<module>"


def _places(tree: ast.Module) -> Iterator[_Place]:
    # All are found before any is made: a change must not lead to places inside itself.
    found: list[_Place] = []
    _walk([tree], found)
    return iter(found)


def _walk(path: list[ast.AST], found: list[_Place]) -> None:
    node = path[-1]
    found += [_Place(path[:], *one) for one in _of_node(path)]
    for field, value in ast.iter_fields(node):
        if (type(node), field) in _NOT_LOOKED_INTO or _is_apart(node, field):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                _walk([*path, child], found)


def _is_apart(node: ast.AST, field: str) -> bool:
    """Whether a part of a node decides no result: types, and what asserts that lengths agree."""
    if _is_for_types(node):
        return True
    if isinstance(node, ast.keyword):
        return node.arg == "strict"
    if isinstance(node, ast.Call) and field == "args":
        return ast.unparse(node.func) in ("isinstance", "issubclass", "TypeVar", "cast")
    if isinstance(node, ast.Assign):
        # An alias of types, as `Row = dict[str, str] | None`.
        return isinstance(node.value, ast.Subscript | ast.BinOp) and ast.unparse(
            node.value
        ).startswith(("dict[", "list[", "tuple[", "Callable[", "Mapping[", "type["))
    return False


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def _of_node(path: list[ast.AST]) -> Iterator[tuple[str, int | None, object, str]]:
    node = path[-1]
    match node:
        case ast.BinOp(op=operator) | ast.AugAssign(op=operator) if type(operator) in _ARITHMETIC:
            if not _has_words(node):
                yield "op", None, _ARITHMETIC[type(operator)](), "operator"
        case ast.Compare(ops=operators):
            for index, one in enumerate(operators):
                if type(one) in _BOUNDARY:
                    yield "ops", index, _BOUNDARY[type(one)](), "boundary"
                yield "ops", index, _OPPOSITE[type(one)](), "comparison"
        case ast.BoolOp(op=operator):
            yield "op", None, ast.Or() if isinstance(operator, ast.And) else ast.And(), "and, or"
        case ast.Call(func=ast.Name(id=name)) if name in _OTHER_NAME:
            yield "func", None, ast.Name(_OTHER_NAME[name], ast.Load()), "min, max"
        case ast.Call(func=ast.Attribute(attr=name, value=owner)) if name in _OTHER_NAME:
            other = ast.Attribute(owner, _OTHER_NAME[name], ast.Load())
            yield "func", None, other, "min, max"
        case ast.Return(value=ast.expr() as value):
            other = _another(value, path)
            if ast.dump(other) != ast.dump(value):
                yield "value", None, other, "return"
        case ast.If() | ast.IfExp() if not _is_for_types(node):
            yield "test", None, ast.Constant(False), "branch"
    for field, value in ast.iter_fields(node):
        entries = value if isinstance(value, list) else [value]
        for index, one in enumerate(entries):
            place = index if isinstance(value, list) else None
            match one:
                case ast.UnaryOp(op=ast.Not() | ast.Invert() | ast.USub(), operand=operand):
                    kind = "sign" if isinstance(one.op, ast.USub) else "not"
                    yield field, place, operand, kind
                case ast.Constant(value=bool() as known):
                    if not isinstance(node, ast.keyword) or node.arg != "strict":
                        yield field, place, ast.Constant(not known), "constant"
                case ast.Constant(value=int() | float() as known):
                    if not isinstance(node, ast.MatchValue):
                        yield field, place, ast.Constant(known + 1), "constant"


def _has_words(node: ast.BinOp | ast.AugAssign) -> bool:
    """Whether an operator joins or fills words: another one is refused wherever it is reached."""
    parts = [node.left, node.right] if isinstance(node, ast.BinOp) else [node.value]
    return any(
        isinstance(one, ast.JoinedStr)
        or (isinstance(one, ast.Constant) and isinstance(one.value, str))
        for one in parts
    )


def _another(value: ast.expr, path: list[ast.AST]) -> ast.expr:
    """Return another value of the type that a function returns, None where it is not plain."""
    function = next((one for one in reversed(path) if isinstance(one, ast.FunctionDef)), None)
    kind = ast.unparse(function.returns) if function and function.returns else ""
    if kind == "bool":
        return ast.UnaryOp(ast.Not(), value)
    if kind in ("float", "int", "FloatArray", "Array", "NDArray"):
        return ast.BinOp(value, ast.Add(), ast.Constant(1))
    return ast.Constant("" if kind == "str" else None)
