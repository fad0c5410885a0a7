"""One model for all tests: nothing that they do changes it."""

import pytest

import evidence
from evidence.explore.model import Model


@pytest.fixture(scope="session")
def model() -> Model:
    return Model(evidence.load())
