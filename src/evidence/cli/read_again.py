"""The command `evidence read-again`."""

from pathlib import Path
from typing import Annotated

import typer

from evidence.cli.options import Data, say


def read_again(
    what: Annotated[
        str,
        typer.Argument(
            metavar="TRIAL|FORM.toml",
            help="A trial, for a form without values; or that form, filled in.",
        ),
    ],
    data: Data = None,
) -> None:
    """Print a form to read a trial's places again without the values; or compare and count it."""
    from evidence.data.dataset import load
    from evidence.entry import second_reading

    dataset = load(data)
    if not what.lower().endswith(".toml"):
        say(second_reading.form(dataset, what).removesuffix("\n"))
        return
    found = second_reading.compare(Path(what), dataset.path)
    # What is told as counted has been written.
    second_reading.write(found)
    say(second_reading.told(found, dataset))
    if found.raised:
        say(f"\nWritten: locators.csv; data version {found.version}.")
    raise typer.Exit(1 if found.differences else 0)
