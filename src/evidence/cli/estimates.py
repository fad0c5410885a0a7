"""The command `evidence estimates`."""

from typing import Annotated, Any

import typer

from evidence.cli.options import Data, Form, one_of, say

ESTIMATE_COLUMNS = (
    *("estimate_id", "comparator", "metric", "effect", "ci_low", "ci_high", "n_intervention"),
    *("n_comparator", "processing", "reason"),
)


def estimates(
    therapy: Annotated[str | None, typer.Option(help="A therapy, as abft or abct.")] = None,
    outcome: Annotated[str | None, typer.Option(help="An outcome, as depression.")] = None,
    timepoint: Annotated[str | None, typer.Option(help="baseline, post or follow_up.")] = None,
    trial: Annotated[str | None, typer.Option(help="A trial.")] = None,
    metric: Annotated[str | None, typer.Option(help="A metric, as hedges_g.")] = None,
    convention: Annotated[str, one_of("convention")] = "exact",
    correlation: Annotated[float, typer.Option(help="Of baseline and outcome, for d_ppc2.")] = 0.5,
    form: Form = "",
    data: Data = None,
) -> None:
    """List every trial-level estimate, and every result or trial that allows none."""
    from evidence.data.dataset import load
    from evidence.estimation import estimates as estimate
    from evidence.terminal import render

    given: dict[str, Any] = {
        "convention": convention,
        "therapy": therapy,
        "outcome": outcome,
        "timepoint": timepoint,
        "trial": trial,
        "metric": metric,
    }
    filters = {name: value for name, value in given.items() if value is not None}
    frame = estimate(load(data), correlation=correlation, **filters)
    say(render(frame, form, ESTIMATE_COLUMNS))
