"""The parameters cell of a notebook: what it takes, checked before anything runs."""

import ast
import io
import json
import sys
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.errors import ParameterError, RenderError

TAG = "parameters"

_GIVEN = "# Parameters\n"
"""How the cell begins that papermill puts behind the parameters cell, known names or not."""

_SCALARS: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One line of the parameters cell.

    Attributes
    ----------
    name : str
        Its name.
    type : str
        As written, for example ``list[str]`` or ``Optional[str]``, which papermill reads in quotes
        (but no ``str | None``); of the default where none is written.
    default : object
        Its default value.
    comment : str
        What it takes, in words; empty where the line has no comment.
    """

    name: str
    type: str
    default: Any
    comment: str


def _cells(notebook: Path) -> list[dict[str, Any]]:
    """Return the cells of a notebook that has all that running and rendering it needs."""
    try:
        content = json.loads(notebook.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RenderError(f"{notebook.name} is not a notebook: {error}") from error
    cells: list[dict[str, Any]] = _part(notebook, content, "cells", list, "the file")
    _part(notebook, content, "metadata", dict, "the file")
    _part(notebook, content, "nbformat", int, "the file")
    for number, cell in enumerate(cells, start=1):
        place = f"cell {number}"
        named = {"tags": [], **_part(notebook, cell, "metadata", dict, place)}
        tags = _part(notebook, named, "tags", list, place)
        _part(notebook, cell, "cell_type", str, place)
        source = _part(notebook, cell, "source", str | list, place)
        if cell["cell_type"] == "code":
            _part(notebook, cell, "outputs", list, place)
        if not all(isinstance(one, str) for one in [*tags, *source]):
            raise RenderError(f"{notebook.name} is not a notebook: no text in {place}")
    return cells


def _part(notebook: Path, content: Any, key: str, kind: Any, place: str) -> Any:
    if not isinstance(content, dict) or not isinstance(content.get(key), kind):
        raise RenderError(f"{notebook.name} is not a notebook: no {key!r} in {place}")
    return content[key]


def declared(notebook: Path) -> tuple[Parameter, ...]:
    """Return the parameters that a notebook declares, in order.

    Raises
    ------
    RenderError
        If the notebook cannot be read, or has not exactly one cell with the tag ``parameters``
        that holds plain assignments only.
    """
    tagged = [cell for cell in _cells(notebook) if TAG in cell["metadata"].get("tags", ())]
    if len(tagged) != 1:
        raise RenderError(
            f"{notebook.name} has {len(tagged)} cells with the tag {TAG}, expected one"
        )
    source = tagged[0]["source"]
    try:
        return _parsed("".join(source), notebook.name)
    except (SyntaxError, tokenize.TokenError) as error:
        raise RenderError(f"{notebook.name}, cell {TAG}: expected Python ({error})") from None


def _parsed(source: str, name: str) -> tuple[Parameter, ...]:
    comments = {
        token.start[0]: token.string.lstrip("# ").strip()
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    found = []
    for line in ast.parse(source).body:
        match line:
            case ast.AnnAssign(target=ast.Name(id=target), annotation=kind, value=ast.expr()):
                written = str(kind.value) if isinstance(kind, ast.Constant) else ast.unparse(kind)
            case ast.Assign(targets=[ast.Name(id=target)]):
                written = ""
            case _:
                raise RenderError(
                    f"{name}, cell {TAG}, line {line.lineno}: expected name: type = value"
                )
        try:
            default = ast.literal_eval(line.value)  # type: ignore[arg-type]
        except (ValueError, TypeError, MemoryError, RecursionError):
            raise RenderError(
                f"{name}, cell {TAG}, line {line.lineno}: expected a literal value"
            ) from None
        comment = comments.get(line.end_lineno or line.lineno, "")
        found.append(Parameter(target, written or type(default).__name__, default, comment))
    return tuple(found)


def checked(notebook: Path, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters given to a notebook, after a check against what it declares.

    Raises
    ------
    ParameterError
        If a name is unknown or a value has another type; the message says what is accepted.
    """
    return _checked(notebook.name, declared(notebook), given)


def check_parameters() -> None:
    """Refuse what papermill gave to the notebook that runs this, where it does not take it.

    The first lines of a notebook call it. Papermill itself warns of a name that a notebook does not
    have, runs it with the default, and ends as if all were well. Elsewhere nothing happens.

    Raises
    ------
    ParameterError
        If a name is unknown or a value has another type; the message says what is accepted.
    """
    if "IPython" not in sys.modules:
        return
    from IPython import get_ipython

    shell: Any = get_ipython()
    cells = [] if shell is None else [str(one) for one in shell.user_ns.get("In", ())]
    given = [place for place, one in enumerate(cells) if one.startswith(_GIVEN) and place > 1]
    if given:
        name = "the notebook"
        declares, gives = (_parsed(cells[place], name) for place in (given[-1] - 1, given[-1]))
        _checked(name, declares, {one.name: one.default for one in gives})


def _checked(
    name: str, declares: tuple[Parameter, ...], given: Mapping[str, Any]
) -> dict[str, Any]:
    known = {one.name: one for one in declares}
    for key, value in given.items():
        if key not in known:
            accepted = ", ".join(known) or "no parameter"
            raise ParameterError(f"{name}, parameter", key, f"a name out of: {accepted}")
        parameter = known[key]
        if not _matches(value, ast.parse(parameter.type, mode="eval").body):
            says = f" ({parameter.comment})" if parameter.comment else ""
            raise ParameterError(f"{name}, {key}", value, f"{parameter.type}{says}")
    return dict(given)


def _matches(value: Any, kind: ast.expr) -> bool:
    match kind:
        case ast.Constant(value=None) | ast.Name(id="NoneType"):
            return value is None
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            return _matches(value, left) or _matches(value, right)
        case ast.Subscript(value=ast.Name(id="Optional"), slice=item):
            return value is None or _matches(value, item)
        case ast.Subscript(value=ast.Name(id="list" | "tuple"), slice=item):
            items = item.elts[:1] if isinstance(item, ast.Tuple) else [item]
            return isinstance(value, list | tuple) and all(_matches(one, items[0]) for one in value)
        case ast.Name(id="list" | "tuple"):
            return isinstance(value, list | tuple)
        case ast.Name(id="float"):
            return isinstance(value, float | int) and not isinstance(value, bool)
        case ast.Name(id=name) if name in _SCALARS:
            return type(value) is _SCALARS[name]
        case _:
            raise RenderError(f"parameters of the type {ast.unparse(kind)} are not supported")
