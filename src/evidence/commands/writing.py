"""Commands for those who write with the numbers: cite, check, fill, diff."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from evidence.commands import say
from evidence.errors import ParameterError
from evidence.safety import visible

Data = Annotated[Path | None, typer.Option("--data", help="Data package; default: data/.")]
Ledger = Annotated[
    Path | None, typer.Option("--ledger", help="Ledger; default: reports/ beside the data.")
]


def cite(
    estimate_id: Annotated[str, typer.Argument(metavar="ID", help="Id of a number of a report.")],
    style: Annotated[str, typer.Option(help="ama, apa or plain.")] = "ama",
    form: Annotated[str, typer.Option("--format", help="text, bibtex, csl or ris.")] = "text",
    ledger: Ledger = None,
    data: Data = None,
) -> None:
    """Print a number as a sentence to quote, with the references behind it."""
    from evidence.dataset import load
    from evidence.display.cite import citation
    from evidence.writing.known import read_known

    entry = read_known(ledger, data=data).entry(estimate_id)
    say(citation(entry, load(data), style=style, form=form))


def check(
    draft: Annotated[Path, typer.Argument(help="Manuscript, .md or .docx.")],
    annotate: Annotated[
        Path | None, typer.Option(help="Write the manuscript with comments to this .docx.")
    ] = None,
    form: Annotated[str, typer.Option("--format", help="json or md.")] = "md",
    ledger: Ledger = None,
    data: Data = None,
) -> None:
    """Compare the numbers of a manuscript with those that its marks {ev:ID} name."""
    from evidence.writing import check as checking
    from evidence.writing.known import read_known

    if form not in checking.FORMATS:
        raise ParameterError("format", form, f"one of {', '.join(checking.FORMATS)}")
    known = read_known(ledger, data=data)
    checked = checking.check_draft(checking.read_draft(draft), known)
    if annotate is not None:
        from evidence.writing.annotate import write_annotated

        write_annotated(draft, annotate, known)
    writer = checking.as_json if form == "json" else checking.as_markdown
    say(writer(checked.findings))
    for remark in checked.remarks:
        say(f"evidence: {remark}", err=True)
    raise typer.Exit(checked.exit_code)


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
    """Replace the marks {ev:ID} and {ev:ID:style} of a manuscript by the numbers they name."""
    from evidence import atomic
    from evidence.writing import check as checking
    from evidence.writing.fill import fill_markdown
    from evidence.writing.known import read_known

    content, is_word = checking.read_manuscript(draft)
    if is_word:
        from evidence.writing.fill_word import fill_word as fill_draft

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


def diff(
    old: Annotated[
        str, typer.Argument(help="Git revision, or folder with a data package.")
    ] = "HEAD",
    new: Annotated[str | None, typer.Argument(help="The same; default: the working tree.")] = None,
    form: Annotated[str, typer.Option("--format", help="csv, json or md.")] = "md",
    data: Data = None,
) -> None:
    """Name the numbers and conclusions that moved between two states of the data, and by what."""
    from evidence.writing.diff import compare, read_sides
    from evidence.writing.diff_text import FORMATS, as_text

    if form not in FORMATS:
        raise ParameterError("format", form, f"one of {', '.join(FORMATS)}")
    found = compare(*read_sides(old, new, data=data))
    say(as_text(found, form))
    raise typer.Exit(found.exit_code)
