"""How to read the reports: numbers, signs, words of method, and the limits that all share."""

import re
from collections.abc import Sequence

import pandas as pd

from evidence import language
from evidence.blocks.closing import HOW_TO_READ
from evidence.blocks.escape import html
from evidence.blocks.output import Block, items, joined, paragraphs
from evidence.data.dataset import Dataset
from evidence.data.records import records
from evidence.errors import ParameterError
from evidence.ledger.sentences import HOW_STRESSED
from evidence.pages.followup import SHARED_METHODS

GLOSSARY = {
    "Odds ratio": "The odds of an event with one treatment over those with another. 1 is no "
    "difference. Odds are not chances: with common events an odds ratio is further from 1 than the "
    "ratio of chances.",
    "Risk ratio": "The share with an event in one arm over that in another. 1 is no difference.",
    "Risk difference": "The share with an event in one arm less that in another, in percentage "
    "points or per 1,000 people.",
    "Hedges g": "A difference between arms in standard deviations, so that different scales can "
    "stand beside each other, with a correction for small samples (Hedges 1981).",
    "g from a test statistic": "Hedges g worked out from a t, F, z or P that a source prints, not "
    "from means. Where the source leaves open what stands behind it, it comes with a range.",
    "Pre-post-control d": "The change in one arm less the change in the other, in standard "
    "deviations before treatment (Morris 2008). Its variance needs a correlation that is imputed.",
    "Difference in points": "A difference between arms on the scale itself.",
    "95% interval": "Values that the data are compatible with, by a method that would miss the "
    "true one in 5 of 100 such studies. One that includes no difference does not show that there "
    "is none.",
    "Random effects": "A pooled estimate that takes trials to differ in their true effects. The "
    "variance between them, tau², is estimated by restricted maximum likelihood (REML).",
    "Hartung-Knapp interval": "An interval of the pooled effect by the t distribution, wide with "
    "few trials. Here never narrower than the common method (the ad hoc correction).",
    "I²": "The share of the variation between estimates that chance does not explain.",
    "Q": "A test of whether estimates differ by more than chance. With few trials it sees little.",
    "Prediction interval": "Where the effect of a further trial like these would lie, by how much "
    "these differ. It is wider than the interval of the mean, and given from five trials on.",
    "k, n": "How many trials, and how many participants.",
    "Exact interval": "An interval of an odds ratio from the counts themselves, for few events. "
    "Other methods give another interval for the same counts, and say their name.",
    "Stress test": "The main analysis with the missing results set to zero, or to the ends of what "
    "their words allow. It shows what they could change; it is no estimate of the effect.",
    "Posterior": "What the data and a stated prior say together on an effect, with the "
    "probability that it lies above zero.",
    "Comparator class": "What the other group received: nothing or a waiting list (inactive), "
    "usual or enhanced usual care, or another structured treatment (active).",
    "Risk of bias": "How a trial was made that could turn its result. No trial here was judged by "
    "us. Where a database or review judged one, by items of the Cochrane tools (RoB 1 or RoB 2), "
    "its judgement is on the card of the trial.",
}
"""Words of method, each with what it means here."""

WORDS = {
    "odds ratio": "Odds ratio",
    "odds ratios": "Odds ratio",
    "risk ratio": "Risk ratio",
    "risk difference": "Risk difference",
    "hedges g": "Hedges g",
    "g from a test statistic": "g from a test statistic",
    "pre-post-control d": "Pre-post-control d",
    "difference in points": "Difference in points",
    "95% ci": "95% interval",
    "95% interval": "95% interval",
    "95% intervals": "95% interval",
    "random effects": "Random effects",
    "hartung-knapp": "Hartung-Knapp interval",
    "i²": "I²",
    "prediction interval": "Prediction interval",
    "exact interval": "Exact interval",
    "stress test": "Stress test",
    "stress tests": "Stress test",
    "posterior": "Posterior",
    "class of comparators": "Comparator class",
    "classes of comparators": "Comparator class",
    "risk of bias": "Risk of bias",
}
"""Words of reports, in small letters, and the line of the glossary that explains each."""
PAGE = HOW_TO_READ.removesuffix(".html")
"""Report that holds the glossary."""


def addresses() -> dict[str, str]:
    """Return where a page finds what each of `WORDS` means."""
    return {word: f"{HOW_TO_READ}#{place(term)}" for word, term in WORDS.items()}


OBTAINED = {
    "printed": "the source prints the number itself",
    "converted": "it follows from printed numbers by a formula, without an assumption of ours",
    "reconstructed": "whole numbers that fit what is printed, as counts behind a percentage",
    "imputed": "a value enters which no source gives, as a correlation or the size of an arm",
}


def first_screen() -> Block:
    """Return what to know before any report."""
    return Block(
        '<div class="answer"><p class="say">Every underlined number leads to where it comes from: '
        "the page of a source, what is printed there, and how the number follows.</p>"
        "<p>Positive values, and ratios above 1, favor the therapy; "
        f"{language.OF_HARMS}.</p></div>"
    )


def levels() -> Block:
    """Return the words that say how far a number is from print."""
    listed = [
        f'<span class="tag {one}">{one}</span> {html(meaning)}' for one, meaning in OBTAINED.items()
    ]
    return joined(
        paragraphs("Each number says how far it is from what a source prints:"),
        Block(items(listed)),
        paragraphs(
            "The code beside a number is its id. It stays the same from one version of the data to "
            "the next, so it can be cited, looked up in the index, and checked in a manuscript.",
        ),
    )


def glossary(terms: Sequence[str] = ()) -> Block:
    """Return words of method, in the order of the alphabet.

    Parameters
    ----------
    terms : sequence of str
        Those to explain; all where there are none.

    Raises
    ------
    ParameterError
        If one is none of `GLOSSARY`.
    """
    for one in terms:
        if one not in GLOSSARY:
            raise ParameterError("terms", one, f"one of {', '.join(sorted(GLOSSARY))}")
    chosen = {one: GLOSSARY[one] for one in terms or GLOSSARY}
    terms = "".join(
        f'<dt id="{html(place(one))}">{html(one)}</dt><dd>{html(meaning)}</dd>'
        for one, meaning in sorted(chosen.items(), key=lambda item: item[0].lower())
    )
    return Block(f"<dl>{terms}</dl>")


def place(term: str) -> str:
    """Return the id of a term in the page."""
    plain = term.lower().replace("²", "2")
    return "-".join(re.findall(r"[a-z0-9]+", plain))


def methods() -> Block:
    """Return how every estimate is chosen and pooled, as far as all reports share it."""
    return paragraphs(
        "Which results enter: randomized trials, the intention-to-treat analysis first, the "
        "participants' own ratings before those of clinicians, the named time of measurement, one "
        "estimate for each trial. Where a trial has several comparators, a stated rule takes one.",
        "How they are pooled: random effects by REML with the Hartung-Knapp interval and its "
        "ad hoc correction; one trial alone keeps its own interval by the normal quantile. "
        "Every other defensible choice stands beside the main one on the page, so that none is "
        "picked for its result.",
        "Trials without a usable number: one that measured an outcome, and of which no usable "
        "number was found, is shown beside the others, and a stress test says what it could "
        "change.",
        "Checks: printed means, standard deviations, percentages, intervals and P values are held "
        "against each other; what cannot be right is named, and the printed value stays in sight.",
    )


def scales(dataset: Dataset) -> Block:
    """Return the scales that trials measured with, their ranges as far as a source prints them."""
    told = []
    for one in records(dataset.instruments.sort_values("name")):
        short = dataset.measure(one.instrument_id)
        range_ = "range in no source seen"
        if pd.notna(one.range_low) and pd.notna(one.range_high):
            range_ = f"{one.range_low:g} to {one.range_high:g}"
        told.append(f"{one.name} ({short}), {range_}, higher is {one.higher_is}")
    return Block(items(map(html, told)))


def stress_tests() -> Block:
    """Return what a stress test does."""
    return paragraphs(HOW_STRESSED)


def follow_up() -> Block:
    """Return how results at both times are compared."""
    return paragraphs(*SHARED_METHODS)


def limits(dataset: Dataset) -> Block:
    """Return what no report here can say."""
    trials = dataset.trials
    read = [dataset.read_as(one) for one in trials.trial_id]
    full = sum("full text" in one for one in read)
    told = [
        "No systematic search was made. A trial that nobody here knows of is missing.",
        f"Of {len(trials)} trials {language.count(full) if full else 'none'} "
        f"{'was' if full == 1 else 'were'} read in full; most numbers come from abstracts, "
        "registrations, a review by the developers and public databases. What was not found may "
        "stand in a table that was not seen.",
        "Risk of bias was not assessed here. Where a source judged a trial, its card says so.",
        "Estimates from few trials move much with one more. Comparators, ages and measures differ. "
        "One trial says little on what another would find; reports on outcomes set them side by "
        "side.",
        "Nothing here says for whom a therapy works or whether one person benefits. This is no "
        "clinical advice.",
        "Numbers without an id, as single combinations of choices and what sources print, stand on "
        "their page alone. Each number belongs to its source. A remark on a number says nothing on "
        "intent.",
    ]
    return Block(f'<h2 id="limits">Limits of every report</h2>{items(map(html, told))}')
