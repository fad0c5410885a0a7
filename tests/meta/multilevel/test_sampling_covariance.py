"""Covariance of effects that share outcomes, arms or times, against vcalc of metafor."""

import numpy as np
import pytest

from evidence.errors import ParameterError
from evidence.meta.multilevel.sampling_covariance import (
    assumed_covariance,
    shared_comparator_covariance,
)
from tests.oracles import analyses, read
from tests.tolerances import CLOSED_FORM

FOLDER = "synthesis/covariance"

MADE = read(FOLDER, "made")["sets"]["made_vcalc"]
ARMS = {"arm_1": MADE["grp1"], "arm_2": MADE["grp2"]}
SIZES = {"n_1": MADE["w1"], "n_2": MADE["w2"]}
TIMES = {"time_1": MADE["time"], "time_2": MADE["time2"]}
OUTCOME, ESTIMATE = {"outcome": MADE["outcome"]}, {"estimate": MADE["obs"]}
ARGUMENTS = {
    "obs_rho": {"estimate": range(9), "rho": 0.6},
    "type_rho": {**OUTCOME, "rho": 0.5},
    "type_obs_rho2": {**OUTCOME, **ESTIMATE, "rho_same": 0.7, "rho": 0.4},
    "time1_phi": {"time_1": MADE["time"], "phi": 0.8},
    "obs_time1_rho_phi": {**ESTIMATE, "time_1": MADE["time"], "rho": 0.6, "phi": 0.8},
    "time1_time2_phi": {**TIMES, **ARMS, **SIZES, "phi": 0.8},
    "grp_w": {**ARMS, **SIZES},
    "grp_half": ARMS,
    "grp_type_rho": {**OUTCOME, **ARMS, **SIZES, "rho": 0.5},
    "all": {
        **(OUTCOME | ESTIMATE | TIMES | ARMS | SIZES),
        **{"rho_same": 0.7, "rho": 0.4, "phi": 0.9},
    },
}


def test_without_arms_the_times_of_arm_1_count():
    given = {"variance": [0.04, 0.09], "cluster": ["a", "a"], "phi": 0.5}
    matrix = assumed_covariance(**given, time_1=[0, 2], time_2=[0, 3]).full()
    assert matrix[0, 1] == pytest.approx(0.5**2 * 0.2 * 0.3, rel=CLOSED_FORM)


def full_matrix(out):
    if "V" in out:
        return np.array(out["V"])
    matrix = np.diag(out["diag"])
    for i, j, value in zip(*(np.atleast_1d(out[key]) for key in "ijv"), strict=True):
        matrix[i - 1, j - 1] = matrix[j - 1, i - 1] = value
    return matrix


def covariance(name, data, analysis):
    given = {**data, "cluster": data.get("study", data.get("trial"))}
    vi, cluster, kind = given["vi"], given["cluster"], analysis["id"]
    if name == "made":
        return assumed_covariance(vi, cluster, **ARGUMENTS[kind])
    if name == "berkey1998":
        return assumed_covariance(vi, cluster, outcome=data["outcome"], rho=0.4)
    if name == "ishak2007":
        times = data["tnum" if kind.endswith("months") else "time"]
        return assumed_covariance(vi, cluster, time_1=times, phi=analysis["args"]["phi"])
    arms = {"arm_1": data["grp1"], "arm_2": data["grp2"]}
    if kind.endswith("_w"):
        arms |= {"n_1": data["n1i"], "n_2": data["n2i"]}
    if kind.startswith("vcalc"):
        return assumed_covariance(vi, cluster, **arms)
    # A constant of 1/2 where no one had the event, as in the effects; only in trials of two arms.
    c, n = np.maximum(data["ci"], 0.5), np.array(data["n2i"])
    risk = c / n
    shared = {"OR": 1 / c + 1 / (n - c), "RR": 1 / c - 1 / n, "RD": risk * (1 - risk) / n}
    return shared_comparator_covariance(vi, cluster, data["grp2"], shared[analysis["set"]])


@pytest.mark.parametrize(
    ("name", "data", "analysis"),
    [
        pytest.param(name, contents["sets"][one["set"]], one, id=f"{name} {one['id']}")
        for name, contents, one in analyses(FOLDER)
    ],
)
def test_covariances_agree_with_vcalc(name, data, analysis):
    right = full_matrix(analysis["out"])
    scale = np.sqrt(np.outer(np.diag(right), np.diag(right)))
    found = covariance(name, data, analysis).full()
    assert found / scale == pytest.approx(right / scale, rel=CLOSED_FORM, abs=CLOSED_FORM)


def test_grid_is_complete():
    assert {one["id"] for name, _, one in analyses(FOLDER) if name == "made"} == set(ARGUMENTS)
    assert sum(1 for _ in analyses(FOLDER)) == 22


V, TRIAL = [0.04, 0.09, 0.05], ["a", "a", "b"]

REFUSED = [
    ({"variance": [0.04, 0.0, 0.05]}, "variance[1]"),
    ({"variance": [V]}, "variance"),
    ({"cluster": TRIAL[:2]}, "cluster"),
    ({"outcome": ["x", "y"], "rho": 0.5}, "outcome"),
    ({"outcome": ["x", "y", float("nan")], "rho": 0.5}, "outcome[2]"),
    ({"outcome": ["x", "y", "x"]}, "rho"),
    ({"outcome": ["x", "y", "x"], "rho": 1.5}, "rho"),
    ({"outcome": ["x", "y", "x"], "estimate": [1, 2, 1], "rho": 0.5}, "rho_same"),
    ({"rho": 0.5}, "rho"),
    ({"arm_1": ["x", "y", "x"]}, "arm_2"),
    ({"arm_1": ["x", "y", "x"], "arm_2": ["c"] * 3, "n_1": [1, 0, 1]}, "n_1[1]"),
    ({"arm_1": ["x", "y", "x"], "arm_2": ["c"] * 3, "n_2": [1, 1]}, "n_2"),
    ({"time_1": [1, 2, 3]}, "phi"),
    ({"time_1": [1, 2, 3], "phi": -0.5}, "phi"),
    ({"time_1": [1, 2], "phi": 0.5}, "time_1"),
    ({"time_2": [1, 2, 3], "phi": 0.5}, "time_1"),
]


@pytest.mark.parametrize(("change", "name"), REFUSED)
def test_what_does_not_fit_is_refused(change, name):
    with pytest.raises(ParameterError) as caught:
        assumed_covariance(**{"variance": V, "cluster": TRIAL, **change})
    assert caught.value.name == name


@pytest.mark.parametrize(
    ("comparator", "shared", "name"),
    [
        (["c", "c", "c"], [0.02, 0.03, 0.01], "shared[0]"),
        (["c", "c", "c"], [0.04, 0.04, 0.01], "shared[0]"),
        (["c", "c", "c"], [0.02, 0.02, np.inf], "shared[2]"),
        (["c", "c", "c"], [0.02, 0.02], "shared"),
        (["c", None, "c"], [0.02, 0.02, 0.02], "comparator[1]"),
    ],
)
def test_shares_that_cannot_be_are_refused(comparator, shared, name):
    with pytest.raises(ParameterError) as caught:
        shared_comparator_covariance(V, TRIAL, comparator, shared)
    assert caught.value.name == name


def test_different_comparators_share_nothing():
    found = shared_comparator_covariance(V, TRIAL, ["c", "d", "c"], [0.01, 0.02, 0.01])
    assert found.full().tolist() == np.diag(V).tolist()
