"""How nbval compares notebooks: what readers see is compared, the data behind it is not."""

from typing import Any

# The numbers at full precision are in the ledger, which has a comparison with a tolerance; here
# text and HTML are compared, at the precision that readers see. A widget is named anew by each
# kernel, and notebooks are stored with the words beside it.
NOT_COMPARED = (
    "application/vnd.evidence.estimate+json",
    "application/vnd.jupyter.widget-view+json",
)


def pytest_collectstart(collector: Any) -> None:
    """Leave the machine-readable numbers out of the comparison."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += NOT_COMPARED
