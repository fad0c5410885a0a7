"""What models of several effects per trial refuse, by name of the argument."""

from typing import Any

import numpy as np
import pytest

from evidence.errors import ParameterError
from evidence.meta.multilevel import fit_multilevel, fit_multivariate
from evidence.meta.multilevel.covariance import correlated_covariance
from evidence.meta.multilevel.inference import contrast, joint_test
from tests.meta.multilevel.test_models import EFFECT, OUTCOME, TRIAL, VARIANCE, dense_sampling

CASES: list[tuple[str, dict[str, Any], str]] = [
    ("fit_multilevel", {"effect": []}, "effect"),
    ("fit_multilevel", {"effect": [0.1] * 9 + [np.nan]}, "effect[9]"),
    ("fit_multilevel", {"effect": ["high"] * 10}, "effect"),
    ("fit_multilevel", {"covariance": VARIANCE[:9]}, "covariance"),
    ("fit_multilevel", {"covariance": [0.0, *VARIANCE[1:]]}, "covariance[0]"),
    ("fit_multilevel", {"covariance": np.full((10, 10), 0.1)}, "covariance[0, 2]"),
    (
        "fit_multilevel",
        {"covariance": np.diag(VARIANCE) + 0.01 * np.triu(np.ones((10, 10)), 1)},
        "covariance[0, 1]",
    ),
    ("fit_multilevel", {"covariance": dense_sampling(VARIANCE, TRIAL, 1.0)}, "covariance"),
    (
        "fit_multilevel",
        {"covariance": correlated_covariance(VARIANCE, ["all"] * 10, 0.5)},
        "covariance",
    ),
    (
        "fit_multilevel",
        {"covariance": correlated_covariance(VARIANCE[:9], TRIAL[:9], 0.5)},
        "covariance",
    ),
    ("fit_multilevel", {"cluster": TRIAL[:9]}, "cluster"),
    ("fit_multilevel", {"cluster": ["a"] * 10}, "cluster"),
    ("fit_multilevel", {"cluster": [*TRIAL[:9], None]}, "cluster[9]"),
    ("fit_multilevel", {"cluster": [*TRIAL[:9], float("nan")]}, "cluster[9]"),
    ("fit_multilevel", {"random": ("cluster", "cluster")}, "random"),
    ("fit_multilevel", {"random": ("cluster", "site")}, "random"),
    ("fit_multilevel", {"design": {}}, "design"),
    ("fit_multilevel", {"design": {"x": [1, 2]}}, "design['x']"),
    ("fit_multilevel", {"design": {"x": [1.0] * 9 + [np.inf]}}, "design['x'][9]"),
    ("fit_multilevel", {"design": {"x": [1] * 10, "y": [2] * 10}}, "design"),
    ("fit_multilevel", {"design": {"x": [0] * 10}}, "design"),
    ("fit_multilevel", {"method": "DL"}, "method"),
    ("fit_multilevel", {"inference": "CR3"}, "inference"),
    ("fit_multilevel", {"level": 95}, "level"),
    ("fit_multivariate", {"structure": "TOEP"}, "structure"),
    ("fit_multivariate", {"outcome": OUTCOME[:9]}, "outcome"),
    ("fit_multivariate", {"outcome": ["post"] * 10}, "outcome"),
    ("fit_multivariate", {"outcome": [*OUTCOME[:9], 3]}, "outcome[0]"),
    ("fit_multivariate", {"structure": "CAR"}, "outcome[0]"),
    # Only one trial has the outcome "end".
    ("fit_multivariate", {"structure": "UN"}, "structure"),
    # No trial has two outcomes.
    (
        "fit_multivariate",
        {"structure": "CS", "outcome": [str(name < "c") for name in TRIAL]},
        "structure",
    ),
]


@pytest.mark.parametrize(("function", "change", "name"), CASES)
def test_what_is_refused_is_named(function: str, change: dict[str, Any], name: str) -> None:
    arguments: dict[str, Any] = {"effect": EFFECT, "covariance": VARIANCE, "cluster": TRIAL}
    call: Any = fit_multilevel
    if function == "fit_multivariate":
        call, arguments = fit_multivariate, {**arguments, "outcome": OUTCOME}
    with pytest.raises(ParameterError) as caught:
        call(**{**arguments, **change})
    assert caught.value.name == name


def test_correlation_outside_its_range_is_refused() -> None:
    for rho in (-0.1, 1, float("nan"), "half", [0.5]):
        with pytest.raises(ParameterError, match="rho"):
            correlated_covariance(VARIANCE, TRIAL, rho)  # type: ignore[arg-type]


def test_unknown_coefficients_are_refused() -> None:
    fit = fit_multilevel(EFFECT, VARIANCE, TRIAL)
    for weights in ({"slope": 1.0}, {}, {"intercept": 0.0}, {"intercept": np.inf}):
        with pytest.raises(ParameterError, match="weights"):
            contrast(fit, weights)
    two = fit_multivariate(EFFECT, VARIANCE, TRIAL, outcome=OUTCOME, structure="CS")
    first, second, *_ = [one.name for one in two.coefficients]
    with pytest.raises(ParameterError, match="weights"):
        contrast(two, {first: 1.0, second: np.nan})
    for chosen in (["slope"], [], ["intercept", "intercept"]):
        with pytest.raises(ParameterError, match="names"):
            joint_test(fit, chosen)
    with pytest.raises(ParameterError, match="inference"):
        joint_test(fit, ["intercept"], inference="CR1")
