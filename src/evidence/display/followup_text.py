"""A comparison at two times as a record of all its fields, as CSV and as Markdown."""

from typing import Any

from evidence.dataset import Dataset
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
        **{name: plain(getattr(found, name)) for name in FRAMES},
    }


def as_csv(found: Durability) -> str:
    """Return one line for each comparison with the columns of ``comparisons``."""
    return render(found.comparisons, "csv")


def as_markdown(dataset: Dataset, found: Durability) -> str:
    """Return the answer in words, then the comparisons; ratios stand there as logarithms."""
    said = first_screen(dataset, found).text.splitlines()
    return "\n".join(
        [
            *(f"{'- ' * one.startswith('- ')}{markdown(one.removeprefix('- '))}" for one in said),
            "",
            render(found.comparisons, "md", READ),
            "",
            across_trials(found),
        ]
    )
