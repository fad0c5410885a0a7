"""The command `evidence followup`."""

from typing import TYPE_CHECKING, Annotated

import typer

from evidence.cli.options import Data, Form, say
from evidence.errors import ParameterError

if TYPE_CHECKING:
    from evidence.data.dataset import Dataset


def followup(
    therapy: Annotated[
        str | None, typer.Option(help="A therapy; default: each with a result at follow-up.")
    ] = None,
    outcome: Annotated[str | None, typer.Option(help="An outcome; default: all.")] = None,
    correlation: Annotated[float, typer.Option(help="Of the effects at both times.")] = 0.5,
    form: Form = "",
    data: Data = None,
) -> None:
    """Compare effects at the end of treatment and at follow-up, with what stands apart."""
    from evidence.data.dataset import load

    say(text(load(data), therapy, outcome, correlation, form))


def text(
    dataset: "Dataset", therapy: str | None, outcome: str | None, correlation: float, form: str
) -> str:
    """Return the comparison of both times as text.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    therapy : str or None
        Therapy; None for each that has a result at follow-up (of the outcome, where one is given).
    outcome : str or None
        Outcome; None for all.
    correlation : float
        Correlation of the effects at both times.
    form : {"csv", "json", "md", "text"}
        Form; JSON of several therapies is a list.

    Raises
    ------
    ParameterError
        If a value is not accepted.
    """
    import pandas as pd

    from evidence.estimation import estimates
    from evidence.followup import durability
    from evidence.terminal import page, render, to_json
    from evidence.terminal.followup import as_parts, as_record

    therapies = [therapy]
    if therapy is None:
        frame = estimates(dataset)
        later = frame[(frame.timepoint == "follow_up") & (frame.intervention == frame.therapy)]
        known = sorted(set(later.outcome_id))
        if outcome is not None and outcome not in known:
            raise ParameterError(
                "outcome", outcome, f"one with a result at follow-up: {', '.join(known)}"
            )
        kept = later if outcome is None else later[later.outcome_id == outcome]
        therapies = sorted(set(kept.therapy))
        if not therapies:
            raise ParameterError("timepoint", "follow_up", "a package with a result at follow-up")
    found = [
        durability(dataset, therapy=str(one), outcome=outcome, correlation=correlation)
        for one in therapies
    ]
    if form == "json":
        records = [as_record(one) for one in found]
        return to_json(records if therapy is None else records[0])
    if form == "csv":
        filled = [one.comparisons for one in found if len(one.comparisons)]
        return render(pd.concat(filled) if filled else found[0].comparisons, "csv")
    return "\n\n".join(page(as_parts(dataset, one), form) for one in found)
