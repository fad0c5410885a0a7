"""The command `evidence build`."""

from typing import Annotated

import typer

from evidence.cli.options import Data, say


def build(
    reports: Annotated[list[str] | None, typer.Argument(help="Reports; default: all.")] = None,
    force: Annotated[bool, typer.Option(help="Build what has not changed too.")] = False,
    accept: Annotated[bool, typer.Option(help="Accept numbers that moved.")] = False,
    jobs: Annotated[int, typer.Option(help="Notebooks that run at the same time.")] = 2,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Run them on the workers of this dask scheduler."),
    ] = None,
    cell_timeout: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="SECONDS", help="Longest time of a cell; default: half an hour."
        ),
    ] = None,
    data: Data = None,
) -> None:
    """Run the notebooks of the catalog and write reports, index and ledger.

    With --data, into reports/ in the folder of that package, from the catalog.toml there. Where it
    has none, one is written with a report for each therapy, outcome and time that two trials have.
    """
    from evidence.reports.build import build as build_reports

    built = build_reports(
        reports or None,
        force=force,
        accept=accept,
        jobs=jobs,
        scheduler=scheduler,
        cell_timeout=cell_timeout,
        data=data,
        waiting=lambda line: say(f"evidence: {line}", err=True),
        progress=lambda line: say(line, err=True),
        told=say,
    )
    for failure in built.failures:
        say(f"evidence: {failure}", err=True)
    for one in built.comparison.changed:
        if one.field != "data_version":
            say(f"changed: {one}")
    say(f"{len(built.made)} built, {len(built.unchanged)} unchanged, {len(built.failures)} failed")
    raise typer.Exit(built.exit_code)
