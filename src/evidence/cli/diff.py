"""The command `evidence diff`."""

from typing import Annotated

import typer

from evidence.cli.options import Data, say
from evidence.errors import check_choice


def diff(
    old: Annotated[
        str, typer.Argument(help="Git revision, or folder with a data package.")
    ] = "HEAD",
    new: Annotated[str | None, typer.Argument(help="The same; default: the working tree.")] = None,
    form: Annotated[str, typer.Option("--format", help="csv, json or md.")] = "md",
    data: Data = None,
) -> None:
    """Name the numbers and conclusions that moved between two states of the data, and by what."""
    from evidence.manuscripts.diff import compare, read_sides
    from evidence.manuscripts.diff.text import as_text
    from evidence.terminal import FORMATS

    check_choice("format", form, FORMATS)
    found = compare(*read_sides(old, new, data=data))
    say(as_text(found, form))
    raise typer.Exit(found.exit_code)
