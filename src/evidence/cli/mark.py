"""The command `evidence mark`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from evidence.cli.options import Data, Ledger, say
from evidence.data.safety import visible
from evidence.errors import ParameterError


def mark(
    draft: Annotated[Path, typer.Argument(help="Manuscript, .md or .docx.")],
    output: Annotated[
        Path | None, typer.Option(help="Write here; default: print, which .docx cannot.")
    ] = None,
    ledger: Ledger = None,
    data: Data = None,
) -> None:
    """Write marks {ev:ID} behind the numbers that are certain, and comments at the rest (Word)."""
    from evidence.data import atomic
    from evidence.manuscripts import check as checking
    from evidence.manuscripts.ledgers import read_known
    from evidence.manuscripts.mark import mark_markdown, mark_word

    content, is_word = checking.read_manuscript(draft)
    if is_word and (output is None or output.suffix.lower() not in checking.WORD):
        raise ParameterError("output", output and output.name, "a file that ends in .docx")
    known = read_known(ledger, data=data)
    marked = (mark_word if is_word else mark_markdown)(content, known)
    if output is None:
        text = marked.content.decode("utf-8")
        sys.stdout.write(visible(text) if sys.stdout.isatty() else text)
    else:
        atomic.replace(output, marked.content)
        say(f"{marked.written} marked, {len(marked.left)} left without a mark")
    for one in marked.left:
        say(f"evidence: {one}", err=True)
    raise typer.Exit(1 if marked.left else 0)
