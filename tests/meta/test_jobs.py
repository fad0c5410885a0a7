"""Loops that joblib shares out: the same numbers for any number of jobs, and on any backend."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import astuple
from typing import Any

import joblib
import numpy as np
import pytest

from evidence.analysis.multiverse import panel
from evidence.data.dataset import Dataset
from evidence.errors import ParameterError
from evidence.estimation.choices import Specification
from evidence.meta import numerics
from evidence.meta.influence.subsets import all_subsets
from evidence.meta.numerics import in_parts
from evidence.meta.pooling import batch
from evidence.meta.regression.permutation import permutation_test
from tests.reports import workers

RANDOM = np.random.default_rng(7)
VARIANCE = RANDOM.uniform(0.02, 0.3, 14)
EFFECT = RANDOM.normal(0.3, np.sqrt(VARIANCE + 0.05))
WEEKS = RANDOM.uniform(4, 30, 14)

LOOPS: dict[str, Callable[[int | None], Any]] = {
    "every pattern of signs": lambda jobs: permutation_test(EFFECT, VARIANCE, jobs=jobs),
    "a sample of orders": lambda jobs: permutation_test(
        EFFECT, VARIANCE, {"weeks": WEEKS}, sample=600, seed=3, jobs=jobs
    ),
    "every subset": lambda jobs: all_subsets(EFFECT, VARIANCE, jobs=jobs),
    "a sample of subsets": lambda jobs: all_subsets(
        EFFECT, VARIANCE, sample=10_000, seed=3, jobs=jobs
    ),
}


def same(one: Any, two: Any) -> None:
    """Compare to the last bit."""
    for a, b in zip(flat(one), flat(two), strict=True):
        np.testing.assert_array_equal(a, b)


def flat(made: Any) -> list[Any]:
    pooled = getattr(made, "pooled", None)
    return [made.members, *astuple(pooled)] if pooled is not None else list(astuple(made))


@pytest.mark.parametrize("name", LOOPS)
def test_two_jobs_find_what_one_finds(name: str) -> None:
    loop = LOOPS[name]
    with joblib.parallel_config(backend="threading"):
        same(loop(2), loop(1))
        same(loop(None), loop(1))


def test_a_loop_in_parts_finds_what_one_call_finds() -> None:
    found = all_subsets(EFFECT, VARIANCE)
    assert len(found.members) > batch.PART
    whole = batch.pool(
        np.broadcast_to(EFFECT, found.members.shape), VARIANCE, found.members, interval="wald"
    )
    for one in ("effect", "se", "p_value", "tau2", "weights", "k"):
        np.testing.assert_allclose(
            getattr(found.pooled, one), getattr(whole, one), rtol=1e-12, atol=1e-14
        )


def test_choices_are_combined_by_two_jobs_as_by_one(dataset: Dataset) -> None:
    asked = Specification(therapy="abft", outcome="depression", timepoint="post")
    one = panel(dataset, asked)
    with joblib.parallel_config(backend="threading"):
        two = panel(dataset, asked, jobs=2)
    assert len(one) > 20
    assert one.equals(two)


@pytest.mark.parametrize("backend", ["loky", "dask"])
def test_other_processes_do_the_work(backend: str) -> None:
    """Those of joblib, and the workers of a scheduler."""
    parts: list[tuple[Any, ...]] = [() for _ in range(6)]
    if backend == "loky":
        pids = set(in_parts(os.getpid, parts, 2))
        same(LOOPS["a sample of orders"](2), LOOPS["a sample of orders"](1))
    else:
        from distributed import Client

        with workers.running(2) as address, Client(address) as client:
            with joblib.parallel_config(backend="dask"):
                pids = set(in_parts(os.getpid, parts))
                for loop in LOOPS.values():
                    same(loop(None), loop(1))
            assert pids <= set(client.run(os.getpid).values())
    assert os.getpid() not in pids


def test_one_job_needs_no_joblib() -> None:
    program = (
        "import sys\nfrom evidence.meta.influence.subsets import all_subsets\n"
        "all_subsets([0.1] * 14, [0.2] * 14)\nprint('joblib' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "False"


@pytest.mark.parametrize("jobs", [0, 1.0, True, "2"])
def test_jobs_are_a_whole_number(jobs: Any) -> None:
    with pytest.raises(ParameterError, match="jobs: found"):
        all_subsets(EFFECT, VARIANCE, jobs=jobs)


def test_without_joblib_a_line_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numerics, "find_spec", lambda _: None)
    with pytest.raises(ParameterError, match=r"jobs: found 2, .*pip install '\.\[cluster\]'"):
        permutation_test(EFFECT, VARIANCE, jobs=2)
