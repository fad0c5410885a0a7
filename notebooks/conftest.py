"""How nbval compares notebooks: by the text of their outputs."""

from typing import Any

# Notebooks are stored with the text of each output, read from its HTML, which the reports hold. The
# numbers at full precision are in the ledger, which has a comparison with a tolerance, and a widget
# is named anew by each kernel.
NOT_COMPARED = (
    "text/html",
    "application/vnd.evidence.estimate+json",
    "application/vnd.jupyter.widget-view+json",
)


def pytest_collectstart(collector: Any) -> None:
    """Leave what is not stored out of the comparison."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += NOT_COMPARED
