"""Comparisons at two times as records of all fields and for reading."""

from dataclasses import asdict
from typing import Any

from evidence import language
from evidence.data.dataset import Dataset
from evidence.estimation.row import QuotedScale
from evidence.followup import Durability
from evidence.followup.bivariate import Bivariate
from evidence.pages.followup import first_screen
from evidence.pages.followup.tables import across_trials
from evidence.terminal import Item, Part, Table, plain


def sentence(model: Bivariate, dataset: Dataset) -> str:
    """Return a bivariate model as a sentence: both times, the change, trials, what is supposed.

    Parameters
    ----------
    model : Bivariate
        The model.
    dataset : Dataset
        Data package, for the names of outcomes.
    """
    outcome = dataset.in_text("outcome", model.outcome_id)
    scale = QuotedScale(model.metric, model.more_is)
    post, later, change = (
        language.estimate(*scale.quoted(one.estimate, one.ci_low, one.ci_high))
        for one in (model.post, model.follow_up, model.change)
    )
    noun = "ratio of the two" if scale.ratio else "change"
    p = "" if model.change.p_value is None else f"; {language.p_value(model.change.p_value)}"
    rho = model.fit.rho[0] if model.fit.rho else None
    between = (
        "not determined" if rho is None else f"correlate at {language.fixed(rho)} between trials"
    )
    variances = dict(zip(model.fit.outcomes, model.fit.tau2, strict=True))
    said = " ".join(model.fit.warnings)
    return (
        f"Both times together across trials, {outcome}, "
        f"{language.term(language.METRIC, model.metric)}: "
        f"{post} at the end of treatment ({language.count(model.k_post, 'trial')}), {later} at "
        f"follow-up ({language.count(model.k_follow_up, 'trial')}; "
        f"{language.count(model.k_both)} with "
        f"both times); {noun} {change}{p}. Bivariate model of {model.fit.k_estimates} estimates "
        f"(van Houwelingen 2002), {model.fit.method}, cluster-robust {model.fit.inference} "
        f"intervals; tau² {language.fixed(variances['post'], 3)} and "
        f"{language.fixed(variances['follow_up'], 3)}, the effects at both times {between}; "
        "errors of "
        f"one trial are supposed to correlate at {model.correlation:g}."
        + (f" {said}" if said else "")
    )


def record(model: Bivariate) -> dict[str, Any]:
    """Return the numbers of a model at full precision."""
    fit = model.fit
    names = ("tau2", "rho", "outcomes", "q", "q_df", "q_p", "k_trials", "k_estimates", "method")
    return {
        "outcome_id": model.outcome_id,
        "metric": model.metric,
        "correlation": model.correlation,
        "k_post": model.k_post,
        "k_follow_up": model.k_follow_up,
        "k_both": model.k_both,
        "post": asdict(model.post),
        "follow_up": asdict(model.follow_up),
        "change": asdict(model.change),
        **{name: plain(getattr(fit, name)) for name in (*names, "inference", "converged")},
        "warnings": list(fit.warnings),
    }


FRAMES = (
    *("comparisons", "changes", "arms", "staying", "scenarios", "uncontrolled"),
    *("unpaired", "trials"),
)
"""Frames of a result, in the order of the record."""

MOST_IN_WORDS = 12
"""With more comparisons than this each is a line of the table alone."""

READ = (
    *("change_id", "post_effect", "follow_up_effect", "change", "change_ci_low", "change_ci_high"),
    *("retained_fraction", "retained_ci_low", "retained_ci_high", "correlation", "processing"),
)


def as_record(found: Durability) -> dict[str, Any]:
    """Return what was asked, then every frame at full precision."""
    return {
        "therapy": found.therapy,
        "outcome": found.outcome,
        "correlation": found.correlation,
        "most_trials": found.most_trials,
        "bivariate_model": found.bivariate_model,
        "bivariate": [record(one) for one in found.bivariate],
        **{name: plain(getattr(found, name)) for name in FRAMES},
    }


def as_parts(dataset: Dataset, found: Durability) -> list[Part]:
    """Return the answer in words, then the comparisons; ratios stand there as logarithms.

    Where there are too many comparisons to tell one by one, the answer and the models across trials
    stand before the table.
    """
    said = first_screen(dataset, found).text.splitlines()
    if len(found.comparisons) > MOST_IN_WORDS:
        said = [
            said[0],
            f"{language.capitalized(language.count(len(found.comparisons), 'comparison'))} at "
            "both times "
            f"in {language.count(found.comparisons.trial_id.nunique(), 'trial')}.",
        ]
    models = [sentence(one, dataset) for one in found.bivariate]
    across = models or [across_trials(found)]
    return [
        *(Item(one[2:]) if one.startswith("- ") else one for one in said),
        "",
        *([*across, ""] if models else []),
        Table(found.comparisons, READ),
        *([] if models else ["", *across]),
    ]
