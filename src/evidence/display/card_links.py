"""Links to the cards of trials, where each printed number stands with its place."""

from evidence.dataset import Dataset
from evidence.display import words
from evidence.display.escape import html
from evidence.records import records

SIZES = ("n_randomized", "n_enrolled", "n_planned")
"""Facts that say how many took part, the best first."""


def enrollment(dataset: Dataset, trial_id: str) -> dict[str, str]:
    """Return how many were randomized, enrolled and planned, as far as a source says, best first.

    Examples
    --------
    >>> import evidence
    >>> enrollment(evidence.load(), "collado2021")
    {'randomized': '90', 'planned': '90 or 130'}
    """
    return {
        fact.removeprefix("n_"): words.listed((f"{one:,.0f}" for one in values), "or")
        for fact in SIZES
        if (values := sorted(set(dataset.fact(trial_id, fact).value)))
    }


def place_of(row_id: str) -> str:
    """Return the id of the row of an arm, a result or a direction in the card of its trial."""
    return f"p-{row_id}"


def place_of_fact(fact: str, reading: int) -> str:
    """Return the id of a reading of a fact in the card of its trial; readings count from 1."""
    return place_of(f"fact-{fact}-{reading}")


def place_of_reason(estimate_id: str) -> str:
    """Return the id of the row that says why a result allows no estimate."""
    return f"reason-{estimate_id}"


def remark_of(correction_id: str) -> str:
    """Return the id of the row of a remark on a printed value in the card of its trial."""
    return f"remark-{correction_id}"


def to_card(trial_id: str, place: str, shown: str) -> str:
    """Return a printed number as a link to its row in the card of its trial, as HTML."""
    return f'<a class="n" href="trial-{html(trial_id)}.html#{html(place)}">{html(shown)}</a>'


def to_size(dataset: Dataset, trial_id: str, n: float, shown: str) -> str:
    """Return a number of participants as a link to where it is printed, as HTML.

    Parameters
    ----------
    dataset : Dataset
        Data package.
    trial_id : str
        Trial.
    n : float
        How many took part.
    shown : str
        The number in the page.

    Returns
    -------
    str
        Without a link where no source prints this number of the whole trial.
    """
    for fact in SIZES:
        for reading, one in enumerate(records(dataset.fact(trial_id, fact)), start=1):
            if one.value == n:
                return to_card(trial_id, place_of_fact(fact, reading), shown)
    return html(shown)
