"""The command `evidence check`."""

from pathlib import Path
from typing import Annotated

import typer

from evidence.cli.options import Data, Ledger, Manuscript, say
from evidence.errors import check_choice


def check(
    draft: Manuscript,
    annotate: Annotated[
        Path | None, typer.Option(help="Write the manuscript with comments to this .docx.")
    ] = None,
    form: Annotated[str, typer.Option("--format", help="json or md.")] = "md",
    ledger: Ledger = None,
    data: Data = None,
) -> None:
    """Compare the numbers of a manuscript with those that its marks {ev:ID} name."""
    from evidence.manuscripts import check as checking
    from evidence.manuscripts.ledgers import read_known

    check_choice("format", form, checking.FORMATS)
    known = read_known(ledger, data=data)
    checked = checking.check_draft(checking.read_draft(draft), known)
    if annotate is not None:
        from evidence.manuscripts.annotate import write_annotated

        write_annotated(draft, annotate, known)
    writer = checking.as_json if form == "json" else checking.as_markdown
    say(writer(checked.findings))
    for remark in (*checked.remarks, *checked.warnings):
        say(f"evidence: {remark}", err=True)
    raise typer.Exit(checked.exit_code)
