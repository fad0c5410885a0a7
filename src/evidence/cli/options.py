"""What commands share: options that several take, and how their lines are printed."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from evidence.data.safety import visible
from evidence.errors import ParameterError, check_choice, of_file
from evidence.terms import ACCEPTED

Data = Annotated[Path | None, typer.Option("--data", help="Data package; default: data/.")]


def _form(form: str) -> str:
    """Return the form that is asked for, else what suits where the output goes."""
    if not form:
        return "text" if sys.stdout.isatty() else "md"
    check_choice("format", form, ("csv", "json", "md", "text"))
    return form


Form = Annotated[
    str,
    typer.Option(
        "--format",
        callback=_form,
        show_default=False,
        help="csv, json, md or text; default: text in a terminal, else md.",
    ),
]
Ledger = Annotated[
    Path | None, typer.Option("--ledger", help="Ledger; default: reports/ beside the data.")
]

Manuscript = Annotated[Path, typer.Argument(help="Manuscript, .md or .docx.")]
Rewritten = Annotated[
    Path | None, typer.Option("--output", help="Write here; default: print, which .docx cannot.")
]


def rewrite(
    draft: Path,
    output: Path | None,
    change: Callable[[bytes, bool], tuple[bytes, str, Sequence[str]]],
) -> None:
    """Change a manuscript and write or print it, and exit with 1 where something is left.

    Parameters
    ----------
    draft : Path
        The manuscript.
    output : Path or None
        File to write; None to print it, which one of Word cannot be.
    change : callable
        Given the file and whether it is one of Word: the changed file, what is said of it where it
        is written, and a line for each part that was left.
    """
    from evidence.data import atomic
    from evidence.manuscripts import check as checking

    content, is_word = checking.read_manuscript(draft)
    if is_word and (output is None or output.suffix.lower() not in checking.WORD):
        raise ParameterError("output", output and output.name, "a file that ends in .docx")
    with of_file(draft.name, "style", "ledger", "folder"):
        changed, said, left = change(content, is_word)
    if output is None:
        text = changed.decode("utf-8")
        sys.stdout.write(visible(text) if sys.stdout.isatty() else text)
    else:
        atomic.replace(output, changed)
        say(said)
    for one in left:
        say(f"evidence: {one}", err=True)
    raise typer.Exit(1 if left else 0)


def one_of(choice: str, of: str = "") -> Any:
    """Return the option for a choice of an analysis, with the accepted values as its help."""
    return typer.Option(help=f"{of or 'One of '}{', '.join(ACCEPTED[choice])}.")


def say(text: str, *, err: bool = False) -> None:
    """Print lines; what a terminal would obey or hide is shown as its code point.

    Parameters
    ----------
    text : str
        Lines, without the end of the last one.
    err : bool
        Whether they go to the error stream.
    """
    stream = sys.stderr if err else sys.stdout
    stream.write(f"{visible(text)}\n")
    # Whoever reads a pipe sees each line when it is said.
    stream.flush()
