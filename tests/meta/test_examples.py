import doctest
import importlib
import pkgutil

import pytest

from evidence.meta import effect_size, reconstruction

MODULES = [
    f"{package.__name__}.{module.name}"
    for package in (effect_size, reconstruction)
    for module in pkgutil.iter_modules(package.__path__)
]


SHARED = {"read_cells", "with_constant", "double_zeros", "binary_effect"}
"""What functions of one file share, of no use alone."""


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    results = doctest.testmod(importlib.import_module(name))
    assert results.failed == 0


@pytest.mark.parametrize(
    "name",
    [
        *("effect_size.means", "effect_size.change", "effect_size.conversions"),
        *("effect_size.printed_values", "effect_size.scales", "effect_size.events"),
        *("effect_size.association", "effect_size.single_group", "effect_size.unequal_variances"),
        *("reconstruction.five_numbers", "reconstruction.margins"),
    ],
)
def test_every_public_function_has_an_example(name):
    module = importlib.import_module(f"evidence.meta.{name}")
    defined = [
        member
        for member in vars(module).values()
        if callable(member)
        and getattr(member, "__module__", None) == module.__name__
        and not member.__name__.startswith("_")
        and not isinstance(member, type)
        and member.__name__ not in SHARED
    ]
    assert defined
    assert [member.__name__ for member in defined if ">>>" not in (member.__doc__ or "")] == []
