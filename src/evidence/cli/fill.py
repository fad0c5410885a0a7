"""The command `evidence fill`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from evidence.cli.options import Data, Ledger, say
from evidence.data.safety import visible
from evidence.errors import ParameterError


def fill(
    draft: Annotated[Path, typer.Argument(help="Manuscript, .md or .docx.")],
    output: Annotated[
        Path | None, typer.Option(help="Write here; default: print, which .docx cannot.")
    ] = None,
    style: Annotated[str, typer.Option(help="ama, apa or plain.")] = "ama",
    keep_marks: Annotated[
        bool, typer.Option("--keep-marks", help="Keep marks behind their numbers, for check.")
    ] = False,
    ledger: Ledger = None,
    data: Data = None,
) -> None:
    """Replace the marks {ev:ID} of a manuscript, with or without a style, by their numbers."""
    from evidence.data import atomic
    from evidence.manuscripts import check as checking
    from evidence.manuscripts.fill import fill_markdown
    from evidence.manuscripts.ledgers import read_known

    content, is_word = checking.read_manuscript(draft)
    if is_word:
        from evidence.manuscripts.fill import fill_word as fill_draft

        if output is None or output.suffix.lower() not in checking.WORD:
            raise ParameterError("output", output and output.name, "a file that ends in .docx")
    else:
        fill_draft = fill_markdown
    known = read_known(ledger, data=data)
    filled = fill_draft(content, known, style=style, keep_marks=keep_marks)
    if output is None:
        text = filled.content.decode("utf-8")
        sys.stdout.write(visible(text) if sys.stdout.isatty() else text)
    else:
        atomic.replace(output, filled.content)
        say(f"{filled.filled} filled, {filled.removed} removed behind right numbers")
    for one in filled.left:
        say(f"evidence: left, since its number is not right: {one}", err=True)
    raise typer.Exit(1 if filled.left else 0)
