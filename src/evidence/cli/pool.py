"""The command `evidence pool`."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evidence.cli.options import Data, Form, say
from evidence.errors import ParameterError

if TYPE_CHECKING:
    from evidence.analysis import Specification
    from evidence.data.dataset import Dataset


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
    adjustment: Annotated[str, typer.Option(help="post, ppc or ppc_imbalanced.")] = "post",
    convention: Annotated[str, typer.Option(help="exact or metapsy.")] = "exact",
    correlation: Annotated[float, typer.Option(help="Of baseline and outcome, for d_ppc2.")] = 0.5,
    imputed: Annotated[str, typer.Option(help="include or exclude.")] = "include",
    overall: Annotated[str, typer.Option(help="leave_out or as_post.")] = "leave_out",
    analysis_set: Annotated[str, typer.Option(help="itt_first or completers_first.")] = "itt_first",
    arms: Annotated[
        str,
        typer.Option(help="Several arms of one condition: combined or first."),
    ] = "combined",
    comparator: Annotated[
        str, typer.Option(help="Of several: usual_care_first, inactive_first or active_first.")
    ] = "usual_care_first",
    follow_up: Annotated[str, typer.Option(help="Of several: longest or shortest.")] = "longest",
    comparator_class: Annotated[
        str | None, typer.Option(help="inactive, usual_care or active.")
    ] = None,
    leave_out: Annotated[list[str] | None, typer.Option(help="A trial to leave out.")] = None,
    tau2: Annotated[str, typer.Option(help="REML, ML, DL, PM, EB, SJ, HE, HS or common.")] = "REML",
    interval: Annotated[str, typer.Option(help="hksj_adhoc, hksj or wald.")] = "hksj_adhoc",
    level: Annotated[float, typer.Option(help="Confidence level.")] = 0.95,
    model: Annotated[
        str | None,
        typer.Option(help="For several estimates per trial: che or three-level; CR2 intervals."),
    ] = None,
    rho: Annotated[
        float | None, typer.Option(help="With che: supposed correlation of errors; default 0.6.")
    ] = None,
    form: Form = "md",
    data: Data = None,
) -> None:
    """Pool the trials of one therapy, outcome and time, with what was left out and why."""
    from evidence.analysis import Specification, analyze
    from evidence.data.dataset import load
    from evidence.estimation.selection import EVERY
    from evidence.terminal import FORMATS, to_json
    from evidence.terminal.pooled import as_csv, as_markdown, as_record

    if form not in FORMATS:
        raise ParameterError("format", form, f"one of {', '.join(FORMATS)}")
    dataset = load(data)
    specification = Specification(
        therapy=therapy,
        outcome=outcome,
        timepoint=timepoint,
        metric=metric,
        instrument=instrument or ("self_report_first" if model is None else EVERY),
        adjustment=adjustment,
        convention=convention,
        correlation=correlation,
        imputed=imputed,
        overall=overall,
        analysis_set=analysis_set,
        arms=arms,
        comparator=comparator,
        follow_up=follow_up,
        comparator_class=comparator_class,
        leave_out=tuple(leave_out or ()),
        tau2=tau2,
        interval=interval,
        level=level,
    )
    if model is not None:
        given = [
            name
            for name in context.params
            if (source := context.get_parameter_source(name)) and source.name == "COMMANDLINE"
        ]
        say(several(dataset, specification, model, rho, form, given))
        return
    if rho is not None:
        raise ParameterError("rho", rho, "no such choice without --model che")
    analysis = analyze(dataset, specification)
    writers: dict[str, Any] = {"csv": as_csv, "md": as_markdown}
    if form == "json":
        say(to_json(as_record(analysis, dataset)))
    else:
        say(writers[form](analysis, dataset))


def several(
    dataset: "Dataset",
    specification: "Specification",
    model: str,
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
    model : {"che", "three-level"}
        Model.
    rho : float or None
        Correlation of errors for che; None for the default.
    form : {"csv", "json", "md"}
        Form of the text.
    given : collection of str
        Choices that were made by name; none of them may mean nothing for the model.

    Raises
    ------
    ParameterError
        If a choice is not accepted, or means nothing for the model.
    """
    from evidence.analysis.multilevel import KEEPS_EACH, RHO, analyze_several, keeps_each
    from evidence.terminal import to_json
    from evidence.terminal.multilevel import as_csv, as_markdown, as_record

    for name in given:
        value = getattr(specification, name, None)
        if name in ("tau2", "interval"):
            raise ParameterError(name, value, "no such choice with --model, which has its own")
        if name in KEEPS_EACH:
            raise keeps_each(name, value)
    if rho is not None and model == "three-level":
        raise ParameterError("rho", rho, "no such choice with --model three-level")
    analysis = analyze_several(dataset, specification, model=model, rho=RHO if rho is None else rho)
    if form == "json":
        return to_json(as_record(analysis))
    return as_csv(analysis) if form == "csv" else as_markdown(analysis, dataset)
