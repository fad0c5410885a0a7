"""What would come of an entry, for a terminal and for a notebook: the same blocks for both."""

from collections.abc import Iterator, Mapping
from typing import Any

from evidence import language
from evidence.blocks.escape import html
from evidence.blocks.output import Block, items, joined, paragraphs
from evidence.blocks.reconstruction import as_text
from evidence.blocks.tables import Cell, table, with_id
from evidence.data.records import records
from evidence.entry import Counts, Preview, unified_diff
from evidence.ledger import chains, entries, sentences
from evidence.manuscripts.diff import Moved
from evidence.pages.effects import without_estimate
from evidence.terms import words_of

_CORRECTION = """[[correction]]
result = "{result_id}"
field = "{field}"        # column of the printed value
action = "withhold"      # not used at all; or "flag": used, with the remark shown; or "replace"
# used = ""              # with "replace": the value to use instead
reason = ""              # why, in your words
check = "{check}"
"""


def blocks(shown: Preview) -> Iterator[tuple[str, Block]]:
    """Yield each part of a preview with its heading."""
    yield "What would be written", rows(shown)
    yield "Whole numbers behind printed percentages", counts(shown)
    yield "What the checks of printed numbers find", findings(shown)
    yield "Estimates that would come of it", estimated(shown)
    yield "Which of several estimates stands", standing(shown)
    yield "What stays without a number, and why", unestimated(shown)
    yield "What would move", moved(shown)


def rows(shown: Preview) -> Block:
    """Return the lines that would be added, file by file."""
    proposal = shown.proposal
    files = language.count(len(proposal.change.new), "file")
    said_first = (
        f"{len(proposal.rows)} rows in {files}; data version "
        f"{proposal.before.version} would become {proposal.after.version}. Lines with + are new; "
        "no other line changes but that of the version."
    )
    diff = unified_diff(proposal)
    return joined(paragraphs(said_first), _as_it_stands(diff))


def _as_it_stands(lines: str) -> Block:
    """Return lines whose breaks and spaces count; notebooks set them in a proportional type."""
    style = "font-family: monospace; white-space: pre-wrap"
    return Block(f'<pre tabindex="0" style="{style}">{html(lines)}</pre>')


def counts(shown: Preview) -> Block:
    """Return which whole tables fit percentages, intervals and ratios."""
    made = [_counts(one, shown) for one in shown.counts]
    return joined(*made or [paragraphs("No percentages of an event are printed for two arms.")])


def _counts(one: Counts, shown: Preview) -> Block:
    after = shown.proposal.after
    conditions = after.vocabulary("condition")
    arms = language.listed((conditions.get(arm, arm) for arm in one.arms), "against")
    event = after.vocabulary("event").get(one.measure, one.measure)
    head = f"{language.capitalized(event)}, {after.in_text('timepoint', one.timepoint)}, {arms}"
    if one.found is None:
        return paragraphs(f"{head}: too little is printed to search. {words_of(one.reason)}")
    # The answer of the search is a list in plain text.
    return joined(paragraphs(head), _as_it_stands(as_text(one.found)))


def findings(shown: Preview) -> Block:
    """Return what the checks find on the new rows, and the correction that each grave one lacks."""
    found = shown.findings
    if found.empty:
        return paragraphs("The checks find nothing on the new rows.")
    made = [
        table(
            "What the checks find on the new rows",
            ("Severity", "Result and check", "Printed", "Finding", "Handled by"),
            [
                (
                    Cell(one.severity),
                    with_id(one.check.replace("_", " "), one.result_id),
                    Cell(one.printed),
                    Cell(one.explanation),
                    Cell(
                        f"{one.correction_id}: {one.action}"
                        if one.correction_id
                        else "a correction is needed"
                        if one.severity == "high"
                        else "for you to know"
                    ),
                )
                for one in records(found)
            ],
        )
    ]
    asked = [_asked(one, shown) for one in records(shown.unanswered)]
    if asked:
        made.append(
            paragraphs(
                "Printed numbers of high severity cannot all be right. Look at the source again. "
                "If it does print them so, say in the entry what is used instead; until then "
                "nothing is written. To fill in:"
            )
        )
        made.append(_as_it_stands("\n".join(asked)))
    return joined(*made)


def _asked(finding: Any, shown: Preview) -> str:
    """Return a correction to fill in, with the column whose text is the printed number."""
    cells: Mapping[str, str] = next(
        (
            row.cells
            for row in shown.proposal.rows
            if row.cells.get("result_id") == finding.result_id
        ),
        {},
    )
    field = next((name for name, cell in cells.items() if cell == finding.printed), "")
    return _CORRECTION.format(result_id=finding.result_id, check=finding.check, field=field)


def estimated(shown: Preview) -> Block:
    """Return the estimates of the trial, with route, conversion and processing."""
    after = shown.proposal.after
    given = shown.estimates[shown.estimates.effect.notna()]
    if given.empty:
        return paragraphs("None: see below why.")
    made = []
    for row in records(given):
        outcome = after.short("outcome", row.outcome_id)
        measure = row.event or row.instrument_id
        when = after.in_text("timepoint", row.timepoint)
        entry = entries.of_estimate(row, after)
        made.append(
            (
                with_id(language.capitalized(f"{outcome}, {when}"), measure),
                Cell(f"against {sentences.comparator(row, after)}"),
                Cell(language.term(language.METRIC, row.metric)),
                Cell(entries.quoted(entry)),
                Cell(chains.route(row.route).shown, tag=row.processing),
                Cell(chains.conversion(row, after)),
                Cell("; ".join(words_of(one.text) for one in row.remarks)),
            )
        )
    return table(
        "Estimates of the trial; positive, and a ratio above 1, favors the intervention; "
        f"{language.OF_HARMS}",
        ("Outcome and time", "Contrast", "Metric", "Estimate", "Route", "Conversion", "Remarks"),
        made,
    )


def standing(shown: Preview) -> Block:
    """Return what stands for the trial where it has several estimates, by which rule."""
    if not shown.standing:
        return paragraphs("The trial has one estimate, or none, for each outcome and time.")
    after = shown.proposal.after
    made = []
    for one in shown.standing:
        head = language.capitalized(
            f"{after.short('outcome', one.outcome)}, {after.in_text('timepoint', one.timepoint)}"
        )
        if one.error:
            made.append(
                paragraphs(
                    f"{head}: the analysis would have no result any more, so nothing is written. "
                    f"{language.capitalized(one.error)}."
                )
            )
            continue
        taken = ", ".join(one.chosen.estimate_id) or "none"
        left = "; ".join(f"{row.estimate_id}: {row.reason}" for row in records(one.left_out))
        made.append(paragraphs(f"{head}: {taken} stands. Left out: {left}."))
    return joined(*made)


def unestimated(shown: Preview) -> Block:
    """Return the results and outcomes that allow no estimate."""
    without = shown.estimates[shown.estimates.effect.isna()]
    return without_estimate(without) if len(without) else paragraphs("Nothing.")


def moved(shown: Preview) -> Block:
    """Return pooled numbers and conclusions without and with the entry."""
    own = set(shown.estimates.estimate_id)
    numbers = [one for one in shown.diff.moved if one.estimate_id not in own]
    made = []
    if numbers:
        made.append(
            table(
                "Numbers without and with the trial",
                ("Number", "Without", "With"),
                [
                    (
                        with_id(_named(one, shown), one.estimate_id),
                        Cell(_number(one, one.old)),
                        Cell(_number(one, one.new)),
                    )
                    for one in numbers
                ],
            )
        )
    else:
        made.append(paragraphs("No pooled number."))
    if shown.diff.conclusions:
        made.append(
            table(
                "Conclusions that would change",
                ("What", "Without", "With"),
                [
                    (
                        with_id(one.kind, one.subject),
                        Cell(one.old or "none"),
                        Cell(one.new or "none"),
                    )
                    for one in shown.diff.conclusions
                ],
            )
        )
    return joined(*made)


def _named(one: Moved, shown: Preview) -> str:
    """Return what a pooled number is, in words; nothing for others, whose id says it."""
    therapy, outcome, timepoint, _, *more = one.estimate_id.split(".")
    if "pooled" not in more:
        return ""
    after = shown.proposal.after
    parts = [
        after.in_text("therapy", therapy),
        after.in_text("outcome", outcome),
        after.in_text("timepoint", timepoint),
        language.term(language.METRIC, one.metric),
        *(choice.replace("_", " ") for choice in more if choice != "pooled"),
    ]
    return ", ".join(parts)


def _number(one: Moved, values: Mapping[str, float | None] | None) -> str:
    """Return a number as readers quote it, with trials and participants."""
    effect = None if values is None else values.get("effect")
    if values is None or effect is None:
        return "none"
    shown = language.estimate(
        *entries.quoted_numbers(
            one.metric, one.more_is, effect, values.get("ci_low"), values.get("ci_high")
        )
    )
    sizes = [f"{name} = {values[name]:.0f}" for name in ("k", "n") if values.get(name) is not None]
    return ", ".join([shown, *sizes])


def closing(shown: Preview, *, written: bool) -> Block:
    """Return what is left to do: to write the rows, or what follows once they are written."""
    proposal = shown.proposal
    version = proposal.after.version
    if not written:
        return paragraphs(
            "Nothing was written. Once every line above is as the source prints it, add --write to "
            "the command, or set write = True in the notebook."
        )
    steps = [
        "make reports: the trial enters every report that its therapy, outcomes and times belong "
        f"to, and gets its own card, reports/trial-{proposal.trial_id}.html.",
        "evidence diff: the numbers that moved, as text for CHANGELOG.md.",
        f"Commit data/ and reports/ together, as data version {version}.",
    ]
    first = f"Written: {', '.join(proposal.change.new)}; data version {version}. Next:"
    return Block(f"<p>{html(first)}</p>{items(map(html, steps))}")
