"""The command `evidence add-trial`."""

from pathlib import Path
from typing import Annotated

import typer

from evidence.cli.options import say
from evidence.errors import ParameterError


def add_trial(
    entry: Annotated[
        Path | None,
        typer.Argument(metavar="ENTRY.toml", help="What was read, in the form of --template."),
    ] = None,
    template: Annotated[
        bool, typer.Option("--template", help="Print a form to fill in, and stop.")
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Write the rows; without it they are only shown.")
    ] = False,
    without: Annotated[
        str,
        typer.Option(
            metavar="TRIAL", help="Show it with a copy of the data from which this trial is taken."
        ),
    ] = "",
    data: Annotated[
        Path | None, typer.Option("--data", help="Data package; default: data/.")
    ] = None,
) -> None:
    """Show what a new trial would add and move, from the numbers of an abstract; then write it."""
    from evidence.data.dataset import load
    from evidence.data.validation import read_package
    from evidence.entry import blocks, preview_file
    from evidence.entry import write as write_rows
    from evidence.entry.template import template as form

    folder = load(data).path
    if template:
        say(form(read_package(folder)).removesuffix("\n"))
        return
    if entry is None:
        raise ParameterError(
            "ENTRY", None, "a file with the trial; evidence add-trial --template prints its form"
        )
    if write and without:
        raise ParameterError("without", without, "no --write: it changes a copy that is not kept")
    would = preview_file(entry, folder, without=without)
    for heading, block in blocks.blocks(would):
        say(f"## {heading}\n\n{block.text}\n")
    if write:
        write_rows(would)
    say(blocks.closing(would, written=write).text)
    raise typer.Exit(1 if len(would.unanswered) or would.broken else 0)
