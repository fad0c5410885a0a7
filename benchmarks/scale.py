"""How cost grows with effects and trials: `make scale` runs it and writes its section of results.

Seconds are those of the processor, on one thread: medians of three runs, of one where it takes more
than two seconds. Each size runs in a process of its own, which tells how much memory it took.
"""

import csv
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import sections
from benchmarks.commands import surroundings
from benchmarks.grid import DATABASE

EFFECTS = (100, 300, 1_000, 3_000, 10_000)
COPIES = (1, 4, 16)
"""Of the database of 131 records, the studies of each copy under other names."""
TITLE = "How cost grows"
SEED = 20261


def taken(work: Callable[[], object]) -> float:
    """Return the median seconds of work."""
    found: list[float] = []
    while len(found) < 3 and (not found or found[0] < 2):
        started = time.process_time()
        work()
        found.append(time.process_time() - started)
    return statistics.median(found)


def of_effects(k: int) -> dict[str, float]:
    """Measure fits of so many effects, in trials of five where a model has trials."""
    from evidence.meta.influence.subsets import all_subsets
    from evidence.meta.multilevel import fit_multilevel
    from evidence.meta.multilevel.covariance import correlated_covariance
    from evidence.meta.pooling import pool
    from evidence.meta.regression import meta_regression
    from evidence.meta.regression.permutation import permutation_test

    random = np.random.default_rng(SEED)
    variance = random.uniform(0.02, 0.3, k)
    trial = np.repeat(np.arange(k // 5), 5).tolist()
    effect = random.normal(0.3, 0.2, k // 5).repeat(5) + random.normal(0, np.sqrt(variance))
    weeks = random.uniform(4, 52, k)
    che = correlated_covariance(variance, trial, 0.6)
    return {
        "REML with Hartung and Knapp": taken(lambda: pool(effect, variance)),
        "Meta-regression, one moderator": taken(
            lambda: meta_regression(effect, variance, {"weeks": weeks.tolist()})
        ),
        "Three levels, CR2": taken(lambda: fit_multilevel(effect, variance, trial)),
        "CHE, CR2": taken(lambda: fit_multilevel(effect, che, trial)),
        "CHE, CR0": taken(lambda: fit_multilevel(effect, che, trial, inference="CR0")),
        "Permutation, 1,000 patterns": taken(
            lambda: permutation_test(effect, variance, sample=1_000, seed=SEED)
        ),
        "GOSH, 1,000 subsets": taken(
            lambda: all_subsets(effect, variance, sample=1_000, seed=SEED)
        ),
    }


def of_trials(copies: int) -> dict[str, float]:
    """Measure what is done with a database, of so many copies of one."""
    import evidence
    from evidence.analysis import analyze
    from evidence.estimation.choices import Specification
    from evidence.metapsy import import_database

    source = json.loads((DATABASE / "source.json").read_text(encoding="utf-8"))
    with (DATABASE / "data.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    with tempfile.TemporaryDirectory() as name:
        path, package = Path(name) / "data.csv", Path(name) / "package"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), delimiter=";")
            writer.writeheader()
            for copy in range(copies):
                # A year that is no other study's: studies are told apart by their names.
                mark = f" {chr(65 + copy)}" if copy else ""
                writer.writerows({**row, "study": f"{row['study']}{mark}"} for row in rows)
        started = time.process_time()
        import_database(
            path, package, accessed=date(2026, 11, 24), title="A test", outcome=source["outcome"]
        )
        imported = time.process_time() - started
        dataset = evidence.load(package)
        loaded = taken(lambda: evidence.load(package))
        made = taken(lambda: evidence.estimates(evidence.load(package))) - loaded
        asked = Specification(therapy="cbt", outcome="depression", timepoint="post")
        frame = evidence.estimates(dataset)
        analyze(dataset, asked, frame)
        return {
            "trials": float(len(dataset.trials)),
            "rows of estimates": float(len(frame)),
            "Import": imported,
            "Load and check": loaded,
            "Estimates": made,
            "One pooled analysis": taken(lambda: analyze(dataset, asked, frame)),
        }


def measured(kind: str, size: int) -> dict[str, float]:
    """Measure one size in a process of its own; its largest memory is among what it returns."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scale", kind, str(size)],
        env={**surroundings(), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def shown(value: float) -> str:
    """Return seconds with three digits."""
    return f"{value * 1000:.3g} ms" if value < 1 else f"{value:.3g} s"


def grown(kind: str, sizes: tuple[int, ...], counts: tuple[str, ...] = ()) -> str:
    """Return a table of what each size takes, and the power of the size that the last step has."""
    found = [measured(kind, one) for one in sizes]
    amounts = [one[counts[0]] for one in found] if counts else [float(one) for one in sizes]
    rows: list[list[str]] = []
    for name in found[0]:
        values = [one[name] for one in found]
        if name in counts:
            rows.append([name.capitalize(), *(f"{one:,.0f}" for one in values), ""])
            continue
        if name == "memory":
            rows.append(["Largest memory", *(f"{one:.0f} MiB" for one in values), ""])
            continue
        power = np.log(values[-1] / values[-2]) / np.log(amounts[-1] / amounts[-2])
        rows.append([name, *map(shown, values), f"{power:.1f}"])
    heads = ["", *(f"{one:,}" for one in sizes), "power"]
    return sections.table(heads, rows)


def main() -> None:
    """Measure all sizes, each in a process of its own, and write the results."""
    if len(sys.argv) > 2:
        found: dict[str, Any] = {"effects": of_effects, "trials": of_trials}[sys.argv[1]](
            int(sys.argv[2])
        )
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        json.dump({**found, "memory": used / 1024}, sys.stdout)
        return
    effects = grown("effects", EFFECTS)
    trials = grown("trials", COPIES, ("trials", "rows of estimates"))
    sections.put(
        TITLE,
        f"""Made by `make scale` in one run. Seconds of the processor on one thread; "power" is how
cost grows at the largest size: 1 in proportion, 2 with the square.

{sections.measured_on("numpy", "scipy", "pandas")}

Effects of trials that report five each:

{effects}

Copies of the imported database `{DATABASE.name}`, in one package:

{trials}""",
    )


if __name__ == "__main__":
    main()
