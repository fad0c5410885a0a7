"""The data, read once for all tests, and random examples: the same on every run, new on a search.

`make search` looks for examples that fail; each one found becomes an explicit `example` of its
test, so that the tests keep it. No deadline: how long an example takes depends on the machine.
"""

import pytest
from hypothesis import HealthCheck, settings

import evidence
from evidence.analysis import Analysis, analyze
from evidence.data.dataset import Dataset
from evidence.estimation.choices import Specification

settings.register_profile(
    "same",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "search",
    settings.get_profile("same"),
    derandomize=False,
    max_examples=1_000,
    print_blob=True,
)
settings.load_profile("same")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put slow tests first, so that no worker is left alone with one at the end."""
    slow = {one.path for one in items if one.get_closest_marker("slow")}
    items.sort(key=lambda one: one.path not in slow)


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    """The data of this repository, which nothing that a test does can change."""
    return evidence.load()


@pytest.fixture(scope="session")
def depression(dataset: Dataset) -> Analysis:
    """The main analysis: ABFT, depressive symptoms, end of treatment."""
    return analyze(dataset, Specification(therapy="abft", outcome="depression", timepoint="post"))
