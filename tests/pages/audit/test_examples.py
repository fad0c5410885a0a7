"""The examples in the docstrings of the audit and of the search for counts run."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize(
    "name",
    [
        "evidence.blocks.reconstruction",
        "evidence.integrity.findings",
        "evidence.analysis.missing_numbers",
    ],
)
def test_examples_run(name: str) -> None:
    results = doctest.testmod(importlib.import_module(name))
    assert results.attempted > 0
    assert results.failed == 0
