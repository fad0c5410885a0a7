"""What limits a verdict in few words, to stand beside a claim that has no room for its answer."""

from collections.abc import Iterable

from evidence.claims import Judgement
from evidence.claims.rules import PARTLY_SUPPORTED, Finding, Side
from evidence.dataset import Dataset
from evidence.display import words


def in_few_words(dataset: Dataset, judgement: Judgement) -> str:
    """Return the condition or the limit of a verdict, empty where the verdict says it.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    judgement : Judgement
        The answer to a claim.
    """
    claim = judgement.claim
    if claim.kind == "comparator" and claim.likely_trial_id and claim.match != "strong":
        label = dataset.trials.set_index("trial_id").label[claim.likely_trial_id]
        return f"if the article means {label}, which is {claim.match} but not stated"
    if judgement.verdict != PARTLY_SUPPORTED:
        return ""
    match claim.kind:
        case "association":
            if claim.assertion == "early_origin":
                return "how early it begins is not shown"
            return "other syntheses do not find it"
        case _:
            return _of_effect(dataset, judgement)


def _of_effect(dataset: Dataset, judgement: Judgement) -> str:
    evidence = judgement.gathered.evidence
    over = [
        one.specification
        for one in judgement.gathered.analyses
        if one.pooled.k > 1 and one.pooled.ci_low <= 0 <= one.pooled.ci_high
    ]
    if over:
        # Of a claim on several therapies or outcomes it holds for those alone that are named.
        claim = judgement.claim
        of = words.listed(
            ("" if claim.therapy else f" of {dataset.in_text('therapy', one.therapy)}")
            + (f" on {dataset.in_text('outcome', one.outcome)}" if len(claim.outcomes) > 1 else "")
            for one in over
        )
        return f"the pooled interval{of} includes no difference"
    favorable = evidence.on("above")
    against = _compared(dataset, favorable)
    trials = words.count(len({one.trial_id for one in favorable}), "trial")
    by = "" if any(one.has_number for one in favorable) else ", in words"
    therapy_of = dataset.trials.set_index("trial_id").therapy
    therapies = words.listed(
        dict.fromkeys(dataset.in_text("therapy", therapy_of[one.trial_id]) for one in favorable)
    )
    said = [f"in {trials} of {therapies} against {words.listed(against)}{by}"]
    sides: tuple[tuple[Side, str], ...] = (
        ("over", "no clear difference from"),
        ("below", "in favor of"),
    )
    for side, words_of_side in sides:
        others = [one for one in _compared(dataset, evidence.on(side)) if one not in against]
        if others:
            said.append(f"{words_of_side} {words.listed(others, 'or')}")
    if judgement.claim.kind == "durability" and not evidence.lasting_trials:
        said.append("how much of it is left is not known")
    return "; ".join(said)


def _compared(dataset: Dataset, findings: Iterable[Finding]) -> list[str]:
    """Return what the therapy was compared with, each once, in few words."""
    conditions = dataset.arms.set_index("arm_id").condition
    names = (dataset.short("condition", conditions[one.comparator_arm_id]) for one in findings)
    return list(dict.fromkeys(names))
