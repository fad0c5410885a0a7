"""Durability: the same comparison at the end of treatment and later, and what lies between."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from evidence.data.dataset import Dataset
from evidence.errors import ParameterError
from evidence.estimation import estimates
from evidence.estimation.lookups import Context
from evidence.followup import other_followups
from evidence.followup import pairs as pairing
from evidence.followup.bivariate import FEWEST_TRIALS, Bivariate, bivariate_models
from evidence.followup.comparisons import (
    COMPARISON_COLUMNS,
    CORRELATION,
    CORRELATIONS,
    NUMBERS,
    WEEKS,
    changes,
    comparison,
    named,
    stem,
)
from evidence.followup.event_counts import (
    ARM_COLUMNS,
    SCENARIO_COLUMNS,
    EventCounts,
    arms,
    scenarios,
    staying,
)
from evidence.followup.pairs import SHARED_CONTROL, Timing, week
from evidence.language import as_table, count, estimate
from evidence.meta.effect_size import inside


@dataclass(frozen=True, slots=True, eq=False)
class Durability:
    """What the trials of a therapy show at the end of treatment and at follow-up.

    Effects are positive where they favor the intervention, ratios on the log scale.

    Attributes
    ----------
    therapy : str
        Therapy.
    outcome : str or None
        Outcome, None for all.
    correlation : float
        Correlation of the effects at both times that the main intervals suppose.
    comparisons : DataFrame
        One row per trial, contrast, instrument or event, and metric with both times. ``change_id``
        and ``retained_id`` are the ids of the change and of the fraction; trial, arms and measure
        are named as in `evidence.estimates`; ``post_`` and ``follow_up_`` before id, effect,
        variance, ci_low, ci_high, n_intervention, n_comparator (assessed at that time) and
        processing; ``weeks_since_randomization`` and ``follow_up_weeks`` of the later time, with
        ``follow_up_weeks_low`` and ``follow_up_weeks_high``, what sources leave open;
        ``correlation_low`` and ``correlation_high``, what the margins of an event allow (-1 and 1
        on other scales); ``correlation``, the one used: the nearest within these to the one asked
        for; ``change``, ``change_se``, ``change_ci_low``, ``change_ci_high``: follow-up minus
        post, below 0 where the effect shrank; ``retained_fraction`` with ``retained_ci_low`` and
        ``retained_ci_high`` (Fieller), NaN where the effect at post is within its own 95% margin
        of 0; ``derived``, whether the contrast follows from two with a shared arm;
        ``processing`` of the change, always ``imputed`` since no source prints a correlation;
        origins and remarks. Treatments other than the therapy stand there by their own name in
        ``intervention``, for context.
    changes : DataFrame
        The change and the fraction of each comparison by correlation, with their ids; where the
        margins of an event do not allow a correlation the numbers are NaN and ``reason`` says so.
    arms : DataFrame
        How many of each arm had an event at both times, with Clopper-Pearson interval.
    staying : DataFrame
        Bounds on those who recovered and stayed recovered, arm by arm; see
        `evidence.followup.event_counts.staying`.
    scenarios : DataFrame
        Effects on events at both times and their change under assumptions about the missing; see
        `evidence.followup.event_counts`.
    uncontrolled : DataFrame
        Follow-ups of one arm alone: never a comparison.
    unpaired : DataFrame
        Rows of `evidence.estimates` at follow-up whose comparison has no number at post.
    trials : DataFrame
        Each randomized trial of the therapy and whether it has both times.
    estimates : DataFrame
        Rows behind the comparisons with the columns of `evidence.estimates`, derived ones too.
    most_trials : int
        The most trials that have one outcome on one metric at both times.
    bivariate : tuple of Bivariate
        Both times together across trials, for each outcome and metric that enough trials have.
    """

    therapy: str
    outcome: str | None
    correlation: float
    comparisons: pd.DataFrame
    changes: pd.DataFrame
    arms: pd.DataFrame
    staying: pd.DataFrame
    scenarios: pd.DataFrame
    uncontrolled: pd.DataFrame
    unpaired: pd.DataFrame
    trials: pd.DataFrame
    estimates: pd.DataFrame
    most_trials: int
    bivariate: tuple[Bivariate, ...]

    @property
    def bivariate_model(self) -> bool:
        """Whether enough trials have both times for a bivariate model across trials."""
        return self.most_trials >= FEWEST_TRIALS

    def __repr__(self) -> str:
        """Return in one line what was compared."""
        return (
            f"Durability of {self.therapy}, {self.outcome or 'all outcomes'}: "
            f"{count(len(self.comparisons), 'comparison')} at both times, "
            f"{count(len(self.uncontrolled), 'follow-up')} of one arm alone"
        )

    def _repr_html_(self) -> str:
        """Return the comparisons at both times, as Jupyter shows them."""
        rows = self.comparisons
        # What no source prints but follows from two contrasts with one arm says so.
        derived = rows.derived.astype(bool).map({True: "derived, ", False: ""})
        shown = pd.DataFrame(
            {
                "trial": rows.label,
                "against": rows.comparator,
                "outcome": rows.outcome_id,
                "by": rows.event.where(rows.event != "", rows.instrument_id),
                "metric": rows.metric,
                "end of treatment": _quoted(rows, "post_effect", "post_ci_low", "post_ci_high"),
                "follow-up": _quoted(
                    rows, "follow_up_effect", "follow_up_ci_low", "follow_up_ci_high"
                ),
                "change": _quoted(rows, "change", "change_ci_low", "change_ci_high"),
                "how obtained": derived + rows.follow_up_processing,
            }
        )
        return (
            f"{as_table(shown)}<p>{escape(repr(self))}; above 0 favors "
            f"{escape(self.therapy)}, ratios are on the log scale; a change below 0 is an effect "
            f"that shrank; its interval supposes a correlation of {self.correlation:g} "
            "(imputed).</p>"
        )


def durability(
    dataset: Dataset,
    *,
    therapy: str,
    outcome: str | None = None,
    correlation: float = CORRELATION,
    correlations: Sequence[float] = CORRELATIONS,
) -> Durability:
    """Return each comparison of a therapy that a trial prints at post and at follow-up.

    A comparison needs the same trial, contrast, instrument or event, and metric at both times. A
    change within one arm is no durability: who enters with a high score has a lower one later
    without any treatment.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    therapy : str
        Therapy.
    outcome : str, optional
        Outcome; all where none is given.
    correlation : float
        Correlation of the effects at both times for the main intervals, between -1 and 1.
    correlations : sequence of float
        Correlations for the sensitivity analysis.

    Returns
    -------
    Durability

    Raises
    ------
    ParameterError
        If no result of the therapy, or of the outcome, is from after the end of treatment, or a
        correlation is not between -1 and 1.

    Examples
    --------
    >>> import evidence
    >>> found = evidence.durability(evidence.load(), therapy="abct", outcome="affective_distress")
    >>> kept = found.comparisons.set_index("change_id").retained_fraction
    >>> name = "collado2021.abct_vs_usual_care.affective_distress.dass_21.change.mean_difference"
    >>> f"{kept[name]:.2f}"
    '0.55'
    """
    inside("correlation", correlation, -1, 1)
    inside("correlations", list(correlations), -1, 1)
    context = Context.of(dataset)
    frame = _of_outcome(_of_therapy(estimates(dataset), therapy), outcome)
    derived = pairing.derived(context, frame, therapy)
    pairs = [*pairing.paired(frame), *pairing.paired(derived)]
    counts = EventCounts(context)
    timing = Timing(context)
    apart = _told_apart(pairs)
    ids = [
        named(f"{_plain_id(later)}{one}", correlation)
        for one, (_, later) in zip(apart, pairs, strict=True)
    ]
    compared = _frame(
        [
            comparison(counts, timing, pair, change_id, correlation)
            for pair, change_id in zip(pairs, ids, strict=True)
        ],
        COMPARISON_COLUMNS,
    ).astype(NUMBERS | WEEKS)
    later = frame[frame.timepoint == "follow_up"]
    alone = other_followups.unpaired(context, later, pairs)
    without_control = other_followups.uncontrolled(context, later)
    both_times = _frame(
        [
            one
            for pair, told_apart in zip(pairs, apart, strict=True)
            for one in arms(context, counts, pair, stem(pair[1]), told_apart)
        ],
        ARM_COLUMNS,
    ).drop_duplicates(["proportion_id", "arm_id", "result_ids"], ignore_index=True)
    # Two arms of one condition have the same id at the end of treatment, and so has an event that
    # is counted by two instruments: each of them then names what tells it apart, so that no id
    # rests on the order of rows.
    for part in ("arm_id", "instrument_id"):
        twice = both_times.groupby("proportion_id")[part].transform("nunique") > 1
        both_times.loc[twice, "proportion_id"] += "." + both_times.loc[twice, part]
    behind = {row.estimate_id for pair in pairs for row in pair}
    every = pd.concat([frame, derived], ignore_index=True) if len(derived) else frame
    return Durability(
        therapy=therapy,
        outcome=outcome,
        correlation=correlation,
        comparisons=compared,
        changes=changes(compared, pairs, correlations),
        arms=both_times,
        staying=staying(both_times, dataset),
        scenarios=_frame(
            [
                one
                for pair, change_id in zip(pairs, ids, strict=True)
                for one in scenarios(counts, pair, change_id, correlation)
            ],
            SCENARIO_COLUMNS,
        ),
        uncontrolled=without_control,
        unpaired=alone,
        trials=other_followups.states(context, therapy, pairs, alone, later),
        estimates=every[every.estimate_id.isin(behind)].reset_index(drop=True),
        most_trials=pairing.trials_with_both(pairs, therapy),
        bivariate=bivariate_models(frame, therapy, correlation),
    )


def _quoted(rows: pd.DataFrame, *columns: str) -> list[str]:
    """Return numbers with their intervals in words, ratios on the log scale."""
    return [estimate(*one) for one in rows[list(columns)].astype(float).itertuples(index=False)]


def _of_therapy(frame: pd.DataFrame, therapy: str) -> pd.DataFrame:
    later = frame[frame.timepoint == "follow_up"]
    accepted = sorted(set(later.therapy))
    if therapy not in accepted:
        raise ParameterError(
            "therapy", therapy, f"one with a result at follow-up: {', '.join(accepted)}"
        )
    return frame[frame.therapy == therapy]


def _of_outcome(frame: pd.DataFrame, outcome: str | None) -> pd.DataFrame:
    accepted = sorted(set(frame.outcome_id[frame.timepoint == "follow_up"]))
    if outcome is None:
        return frame
    if outcome not in accepted:
        raise ParameterError(
            "outcome", outcome, f"one with a result at follow-up: {', '.join(accepted)}"
        )
    return frame[frame.outcome_id == outcome]


def _plain_id(later: Any) -> str:
    """Return the id of a change where its comparison has one follow-up."""
    derived = f".{SHARED_CONTROL}" if later.route == SHARED_CONTROL else ""
    return f"{stem(later)}.change.{later.metric}{derived}"


def _told_apart(pairs: Sequence[tuple[Any, Any]]) -> list[str]:
    """Return what tells several follow-ups of one comparison apart, with its dot: else nothing."""
    plain = [_plain_id(later) for _, later in pairs]
    times = Counter(plain)
    weeks = [
        f".{week(later)}" if times[one] > 1 else ""
        for one, (_, later) in zip(plain, pairs, strict=True)
    ]
    dated = list(zip(plain, weeks, strict=True))
    times_dated = Counter(dated)
    # Two arms can have one condition: then only the results tell their comparisons apart.
    return [
        ".".join([one[1], *later.result_ids[:2]]) if times_dated[one] > 1 else one[1]
        for one, (_, later) in zip(dated, pairs, strict=True)
    ]


def _frame(made: list[dict[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(made, columns=list(columns))
