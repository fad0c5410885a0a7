"""The command `evidence import-metapsy`."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from evidence.cli.options import say
from evidence.errors import ParameterError


def import_metapsy(
    file: Annotated[Path, typer.Argument(help="Database file of the Metapsy data standard.")],
    output: Annotated[
        Path, typer.Option(help="Folder to write: new, empty, or made by this command before.")
    ],
    title: Annotated[str | None, typer.Option(help="Title of the database.")] = None,
    version: Annotated[str | None, typer.Option(help="Its version, as 24.0.3.")] = None,
    doi: Annotated[str | None, typer.Option(help="Its DOI.")] = None,
    license_name: Annotated[
        str | None, typer.Option("--license", help="Its license, as printed beside it.")
    ] = None,
    outcome: Annotated[
        str | None, typer.Option(help="Outcome of records of which the file names none.")
    ] = None,
    positive_g: Annotated[
        str | None,
        typer.Option(
            help="Whom a positive g favors, intervention or comparator, where the file prints no "
            "data to tell."
        ),
    ] = None,
    better: Annotated[
        str | None,
        typer.Option(help="lower or higher: which scores are better where no table says it."),
    ] = None,
    mapped: Annotated[
        list[str] | None,
        typer.Option(
            "--map", help="COLUMN=NAME: a column of the file under a name of the standard."
        ),
    ] = None,
    accessed: Annotated[
        str | None, typer.Option(help="Date of reading, as 2026-11-24; default: today.")
    ] = None,
) -> None:
    """Read a Metapsy database and write it as a data package that all commands take by --data."""
    from evidence.metapsy import REPORT, import_database

    imported = import_database(
        file,
        output,
        accessed=_date(accessed),
        title=title,
        version=version,
        doi=doi,
        license_name=license_name,
        outcome=outcome,
        positive_g=positive_g,
        better=better,
        names=dict(map(_named, mapped or ())),
    )
    for line in imported.lines:
        say(line)
    say(f"{output}: written, see {REPORT}")


def _named(text: str) -> tuple[str, str]:
    column, equals, name = text.partition("=")
    if not equals or not column.strip() or not name.strip():
        raise ParameterError("map", text, "COLUMN=NAME, as events_treated=event_arm1")
    return column.strip(), name.strip()


def _date(text: str | None) -> date:
    try:
        return date.today() if text is None else date.fromisoformat(text)
    except ValueError:
        raise ParameterError("accessed", text, "a date, as 2026-11-24") from None
