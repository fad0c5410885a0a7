"""The evidence on attachment-based therapies: traced data, effect sizes, synthesis, reports.

What to do first::

    import evidence
    book = evidence.load()                        # the data package, checked, and what it answers
    book.trials                                   # its tables are DataFrames; book.trial("repair")
    book.estimates(therapy="abft", outcome="depression")       # every effect size, a frame
    book.analyze("abft", "depression")                         # one pooled result
    book.analyze("abft", "depression", interval="wald")        # the same with another choice
    book.follow_up("abct")                        # the end of treatment against follow-up
    book.answers()                                # the claims of the article with their verdicts
    book.trace("diamond2010.depression.bdi_ii.post.hedges_g")  # how a number follows from print
    evidence.show(book)                           # shows any of these, a block or a figure

A table of studies of your own is pooled by `evidence.meta`; `notebooks/01_tour.ipynb` shows all of
this in five minutes.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Each name is imported when it is first used, so that the command line starts at once.
_HOMES = {
    "audit": "evidence.integrity",
    "check_parameters": "evidence.reports.parameters",
    "Workbook": "evidence.workbook",
    "load": "evidence.workbook",
    "estimates": "evidence.estimation",
    "select": "evidence.estimation.selection",
    "pool": "evidence.meta.pooling",
    "durability": "evidence.followup",
    "verdicts": "evidence.claims",
    "show": "evidence.blocks.output",
}

__all__ = [
    "Workbook",
    "__version__",
    "audit",
    "check_parameters",
    "durability",
    "estimates",
    "load",
    "pool",
    "select",
    "show",
    "verdicts",
]

if TYPE_CHECKING:
    from evidence.blocks.output import show
    from evidence.claims import verdicts
    from evidence.estimation import estimates
    from evidence.estimation.selection import select
    from evidence.followup import durability
    from evidence.integrity import audit
    from evidence.meta.pooling import pool
    from evidence.reports.parameters import check_parameters
    from evidence.workbook import Workbook, load


def __getattr__(name: str) -> Any:
    """Import a public function from its module when it is first used."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'evidence' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names."""
    return __all__
