"""Examples in the docstrings run."""

import doctest
import importlib
import pkgutil

import pytest

from evidence import followup

MODULES = [
    "evidence.followup",
    *(f"evidence.followup.{one.name}" for one in pkgutil.iter_modules(followup.__path__)),
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
