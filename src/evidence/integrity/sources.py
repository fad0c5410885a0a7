"""What is said of a trial against each other: facts, sizes, times, publications, claims."""

from collections.abc import Iterator, Mapping

from evidence.integrity.findings import Finding, Severity
from evidence.integrity.printed_numbers import Reading, Row, grouped
from evidence.terms import ages_overlap

_ENTER_ANALYSES = ("treatment_weeks", "comparator_weeks", "n_randomized", "n_analyzed")
_PUBLISHED = ("main", "companion")


def check_facts(reading: Reading) -> Iterator[Finding]:
    """Find facts that sources print differently."""
    for (trial_id, fact), rows in reading.facts.items():
        ranges = [row.range("value") for row in rows]
        # 15.2 and 15.21 are the same reading; 17 and 18 would be so only for 17.5 exactly
        if max(low for low, _ in ranges) < min(high for _, high in ranges):
            continue
        result = _result_of(reading, trial_id, fact, rows)
        values = " or ".join(dict.fromkeys(row["value"] for row in rows))
        places = ", ".join(f"{row['value']} in {row['locator_id']}" for row in rows)
        weighty = result is not None or fact in _ENTER_ANALYSES
        yield Finding(
            "sources_differ", result.id if result is not None else trial_id, values, "",
            "medium" if weighty else "low",
            f"{reading.labels[trial_id]}, {fact.replace('_', ' ')}: {places}.",
            None if result is not None else rows[0],
            fact,
        )  # fmt: skip


def _result_of(reading: Reading, trial_id: str, fact: str, rows: list[Row]) -> Row | None:
    """Find the result that a fact repeats: place and number, with arm and time in its name."""
    for result in reading.results:
        role = reading.arms[result["arm_id"]].role
        if result["trial_id"] != trial_id or role not in fact or result["timepoint"] not in fact:
            continue
        for row in rows:
            printed = {result.number("percent"), result.number("mean"), result.number("events")}
            if row["locator_id"] == result["locator_id"] and row.number("value") in printed:
                return result
    return None


def check_arm_sizes(reading: Reading) -> Iterator[Finding]:
    """Compare the sizes of the arms with the total that is printed."""
    by_trial: dict[str, list[int | None]] = {}
    for arm in reading.arms.values():
        by_trial.setdefault(arm.trial_id, []).append(arm.n_randomized)
    for trial_id, sizes in by_trial.items():
        # the same persons are in each arm of a cross-over trial
        total = None if trial_id in reading.crossovers else reading.randomized(trial_id)
        known = sum(size or 0 for size in sizes)
        if total is None or (None in sizes and known < total) or known == total:
            continue
        # arms that sum to less can leave out one that the data do not hold
        severity: Severity = "high" if known > total else "medium"
        yield Finding(
            "arm_sizes", trial_id, str(total), str(known), severity,
            f"{reading.labels[trial_id]}: the arms add to {known}, {total} are said to be "
            "randomized.",
        )  # fmt: skip


def check_times(reading: Reading) -> Iterator[Finding]:
    """Find arms that were measured at different times."""
    for pair in reading.pairs:
        one, two = pair.intervention, pair.comparator
        if one["clock"] != two["clock"] or not one["weeks"] or not two["weeks"]:
            continue
        if one.number("weeks") != two.number("weeks"):
            yield Finding(
                "unequal_times", one.id, one["weeks"], two["weeks"], "medium",
                f"The intervention arm was measured at {one['weeks']} weeks, the comparator at "
                f"{two['weeks']}.",
            )  # fmt: skip


def check_publications(reading: Reading) -> Iterator[Finding]:
    """Find trials that several articles report, which must be counted once."""
    reports = [
        row
        for row in reading.rows("publications")
        if row["kind"] == "article" and row["trial_id"] and row["role"] in _PUBLISHED
    ]
    for (trial_id,), rows in grouped(reports, "trial_id").items():
        if len(rows) > 1:
            names = ", ".join(row["publication_id"] for row in rows)
            yield Finding(
                "several_publications", trial_id, str(len(rows)), "1", "low",
                f"{reading.labels[trial_id]} is one trial in {len(rows)} articles: {names}.",
            )  # fmt: skip


_SAME_PRINT = (
    ("arm_results", ("instrument_id", "n_analyzed", "mean", "sd")),
    ("arm_results", ("event", "percent", "percent_ci_low", "percent_ci_high")),
    ("statistics", ("statistic", "estimate", "ci_low", "ci_high")),
)
"""Numbers that two trials hardly have in common, by table."""
_SAME_RESULTS = 2


def check_same_numbers(reading: Reading) -> Iterator[Finding]:
    """Find two trials with the same numbers: they can be one under two titles, counted twice."""
    seen: dict[tuple[str, ...], Row] = {}
    same: dict[tuple[str, str], list[tuple[Row, Row]]] = {}
    for table, columns in _SAME_PRINT:
        for row in reading.rows(table):
            cells = tuple(row[one] for one in columns)
            if not all(cells):
                continue
            first = seen.setdefault(cells, row)
            if first["trial_id"] != row["trial_id"]:
                same.setdefault((first["trial_id"], row["trial_id"]), []).append((first, row))
    for (one, two), pairs in same.items():
        if len(pairs) >= _SAME_RESULTS:
            listed = ", ".join(f"{row.id} is as {first.id}" for first, row in pairs)
            yield Finding(
                "same_numbers", two, str(len(pairs)), "", "medium",
                f"{reading.labels[two]} has {len(pairs)} results with all the numbers of "
                f"{reading.labels[one]} ({listed}): right only if it is another trial, and not the "
                "same one under another title.",
            )  # fmt: skip


def check_judgements(reading: Reading) -> Iterator[Finding]:
    """Find judgements on the risk of bias of one domain that contradict each other."""
    for rows in grouped(reading.rows("risk_of_bias"), "trial_id", "domain").values():
        for row in rows[1:]:
            first = rows[0]
            if {first["judgement"], row["judgement"]} == {"low", "high"}:
                trial = row["trial_id"]
                yield Finding(
                    "judgements_differ", trial, row["judgement"], first["judgement"], "medium",
                    f"{reading.labels[trial]}, {row['domain'].replace('_', ' ')}: "
                    f"{first['judgement']} by {first['tool']} in "
                    f"{first['locator_id']}, {row['judgement']} by "
                    f"{row['tool']} in {row['locator_id']}.", row,
                )  # fmt: skip


def check_claims(reading: Reading) -> Iterator[Finding]:
    """Find claims whose trial treated others, tested another therapy or compared with other care.

    Only a trial that the claim is likely to mean is compared, and only what both sides state.
    """
    trials = {row["trial_id"]: row for row in reading.rows("trials")}
    classes = {
        row["term"]: row["comparator_class"]
        for row in reading.rows("vocabularies")
        if row["vocabulary"] == "condition"
    }
    arms = grouped(reading.rows("arms"), "trial_id", "role")
    for claim in reading.rows("claims"):
        trial_id = claim["likely_trial_id"]
        if trial_id not in trials or claim["match"] not in ("strong", "likely"):
            continue
        trial = trials[trial_id]
        ages = [one for one in trial["age_group"].split(", ") if one]
        given = {trial["therapy"], *(_conditions(arms, trial_id, "intervention"))} - {""}
        against = list(dict.fromkeys(_conditions(arms, trial_id, "comparator")))
        own, others = classes.get(claim["comparator"]), {classes.get(one) for one in against}
        known = bool(own and all(others)) and "unknown" not in {own, *others}
        aspects = (
            ("age_group", "treated", ages, not ages_overlap([claim["age_group"]], ages)),
            ("therapy", "tested", sorted(given), claim["therapy"] not in given),
            ("comparator", "compared with", against, known and own not in others),
        )
        for column, verb, said, differs in aspects:
            if claim[column] and said and differs:
                expected = " or ".join(said)
                yield Finding(
                    "claim_trial", claim["claim_id"], claim[column], expected, "medium",
                    f"The article speaks of {_words(claim[column])}; {trial['label']}, the trial "
                    f"that it seems to mean (match: {claim['match']}), {verb} {_words(expected)}.",
                    claim,
                )  # fmt: skip


def _conditions(
    arms: Mapping[tuple[str, ...], list[Row]], trial_id: str, role: str
) -> Iterator[str]:
    return (row["condition"] for row in arms.get((trial_id, role), []))


def _words(terms: str) -> str:
    return terms.replace("_", " ")
