"""A comparison at two times as a record of all its fields, and as Markdown."""

from typing import Any

from evidence.dataset import Dataset
from evidence.display import words
from evidence.display.bivariate_text import record, sentence
from evidence.display.escape import markdown
from evidence.display.followup_screen import first_screen
from evidence.display.followup_tables import across_trials
from evidence.display.frames import plain, render
from evidence.followup import Durability

FRAMES = (
    "comparisons",
    "changes",
    "arms",
    "staying",
    "scenarios",
    "uncontrolled",
    "unpaired",
    "trials",
)
"""Frames of a result, in the order of the record."""

MOST_IN_WORDS = 12
"""With more comparisons than this each is a line of the table alone."""

READ = (
    "change_id",
    "post_effect",
    "follow_up_effect",
    "change",
    "change_ci_low",
    "change_ci_high",
    "retained_fraction",
    "retained_ci_low",
    "retained_ci_high",
    "correlation",
    "processing",
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


def as_markdown(dataset: Dataset, found: Durability) -> str:
    """Return the answer in words, then the comparisons; ratios stand there as logarithms.

    Where there are too many comparisons to tell one by one, the answer and the models across trials
    stand before the table.
    """
    said = first_screen(dataset, found).text.splitlines()
    if len(found.comparisons) > MOST_IN_WORDS:
        said = [
            said[0],
            f"{words.capitalized(words.count(len(found.comparisons), 'comparison'))} at both times "
            f"in {words.count(found.comparisons.trial_id.nunique(), 'trial')}.",
        ]
    models = [sentence(one, dataset) for one in found.bivariate]
    across = models or [across_trials(found)]
    return "\n".join(
        [
            *(f"{'- ' * one.startswith('- ')}{markdown(one.removeprefix('- '))}" for one in said),
            "",
            *([*map(markdown, across), ""] if models else []),
            render(found.comparisons, "md", READ),
            *([] if models else ["", *across]),
        ]
    )
