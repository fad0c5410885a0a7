import doctest
import importlib
import pkgutil

import pytest

from evidence import effects

MODULES = [f"evidence.effects.{module.name}" for module in pkgutil.iter_modules(effects.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    results = doctest.testmod(importlib.import_module(name))
    assert results.failed == 0


@pytest.mark.parametrize(
    "name",
    [
        *("continuous", "change", "convert", "bounds", "printed", "scales", "binary", "absolute"),
        *("association", "correlation_scales", "five_numbers", "margins", "overlap", "paired"),
        *("proportion_scales", "single_arm", "unequal_variances", "variability"),
    ],
)
def test_every_public_function_has_an_example(name):
    module = importlib.import_module(f"evidence.effects.{name}")
    defined = [
        member
        for member in vars(module).values()
        if callable(member)
        and getattr(member, "__module__", None) == module.__name__
        and not member.__name__.startswith("_")
        and not isinstance(member, type)
    ]
    assert defined
    assert [member.__name__ for member in defined if ">>>" not in (member.__doc__ or "")] == []
