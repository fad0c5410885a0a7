"""The command `evidence export`."""

from pathlib import Path
from typing import Annotated, get_args

import typer

from evidence.cli.options import say
from evidence.errors import ParameterError


def export(
    ro_crate: Annotated[
        Path | None,
        typer.Option("--ro-crate", metavar="OUT.zip", help="Write an RO-Crate 1.1 here."),
    ] = None,
    metafor: Annotated[
        Path | None, typer.Option(metavar="OUT.csv", help="Write a table for R's metafor here.")
    ] = None,
    metapsy: Annotated[
        Path | None, typer.Option(metavar="OUT.csv", help="Write a table of the Metapsy standard.")
    ] = None,
    revman: Annotated[
        Path | None,
        typer.Option(metavar="OUT.csv", help="Write data rows as RevMan's data package has them."),
    ] = None,
    therapy: Annotated[str | None, typer.Option(help="In tables: abft or abct.")] = None,
    outcome: Annotated[str | None, typer.Option(help="In tables: an outcome.")] = None,
    timepoint: Annotated[str | None, typer.Option(help="In tables: post or follow_up.")] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="Data package of the tables; default: data/.")
    ] = None,
) -> None:
    """Pack the workbook, or write its trial-level data, for repositories and other tools."""
    tables = {"metafor": metafor, "metapsy": metapsy, "revman": revman}
    if ro_crate is None and not any(tables.values()):
        raise ParameterError(
            "export", "nothing", "one of --ro-crate, --metafor, --metapsy, --revman"
        )
    given = {"therapy": therapy, "outcome": outcome, "timepoint": timepoint}
    filters = {name: value for name, value in given.items() if value is not None}
    if ro_crate is not None and (data is not None or filters):
        raise ParameterError(
            "ro-crate", str(ro_crate), "no filter and no --data: it packs the whole"
        )
    if ro_crate is not None:
        from evidence.exchange.ro_crate import export_ro_crate

        files = export_ro_crate(ro_crate)
        say(f"{ro_crate.name}: {len(files)} files")
    if any(tables.values()):
        from evidence.data.dataset import load
        from evidence.exchange import Target, export_table

        dataset = load(data)
        for target in get_args(Target):
            if (path := tables[target]) is not None:
                rows = export_table(dataset, target, path, **filters)
                say(f"{path.name}: {rows} rows")
