"""The command `evidence meta`."""

import json
from enum import StrEnum
from pathlib import Path
from textwrap import wrap
from typing import Annotated, Any

import typer

from evidence.cli.options import say
from evidence.errors import ParameterError


class Better(StrEnum):
    """Direction of a scale."""

    LOWER = "lower"
    HIGHER = "higher"


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
    better: Annotated[
        Better | None, typer.Option(help="Whether lower or higher scores are better.")
    ] = None,
    measure: Annotated[
        str, typer.Option(help="As smd, mean_difference, odds_ratio, risk_ratio; default by file.")
    ] = "",
    model: Annotated[
        str,
        typer.Option(help="For several rows of one trial: che, three_level, aggregate or robust."),
    ] = "",
    rho: Annotated[
        float | None, typer.Option(help="Supposed correlation of errors of rows of one trial; 0.6.")
    ] = None,
    tau2: Annotated[
        str | None, typer.Option(help="REML (default), ML, DL, PM, EB, SJ, HE, HS or common.")
    ] = None,
    interval: Annotated[
        str | None, typer.Option(help="hksj_adhoc (default), hksj or wald.")
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
        Path | None, typer.Option(help="Write a report: .html, .docx or .pdf.")
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
    from evidence.meta.answers import WIDTH

    columns = dict(_pair(one) for one in map_ or ())
    chosen: Any = None if better is None else better.value
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
    if figure is not None:
        found.fit.forest().save(figure)
    ledger: Path | None = None
    if report is not None:
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
    if form == "json":
        say(json.dumps(spreadsheet.as_json(found), ensure_ascii=False, indent=1))
        return
    mapped = ", ".join(f"{role}: {column}" for role, column in found.mapping)
    lines = [*wrap(f"{found.read_as}.", WIDTH), *wrap(f"Columns: {mapped}", WIDTH), ""]
    for one in answers:
        lines += [repr(one), ""]
    left = found.left_out
    lines += [f"Left out: {one.row}, {one.study}: {one.reason}" for one in left.itertuples()]
    lines += [f"{path}: written" for path in (figure, report, ledger) if path]
    say("\n".join(lines).rstrip("\n"))


def _pair(text: str) -> tuple[str, str]:
    role, sign, column = text.partition("=")
    if not sign or not role or not column:
        raise ParameterError("--map", text, "ROLE=COLUMN, as n_1='N int'")
    return role.strip(), column.strip()
