"""The command `evidence figure`."""

from pathlib import Path
from typing import Annotated

import typer

from evidence.cli.options import say


def figure(
    figure_id: Annotated[
        str,
        typer.Argument(
            metavar="[ID]", help="Id; without one, all that have the format are listed."
        ),
    ] = "",
    form: Annotated[str, typer.Option("--format", help="svg, png, pdf or csv.")] = "svg",
    output: Annotated[Path | None, typer.Option(help="File to write; default: ID.FORMAT.")] = None,
    reports: Annotated[Path | None, typer.Option(help="Folder of built reports.")] = None,
) -> None:
    """Write a figure of a built report as it stands in its page, or its data as CSV.

    A page can also bring rows along that are no figure: CSV is all that they have.
    """
    from base64 import b64decode

    from evidence.blocks.output import TAKEN, taken_along
    from evidence.data import atomic
    from evidence.errors import ParameterError
    from evidence.manuscripts.ledgers import find_ledger

    if form not in TAKEN:
        raise ParameterError("format", form, f"one of {', '.join(TAKEN)}")
    folder = find_ledger(reports).parent
    pages = sorted(folder.glob("*.html"))
    found: dict[str, str] = {}
    for path in pages:
        found |= taken_along(path.read_text(encoding="utf-8"))
    known = sorted(name.removesuffix(f".{form}") for name in found if name.endswith(f".{form}"))
    if not figure_id:
        say("\n".join(known) or f"no {form} in the reports of {folder}; evidence build makes them")
        return
    if figure_id not in known:
        others = [kind for kind in TAKEN if f"{figure_id}.{kind}" in found]
        if others:
            raise ParameterError("format", form, f"{', '.join(others)} for {figure_id}")
        raise ParameterError("id", figure_id, f"one of {', '.join(known) or 'none: none is built'}")
    path = output or Path(f"{figure_id}.{form}")
    atomic.replace(path, b64decode(found[f"{figure_id}.{form}"]))
    say(f"{path}: written")
