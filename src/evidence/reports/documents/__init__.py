"""The tree that pandoc reads markup into, and what is done to it for every kind of document."""

import json
import subprocess
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from evidence.errors import RenderError

Node = dict[str, Any]
"""A block or an inline: its type "t" and its content "c"."""

TIME_LIMIT = 120
API = [1, 23, 1]
"""Version of the tree; pandoc refuses others, so that a change cannot go unseen."""


@lru_cache(maxsize=1)
def _program() -> str:
    """Return the pandoc of the locked package, whatever others are installed."""
    folder = Path(str(files("pypandoc") / "files"))
    for name in ("pandoc", "pandoc.exe"):
        if (folder / name).is_file():
            return str(folder / name)
    raise RenderError("the package pypandoc has no pandoc in it; install pypandoc_binary")


def pandoc(content: bytes, *, source: str, target: str, options: Sequence[str] = ()) -> bytes:
    """Return content in another format.

    It reads and writes no file, fetches nothing, and has no settings of the user.

    Raises
    ------
    RenderError
        If pandoc fails.
    """
    template = str(files("evidence.reports") / "template")
    command = [_program(), "--sandbox", f"--data-dir={template}", f"--from={source}"]
    made = subprocess.run(
        [*command, f"--to={target}", "--output=-", *options],
        input=content,
        capture_output=True,
        check=False,
        timeout=TIME_LIMIT,
    )
    if made.returncode:
        said = " ".join(made.stderr.decode("utf-8", "replace").split())
        raise RenderError(f"pandoc made no {target}: {said}")
    return made.stdout


def read(html: str) -> list[Node]:
    """Return markup as blocks."""
    # Without names of its own making, which could be those of something else.
    made = pandoc(html.encode(), source="html-auto_identifiers", target="json")
    blocks: list[Node] = json.loads(made)["blocks"]
    return blocks


def write(blocks: list[Node], target: str, options: Sequence[str] = ()) -> bytes:
    """Return blocks in a format that pandoc writes."""
    tree = {"pandoc-api-version": API, "meta": {}, "blocks": blocks}
    content = json.dumps(tree, ensure_ascii=False).encode()
    return pandoc(content, source="json", target=target, options=options)


def node(kind: str, content: Any = None) -> Node:
    """Return a node of the tree."""
    return {"t": kind} if content is None else {"t": kind, "c": content}


def words(text: str) -> list[Node]:
    """Return a text as inlines."""
    found: list[Node] = []
    for number, word in enumerate(text.split()):
        found += [node("Space")] if number else []
        found.append(node("Str", word))
    return found


def attributes(
    name: str = "", classes: Iterable[str] = (), values: Iterable[tuple[str, str]] = ()
) -> list[Any]:
    """Return the name, classes and further attributes of a node."""
    return [name, list(classes), [list(one) for one in values]]


def rebuilt(nodes: list[Node], change: Callable[[Node], list[Node] | None]) -> list[Node]:
    """Return nodes with each one replaced by what `change` returns, from the inside out.

    Parameters
    ----------
    nodes : list
        Blocks or inlines.
    change : callable
        Given a node whose content is rebuilt already; None where it stays.
    """
    made: list[Node] = []
    for one in nodes:
        inner = {**one, "c": _within(one["c"], change)} if "c" in one else one
        changed = change(inner)
        made += [inner] if changed is None else changed
    return made


def _within(content: Any, change: Callable[[Node], list[Node] | None]) -> Any:
    if isinstance(content, list):
        if content and all(isinstance(one, dict) and "t" in one for one in content):
            return rebuilt(content, change)
        return [_within(one, change) for one in content]
    return content


def plain(content: Any) -> str:
    """Return the text of nodes, with line breaks as they are set."""
    if isinstance(content, list):
        return "".join(plain(one) for one in content)
    if not isinstance(content, dict):
        return ""
    kind: str = content["t"]
    inner: Any = content.get("c")
    if kind == "Str":
        return str(inner)
    if kind in ("Code", "CodeBlock"):
        return str(inner[1])
    if kind in ("Space", "SoftBreak"):
        return " "
    if kind == "LineBreak":
        return "\n"
    text = plain(inner)
    return f"{text}\n" if kind in ("Para", "Plain", "Header") else text
