"""Both times together across trials, in words and as records."""

from dataclasses import asdict
from typing import Any

from evidence.dataset import Dataset
from evidence.display import words
from evidence.display.frames import plain
from evidence.estimation.row import QuotedScale
from evidence.followup.bivariate import Bivariate


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
        words.estimate(*scale.quoted(one.estimate, one.ci_low, one.ci_high))
        for one in (model.post, model.follow_up, model.change)
    )
    noun = "ratio of the two" if scale.ratio else "change"
    p = "" if model.change.p_value is None else f"; {words.p_value(model.change.p_value)}"
    rho = model.fit.rho[0] if model.fit.rho else None
    between = "not determined" if rho is None else f"correlate at {words.fixed(rho)} between trials"
    variances = dict(zip(model.fit.outcomes, model.fit.tau2, strict=True))
    said = " ".join(model.fit.warnings)
    return (
        f"Both times together across trials, {outcome}, {words.term(words.METRIC, model.metric)}: "
        f"{post} at the end of treatment ({words.count(model.k_post, 'trial')}), {later} at "
        f"follow-up ({words.count(model.k_follow_up, 'trial')}; {words.count(model.k_both)} with "
        f"both times); {noun} {change}{p}. Bivariate model of {model.fit.k_estimates} estimates "
        f"(van Houwelingen 2002), {model.fit.method}, cluster-robust {model.fit.inference} "
        f"intervals; tau² {words.fixed(variances['post'], 3)} and "
        f"{words.fixed(variances['follow_up'], 3)}, the effects at both times {between}; errors of "
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
