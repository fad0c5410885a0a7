"""The one command of the workbook: evidence."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from evidence.commands import (
    adding,
    exporting,
    following,
    importing,
    opening,
    pooling,
    say,
    writing,
)
from evidence.errors import EvidenceError, ParameterError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="The evidence on attachment-based therapies: validate, estimate, pool, build reports.",
    pretty_exceptions_enable=False,
)

Data = Annotated[Path | None, typer.Option("--data", help="Data package; default: data/.")]
Form = Annotated[str, typer.Option("--format", help="csv, json or md.")]

ESTIMATE_COLUMNS = (
    "estimate_id",
    "comparator",
    "metric",
    "effect",
    "ci_low",
    "ci_high",
    "n_intervention",
    "n_comparator",
    "processing",
    "reason",
)


INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it; typer ends so too."""


def main() -> None:
    """Run the command; each fault ends with one message: bad input 2, files 1, Ctrl-C 130."""
    try:
        app()
    except EvidenceError as error:
        say(f"evidence: {error}", err=True)
        raise SystemExit(2) from None
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        say(f"evidence: {place}{error.strerror or error}", err=True)
        raise SystemExit(1) from None
    except SystemExit as ended:
        if ended.code != INTERRUPTED:
            raise
        say("evidence: stopped; files that were not finished are as they were", err=True)
        sys.stdout.flush()
        # Threads that still write a document to memory are not waited for.
        os._exit(INTERRUPTED)


@app.callback()
def _evidence() -> None:
    """Keep the commands as subcommands."""


@app.command()
def validate(
    package: Annotated[Path | None, typer.Argument(help="Data package; default: data/.")] = None,
    data: Data = None,
) -> None:
    """Check a data package and list every fault."""
    from evidence.dataset import load

    dataset = load(package or data)
    say(
        f"{dataset.path.name}: valid, data version {dataset.version}, "
        f"{len(dataset.trials)} trials, "
        f"{len(dataset.arm_results) + len(dataset.statistics)} results, "
        f"{len(dataset.corrections)} corrections"
    )


@app.command()
def estimates(
    therapy: Annotated[str | None, typer.Option(help="A therapy, as abft or abct.")] = None,
    outcome: Annotated[str | None, typer.Option(help="An outcome, as depression.")] = None,
    timepoint: Annotated[str | None, typer.Option(help="baseline, post or follow_up.")] = None,
    trial: Annotated[str | None, typer.Option(help="A trial.")] = None,
    metric: Annotated[str | None, typer.Option(help="A metric, as hedges_g.")] = None,
    convention: Annotated[str, typer.Option(help="exact or metapsy.")] = "exact",
    correlation: Annotated[float, typer.Option(help="Of baseline and outcome, for d_ppc2.")] = 0.5,
    form: Form = "md",
    data: Data = None,
) -> None:
    """List every trial-level estimate, and every result or trial that allows none."""
    from evidence.dataset import load
    from evidence.display.frames import render
    from evidence.estimation import estimates as estimate

    given = {
        "therapy": therapy,
        "outcome": outcome,
        "timepoint": timepoint,
        "trial": trial,
        "metric": metric,
    }
    filters = {name: value for name, value in given.items() if value is not None}
    frame = estimate(load(data), convention=convention, correlation=correlation, **filters)
    say(render(frame, form, ESTIMATE_COLUMNS))


@app.command()
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
    from evidence.dataset import load
    from evidence.display.frames import FORMATS, to_json
    from evidence.display.pooled_text import as_csv, as_markdown, as_record
    from evidence.selection import EVERY
    from evidence.specification import Specification, analyze

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
        say(pooling.several(dataset, specification, model, rho, form, given))
        return
    if rho is not None:
        raise ParameterError("rho", rho, "no such choice without --model che")
    analysis = analyze(dataset, specification)
    writers: dict[str, Any] = {"csv": as_csv, "md": as_markdown}
    if form == "json":
        say(to_json(as_record(analysis, dataset)))
    else:
        say(writers[form](analysis, dataset))


@app.command()
def followup(
    therapy: Annotated[
        str | None, typer.Option(help="A therapy; default: each with a result at follow-up.")
    ] = None,
    outcome: Annotated[str | None, typer.Option(help="An outcome; default: all.")] = None,
    correlation: Annotated[float, typer.Option(help="Of the effects at both times.")] = 0.5,
    form: Form = "md",
    data: Data = None,
) -> None:
    """Compare effects at the end of treatment and at follow-up, with what stands apart."""
    from evidence.dataset import load

    say(following.text(load(data), therapy, outcome, correlation, form))


@app.command()
def claims(form: Form = "md", data: Data = None) -> None:
    """Judge each claim of the article that started the workbook, by rules that are code."""
    from evidence.claims import verdicts
    from evidence.dataset import load
    from evidence.display.frames import render

    say(render(verdicts(load(data)), form, ("claim_id", "verdict", "sentence")))


@app.command()
def audit(form: Form = "md", data: Data = None) -> None:
    """Check printed numbers against each other; exit code 1 if a grave one is not handled."""
    from evidence.dataset import load
    from evidence.display.frames import render
    from evidence.integrity import audit as check
    from evidence.integrity.handling import handled, not_handled

    dataset = load(data)
    found = handled(dataset, check(dataset))
    say(
        render(
            found,
            form,
            (
                "severity",
                "check",
                "file",
                "row",
                "result_id",
                "printed",
                "expected",
                "action",
                "explanation",
            ),
        )
    )
    open_ones = not_handled(found)
    if len(open_ones):
        names = ", ".join(open_ones.check + " of " + open_ones.result_id)
        say(f"evidence: high severity without a row in corrections.csv: {names}", err=True)
        raise typer.Exit(1)


@app.command()
def reconstruct(
    percent_1: Annotated[str | None, typer.Option(help="Percent of arm 1, as printed.")] = None,
    percent_2: Annotated[str | None, typer.Option(help="Percent of arm 2.")] = None,
    interval_1: Annotated[
        tuple[str, str] | None,
        typer.Option(help="Limits of percent 1; - for one that is not printed."),
    ] = None,
    interval_2: Annotated[tuple[str, str] | None, typer.Option(help="Limits of percent 2.")] = None,
    n_1: Annotated[int | None, typer.Option(help="Participants of arm 1, if known.")] = None,
    n_2: Annotated[int | None, typer.Option(help="Participants of arm 2, if known.")] = None,
    n_max_1: Annotated[int | None, typer.Option(help="Most, such as those randomized.")] = None,
    n_max_2: Annotated[int | None, typer.Option(help="The same of arm 2.")] = None,
    n_min_1: Annotated[int, typer.Option(help="Fewest participants of arm 1.")] = 1,
    n_min_2: Annotated[int, typer.Option(help="Fewest participants of arm 2.")] = 1,
    events_1: Annotated[int | None, typer.Option(help="With the event, if printed.")] = None,
    events_2: Annotated[int | None, typer.Option(help="The same of arm 2.")] = None,
    odds_ratio: Annotated[str | None, typer.Option(help="Arm 1 against arm 2.")] = None,
    conditional_odds_ratio: Annotated[
        str | None, typer.Option(help="As printed beside Fisher's test.")
    ] = None,
    risk_ratio: Annotated[str | None, typer.Option(help="Arm 1 against arm 2.")] = None,
    risk_difference: Annotated[str | None, typer.Option(help="Arm 1 - arm 2, in points.")] = None,
    number_needed_to_treat: Annotated[str | None, typer.Option(help="Without a sign.")] = None,
    p_fisher: Annotated[str | None, typer.Option(help='Of the exact test; "<0.01" too.')] = None,
    p_chi2: Annotated[str | None, typer.Option(help="Of chi-square.")] = None,
    p_chi2_corrected: Annotated[str | None, typer.Option(help="Of that with correction.")] = None,
    n_total: Annotated[int | None, typer.Option(help="Participants of both arms.")] = None,
    total: Annotated[str, typer.Option(help="n-total is exact or at_most.")] = "exact",
    percent_of: Annotated[str, typer.Option(help="Percent of the arm or of all.")] = "arm",
    level: Annotated[float, typer.Option(help="Level of the intervals.")] = 0.95,
    formula: Annotated[
        list[str] | None, typer.Option(help="Formula of the intervals to try; default: all.")
    ] = None,
    form: Annotated[str, typer.Option("--format", help="json or md.")] = "md",
) -> None:
    """Find the whole numbers behind printed percentages, intervals, ratios and p, of any source."""
    from evidence.display import reconstruction_text
    from evidence.display.frames import to_json
    from evidence.effects.reconstruct import PrintedArm
    from evidence.effects.reconstruct import reconstruct as search

    if form not in ("json", "md"):
        raise ParameterError("format", form, "one of json, md")
    given = [
        (percent_1, *_limits(interval_1), n_1, n_max_1, n_min_1, events_1),
        (percent_2, *_limits(interval_2), n_2, n_max_2, n_min_2, events_2),
    ]
    empty = (None, None, None, None, None, 1, None)
    if given[0] == empty:
        raise ParameterError("--percent-1", None, "what is printed of arm 1, as 70")
    choices: dict[str, Any] = {"total": total, "percent_of": percent_of, "formulas": formula}
    try:
        found = search(
            *(PrintedArm(*values) for values in given if values != empty),
            odds_ratio=odds_ratio,
            conditional_odds_ratio=conditional_odds_ratio,
            risk_ratio=risk_ratio,
            risk_difference=risk_difference,
            number_needed_to_treat=number_needed_to_treat,
            p_fisher=p_fisher,
            p_chi2=p_chi2,
            p_chi2_corrected=p_chi2_corrected,
            n_total=n_total,
            level=level,
            **choices,
        )
    except ParameterError as error:
        name = reconstruction_text.option(error.name)
        raise ParameterError(name, error.value, error.expected) from None
    if form == "json":
        say(to_json(reconstruction_text.as_record(found)))
    else:
        say(reconstruction_text.as_text(found))
    if not found.solutions:
        raise typer.Exit(1)


def _limits(interval: tuple[str, str] | None) -> tuple[str | None, str | None]:
    """Return printed limits, None for a dash."""
    low, high = (None if one == "-" else one for one in interval or ("-", "-"))
    return low, high


@app.command()
def build(
    reports: Annotated[list[str] | None, typer.Argument(help="Reports; default: all.")] = None,
    force: Annotated[bool, typer.Option(help="Build what has not changed too.")] = False,
    accept: Annotated[bool, typer.Option(help="Accept numbers that moved.")] = False,
    jobs: Annotated[int, typer.Option(help="Notebooks that run at the same time.")] = 2,
    cell_timeout: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="SECONDS", help="Longest time of a cell; default: half an hour."
        ),
    ] = None,
    data: Data = None,
) -> None:
    """Run the notebooks of the catalog and write reports, index and ledger."""
    from evidence.report.build import build as build_reports

    quiet = not sys.stderr.isatty()
    built = build_reports(
        reports or None,
        force=force,
        accept=accept,
        jobs=jobs,
        cell_timeout=cell_timeout,
        data=data,
        waiting=lambda line: say(f"evidence: {line}", err=True),
        progress=None if quiet else lambda line: say(line, err=True),
    )
    for failure in built.failures:
        say(f"evidence: {failure}", err=True)
    for one in built.comparison.changed:
        if one.field != "data_version":
            say(f"changed: {one}")
    say(f"{len(built.made)} built, {len(built.unchanged)} unchanged, {len(built.failures)} failed")
    raise typer.Exit(built.exit_code)


for _command in (
    writing.cite,
    writing.check,
    writing.fill,
    writing.diff,
    adding.add_trial,
    exporting.export,
    opening.lab,
):
    app.command()(_command)
app.command("import-metapsy")(importing.import_metapsy)
app.command()(importing.context)


if __name__ == "__main__":
    main()
