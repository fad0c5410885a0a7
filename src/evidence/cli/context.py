"""The command `evidence context`."""

from pathlib import Path
from typing import Annotated

import typer

from evidence.cli.options import say
from evidence.terms import RHO


def context(
    database: Annotated[
        Path, typer.Argument(help="Folder that import-metapsy wrote, or one in data/context/.")
    ],
    output: Annotated[Path, typer.Option(help="Page to write.")] = Path("context.html"),
    therapy: Annotated[str, typer.Option(help="A therapy of the workbook.")] = "abft",
    outcome: Annotated[str, typer.Option(help="An outcome of both.")] = "depression",
    timepoint: Annotated[str, typer.Option(help="post or follow_up.")] = "post",
    age_group: Annotated[
        str, typer.Option(help="Age group of the trials of the database, or all.")
    ] = "adolescents",
    rho: Annotated[
        float, typer.Option(help="Supposed correlation of errors of estimates of one trial.")
    ] = RHO,
    data: Annotated[
        Path | None, typer.Option("--data", help="Data package of the workbook; default: data/.")
    ] = None,
) -> None:
    """Write a page that sets a therapy beside those of a database."""
    from evidence.reports.apart import build_context

    build_context(
        database,
        output,
        data=data,
        therapy=therapy,
        outcome=outcome,
        timepoint=timepoint,
        age_group=age_group,
        rho=rho,
    )
    say(f"{output}: written")
