"""The command `evidence cite`."""

from typing import Annotated

import typer

from evidence.cli.options import Data, Ledger, say


def cite(
    estimate_id: Annotated[str, typer.Argument(metavar="ID", help="Id of a number of a report.")],
    style: Annotated[str, typer.Option(help="ama, apa or plain.")] = "ama",
    form: Annotated[str, typer.Option("--format", help="text, bibtex, csl or ris.")] = "text",
    ledger: Ledger = None,
    data: Data = None,
) -> None:
    """Print a number as a sentence to quote, with the references behind it."""
    from evidence.data.dataset import load
    from evidence.ledger.citation import citation
    from evidence.manuscripts.ledgers import read_known

    entry = read_known(ledger, data=data).entry(estimate_id)
    say(citation(entry, load(data), style=style, form=form))
