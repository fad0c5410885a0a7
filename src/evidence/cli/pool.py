"""The command `evidence pool`."""

from collections.abc import Collection
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, cast

import typer

from evidence.cli.options import Data, Form, one_of, say
from evidence.errors import ParameterError
from evidence.terms import RHO, Model

if TYPE_CHECKING:
    from evidence.data.dataset import Dataset
    from evidence.estimation.choices import Specification


def pool(
    context: typer.Context,
    therapy: Annotated[str, typer.Option(help="A therapy, as abft or abct.")],
    outcome: Annotated[str, typer.Option(help="An outcome, as depression.")],
    timepoint: Annotated[str, typer.Option(help="post or follow_up.")] = "post",
    metric: Annotated[str, typer.Option(help="auto, or a metric as hedges_g.")] = "auto",
    instrument: Annotated[
        str | None,
        typer.Option(
            help="self_report_first (default), clinician_first, an instrument; with --model every "
            "(its default)."
        ),
    ] = None,
    adjustment: Annotated[str, one_of("adjustment")] = "post",
    convention: Annotated[str, one_of("convention")] = "exact",
    correlation: Annotated[float, typer.Option(help="Of baseline and outcome, for d_ppc2.")] = 0.5,
    imputed: Annotated[str, one_of("imputed")] = "include",
    overall: Annotated[str, one_of("overall")] = "leave_out",
    analysis_set: Annotated[str, one_of("analysis_set")] = "itt_first",
    arms: Annotated[str, one_of("arms", "Several arms of one condition: ")] = "combined",
    comparator: Annotated[str, one_of("comparator", "Of several: ")] = "usual_care_first",
    follow_up: Annotated[str, one_of("follow_up", "Of several: ")] = "longest",
    comparator_class: Annotated[str | None, one_of("comparator_class")] = None,
    leave_out: Annotated[list[str] | None, typer.Option(help="A trial to leave out.")] = None,
    tau2: Annotated[str, one_of("tau2")] = "REML",
    interval: Annotated[str, one_of("interval")] = "hksj_adhoc",
    level: Annotated[float, typer.Option(help="Confidence level.")] = 0.95,
    model: Annotated[
        str | None, one_of("model", "For several estimates per trial, CR2 intervals: ")
    ] = None,
    rho: Annotated[
        float | None, typer.Option(help=f"With che: supposed correlation of errors; default {RHO}.")
    ] = None,
    form: Form = "",
    data: Data = None,
) -> None:
    """Pool the trials of one therapy, outcome and time, with what was left out and why."""
    from evidence.analysis import analyze
    from evidence.data.dataset import load
    from evidence.estimation.choices import Specification
    from evidence.estimation.selection import EVERY
    from evidence.terminal import page, to_json
    from evidence.terminal.pooled import as_csv, as_parts, as_record

    dataset = load(data)
    chosen = {one.name: context.params[one.name] for one in fields(Specification)}
    chosen["instrument"] = instrument or ("self_report_first" if model is None else EVERY)
    chosen["leave_out"] = tuple(leave_out or ())
    specification = Specification(**chosen)
    if model is not None:
        given = [
            name
            for name in context.params
            if (source := context.get_parameter_source(name)) and source.name == "COMMANDLINE"
        ]
        say(several(dataset, specification, cast(Model, model), rho, form, given))
        return
    if rho is not None:
        raise ParameterError("rho", rho, "no such choice without --model che")
    analysis = analyze(dataset, specification)
    if form == "json":
        say(to_json(as_record(analysis, dataset)))
    elif form == "csv":
        say(as_csv(analysis))
    else:
        say(page(as_parts(analysis, dataset), form))


def several(
    dataset: "Dataset",
    specification: "Specification",
    model: Model,
    rho: float | None,
    form: str,
    given: Collection[str],
) -> str:
    """Return a model of several estimates per trial as text.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    specification : Specification
        Choices on the estimates.
    model : {"che", "three_level"}
        Model.
    rho : float or None
        Correlation of errors for che; None for the default.
    form : {"csv", "json", "md", "text"}
        Form of the text.
    given : collection of str
        Choices that were made by name; none of them may mean nothing for the model.

    Raises
    ------
    ParameterError
        If a choice is not accepted, or means nothing for the model.
    """
    from evidence.analysis.multilevel import KEEPS_EACH, analyze_several, keeps_each
    from evidence.terminal import page, to_json
    from evidence.terminal.multilevel import as_csv, as_parts, as_record

    for name in given:
        value = getattr(specification, name, None)
        if name in ("tau2", "interval"):
            raise ParameterError(name, value, "no such choice with --model, which has its own")
        if name in KEEPS_EACH:
            raise keeps_each(name, value)
    if rho is not None and model == "three_level":
        raise ParameterError("rho", rho, "no such choice with --model three_level")
    analysis = analyze_several(dataset, specification, model=model, rho=RHO if rho is None else rho)
    if form == "json":
        return to_json(as_record(analysis))
    if form == "csv":
        return as_csv(analysis)
    return page(as_parts(analysis, dataset), form)
