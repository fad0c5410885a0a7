"""The command `evidence meta`."""

import json
from pathlib import Path
from textwrap import wrap
from typing import Annotated, Any

import typer

from evidence.cli.options import one_of, say
from evidence.errors import ParameterError
from evidence.terms import RHO


def meta(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A table of studies: CSV, TSV or XLSX.")
    ] = None,
    template: Annotated[
        bool, typer.Option("--template", help="Print a table to fill in, and stop.")
    ] = False,
    map_: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="ROLE=COLUMN", help="What a column is, as n_1='N int'."),
    ] = None,
    better: Annotated[str | None, one_of("better", "Which scores are better: ")] = None,
    measure: Annotated[
        str, typer.Option(help="As smd, mean_difference, odds_ratio, risk_ratio; default by file.")
    ] = "",
    model: Annotated[str, one_of("several_model", "For several rows of one trial: ")] = "",
    rho: Annotated[
        float | None,
        typer.Option(help=f"Supposed correlation of errors of rows of one trial; {RHO}."),
    ] = None,
    tau2: Annotated[str | None, one_of("tau2", "The first unless another is named: ")] = None,
    interval: Annotated[
        str | None,
        one_of("interval", "The first, or the last with a common effect, unless named: "),
    ] = None,
    level: Annotated[float, typer.Option(help="Coverage of intervals.")] = 0.95,
    by: Annotated[str, typer.Option(metavar="COLUMN", help="Pool groups of studies apart.")] = "",
    moderators: Annotated[
        str, typer.Option(metavar="FORMULA", help="Meta-regression, as 'weeks + C(comparator)'.")
    ] = "",
    figure: Annotated[
        Path | None, typer.Option(help="Write the forest plot: .svg, .png or .pdf.")
    ] = None,
    report: Annotated[
        list[Path] | None,
        typer.Option(help="Write a report: .html, .docx or .pdf; may stand several times."),
    ] = None,
    form: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
) -> None:
    """Pool the studies of a file of your own, and say how it was read."""
    if template:
        from evidence.meta.table import TEMPLATE

        say(TEMPLATE.rstrip("\n"))
        return
    if file is None:
        raise ParameterError("FILE", None, "a table of studies; --template prints one to fill in")
    if form not in ("text", "json"):
        raise ParameterError("--format", form, "text or json")
    from evidence.meta import spreadsheet

    if figure is not None:
        from evidence.meta.figures import check_path

        check_path(figure)
        if figure.resolve() in {one.resolve() for one in report or ()}:
            raise ParameterError("--figure", figure.name, "another file than that of a report")
    from evidence.meta.answers import WIDTH

    columns = dict(_pair(one) for one in map_ or ())
    chosen: Any = better
    methods = {"tau2": tau2, "interval": interval, "level": level}
    choices: dict[str, Any] = {"model": model, "rho": rho, **methods}
    try:
        found = spreadsheet.read(file, measure=measure, better=chosen, columns=columns, **choices)
    except ParameterError as error:
        if error.name != "better":
            raise
        raise ParameterError("--better", better, error.expected) from None
    answers: list[Any] = [found.result]
    if by:
        answers.append(found.fit.subgroups(by))
    if moderators:
        answers.append(found.regress(moderators))
    ledger: Path | None = None
    if report:
        from evidence.reports.apart import build_own_studies

        ledger = build_own_studies(
            report,
            file,
            columns=columns,
            better=chosen,
            by=by,
            moderators=moderators,
            measure=measure,
            **choices,
        )
    # Nothing is written where the reports cannot be.
    if figure is not None:
        found.fit.forest().save(figure)
    if form == "json":
        say(json.dumps(spreadsheet.as_json(found), ensure_ascii=False, indent=1))
        return
    mapped = ", ".join(f"{role}: {column}" for role, column in found.mapping)
    lines = [*wrap(f"{found.read_as}.", WIDTH), *wrap(f"Columns: {mapped}", WIDTH), ""]
    for one in answers:
        lines += [repr(one), ""]
    left = found.left_out
    lines += [f"Left out: {one.row}, {one.study}: {one.reason}" for one in left.itertuples()]
    lines += [f"{path}: written" for path in (figure, *(report or ()), ledger) if path]
    say("\n".join(lines).rstrip("\n"))


def _pair(text: str) -> tuple[str, str]:
    role, sign, column = text.partition("=")
    if not sign or not role or not column:
        raise ParameterError("--map", text, "ROLE=COLUMN, as n_1='N int'")
    return role.strip(), column.strip()
