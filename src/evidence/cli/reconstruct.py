"""The command `evidence reconstruct`."""

from typing import Annotated, Any

import typer

from evidence.cli.options import say
from evidence.errors import ParameterError


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
    from evidence.blocks import reconstruction
    from evidence.meta.reconstruction import PrintedArm
    from evidence.meta.reconstruction import reconstruct as search
    from evidence.terminal import to_json

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
        name = reconstruction.option(error.name)
        raise ParameterError(name, error.value, error.expected) from None
    if form == "json":
        say(to_json(reconstruction.as_record(found)))
    else:
        say(reconstruction.as_text(found))
    if not found.solutions:
        raise typer.Exit(1)


def _limits(interval: tuple[str, str] | None) -> tuple[str | None, str | None]:
    """Return printed limits, None for a dash."""
    low, high = (None if one == "-" else one for one in interval or ("-", "-"))
    return low, high
