"""What commands share: options that several take, and how their lines are printed."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from evidence.data.safety import visible
from evidence.errors import check_choice
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
