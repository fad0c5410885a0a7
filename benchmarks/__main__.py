"""Measures all ratios and writes the first section of `results.md`; `make bench` runs it.

Fits are timed within the interpreter that has the package, commands from outside. Both are medians
of several runs in seconds of the processor, which other programs on the machine do not use up.
"""

import csv
import io
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import commands, fits, sections
from benchmarks.commands import ROOT

PEERS = ROOT / ".cache" / "peers" / "bin" / "python"
BCG = ROOT / "tests" / "oracles" / "synthesis" / "pooling" / "bcg.json"
ROUNDS = 3
LOOP = 200
"""Sets that a loop of another package fits; what all of them would take is calculated."""
PACKAGES = ("numpy", "scipy", "pandas", "papermill", "nbconvert", "pypandoc-binary", "typst")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `met` is None where there is no aim."""

    measure: str
    own: str
    other: str
    ratio: str
    aim: str
    met: bool | None

    def __str__(self) -> str:
        """Return the line in Markdown."""
        met = {True: "yes", False: "no", None: ""}[self.met]
        return f"| {' | '.join((self.measure, self.own, self.other, self.ratio, self.aim, met))} |"


def seconds(value: float) -> str:
    """Return a time with three digits, in a unit that suits it."""
    if value < 1e-1:
        return f"{value * 1000:.3g} ms"
    return f"{value:.2f} s" if value < 100 else f"{value:.0f} s"


def studies() -> str:
    """Return what all packages fit: 13 trials of BCG, then sets of five studies."""
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(("set", "effect", "variance"))
    bcg = json.loads(BCG.read_text(encoding="utf-8"))["sets"]["RR"]
    sets = [(bcg["yi"], bcg["vi"]), *zip(*(one.tolist() for one in fits.drawn(LOOP)), strict=True)]
    for place, pair in enumerate(sets):
        writer.writerows((place, *one) for one in zip(*pair, strict=True))
    return table.getvalue()


def measured() -> dict[str, dict[str, Any]]:
    """Fit by each package in turn, some rounds, and return the medians."""
    script = Path(fits.__file__)
    calls: dict[str, tuple[str | Path, ...]] = {
        "evidence": (sys.executable, script, "evidence"),
        "pimeta": (PEERS, script, "pimeta"),
        "pymare": (PEERS, script, "pymare"),
    }
    if has_metafor():
        calls["metafor"] = ("Rscript", script.with_name("metafor.R"))
    given = studies()
    rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            done = subprocess.run(
                call,
                input=given,
                env={**commands.surroundings(), "OPENBLAS_NUM_THREADS": "1"},
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                sys.exit(f"{name}:\n{done.stderr}")
            rounds[name].append(json.loads(done.stdout))
    return {name: _middle(found) for name, found in rounds.items()}


def _middle(found: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        key: statistics.median(one[key] for one in found) if isinstance(value, float) else value
        for key, value in found[0].items()
    }


def has_metafor() -> bool:
    """Say whether R is there with metafor."""
    if shutil.which("Rscript") is None:
        return False
    asked = ["Rscript", "-e", "library(metafor)"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


NAMES = {"pimeta": "pimeta", "pymare": "PyMARE", "metafor": "metafor"}


def rows_of_fits(found: dict[str, dict[str, Any]]) -> Iterator[Row]:
    """Compare one fit, the same with what is said besides, and many fits."""
    own = found["evidence"]
    for name, peer in found.items():
        if name == "evidence":
            continue
        title, by = NAMES[name], name == "pimeta"
        yield _times(
            f"One fit, 13 trials: `pool` to a fit of {title}",
            own["whole"], peer["fit"], "below 1" if by else "", 1.0,
        )  # fmt: skip
        yield _times(
            f"The same without an interval of tau²: `batch.pool` of one set to a fit of {title}",
            own["fit"], peer["fit"], "", 1.0,
        )  # fmt: skip
        if "whole" in peer:
            yield _times(
                f"The same with it: `pool` to a fit of {title} with its interval and prediction",
                own["whole"], peer["whole"], "", 1.0,
            )  # fmt: skip
        loop = peer["loop"] * fits.MANY
        yield Row(
            f"{fits.MANY:,} fits of 5 studies: `batch.pool` to a loop of {title}",
            seconds(own["many"]),
            seconds(loop),
            f"{loop / own['many']:.0f} times as fast",
            "150 times as fast" if by else "",
            loop / own["many"] >= 150 if by else None,
        )


def _times(measure: str, own: float, other: float, aim: str, limit: float) -> Row:
    ratio = own / other
    met = ratio < limit if aim else None
    return Row(measure, seconds(own), seconds(other), f"{ratio:.2f} times the time", aim, met)


def rows_of_reports(folder: Path) -> Iterator[Row]:
    """Compare builds of single reports and of several with plain commands."""
    other = []
    for name in commands.REPORTS:
        place = commands.copy(folder / name, [name])
        one = commands.built(place)
        two, has_pdf = commands.plain(name, place)
        other.append(two)
        less = "" if has_pdf else " (no PDF by the plain commands)"
        yield _faster(f"Report `{name}` alone, three formats{less}", one, two)
    place = commands.copy(folder / "together", commands.REPORTS)
    together = commands.built(place)
    count, every = len(commands.REPORTS), commands.reports_in_all()
    plain = sum(other)
    yield _faster(f"These {count} in one build", together, plain)
    (folder / "whole").mkdir()
    yield _faster(
        f"All {every} reports in one build; by the plain commands as if all were like these",
        commands.built(commands.whole(folder / "whole")),
        every * plain / count,
        4.0,
    )


def _faster(measure: str, own: float, other: float, least: float | None = None) -> Row:
    ratio = other / own
    return Row(
        measure,
        seconds(own),
        seconds(other),
        f"{ratio:.1f} times as fast",
        "" if least is None else f"{least:g} times as fast",
        None if least is None else ratio >= least,
    )


def rows_of_commands(folder: Path) -> Iterator[Row]:
    """Measure a build with nothing to do, and a command that pools."""
    place = folder / commands.REPORTS[0]
    commands.evidence("build", folder=place)
    idle, bare, pooled = [], [], []
    arguments = ["pool", "--therapy", "abft", "--outcome", "depression", "--timepoint", "post"]
    for _ in range(9):
        idle.append(commands.evidence("build", folder=place))
        bare.append(commands.run(sys.executable, "-c", "pass", folder=place))
        pooled.append(commands.evidence(*arguments, folder=place))
    one, two, three = (statistics.median(runs) for runs in (idle, bare, pooled))
    yield Row(
        "`evidence build` with nothing to do, above `python -c pass`",
        seconds(one),
        seconds(two),
        f"{seconds(one - two)} more",
        "at most 0.4 s more",
        one - two <= 0.4,
    )
    yield Row(
        "`evidence pool`, ABFT and depression",
        seconds(three),
        "",
        "",
        "at most 1.2 s",
        three <= 1.2,
    )


def rows_of_models(own: dict[str, Any]) -> Iterator[Row]:
    """Tell what large models take."""
    for k in (1_000, 10_000):
        yield Row(
            f"CHE model with CR2 of {k:,} effects in clusters of 5",
            seconds(own[f"che_{k}"]),
            *("", "", ""),
            None,
        )


def text(rows: list[Row], found: dict[str, dict[str, Any]]) -> str:
    """Return the page of results."""
    peers = ", ".join(f"{NAMES[one]} {found[one]['version']}" for one in found if one in NAMES)
    none = "" if "metafor" in found else "; R with metafor was not there"
    packages = ", ".join(f"{one} {version(one)}" for one in PACKAGES)
    lines = "\n".join(map(str, rows))
    return f"""# Benchmarks

Made by `make bench` in one run on one machine: the ratios count and not the seconds.

- Machine: {sections.machine()}
- Commit: {sections.commit()}
- This package {found["evidence"]["version"]} with {packages}
- Others, in an environment of their own: {peers}{none}

| measure | this package | the other | ratio | aim | met |
| --- | --- | --- | --- | --- | --- |
{lines}

All times are seconds of the processor, of a command and of all that it starts. They are medians: of
{ROUNDS} rounds in which each package fits in turn, on one thread (one fit {fits.TIMES} times in
each, many in one call three times, loops and large models once), and of 9 runs of a command.
Reports are made once. Imports count for commands and not for fits.

- One fit is REML with the interval of Hartung and Knapp for the 13 trials of BCG (log risk ratios).
  Limits of the packages differ by {apart(found):.0e} at most. `pool` computes the Q-profile
  interval of tau² and the interval of prediction too; a fit of another package does not.
  `batch.pool` of one set has the interval of prediction and none of tau².
- A loop of another package fits {LOOP} of the {fits.MANY:,} sets; the time of all is calculated
  from it.
- Reports are made in a copy of the project, with a catalog of the named reports alone, one notebook
  at a time, as HTML, Word and PDF, with index and ledger. The plain commands are papermill,
  `jupyter nbconvert --to html`, pandoc to Word, and pandoc with typst to PDF, of the same notebook
  with the same parameters; they check nothing, and their PDF is not made accessible. Where typst
  refuses the page, for its links lead nowhere, what it took until then counts. All reports are
  built with the ledger beside them; by the plain commands their time is calculated from that of
  the named ones.
"""


def apart(found: dict[str, dict[str, Any]]) -> float:
    """Return the largest difference between limits that the packages give."""
    limits: list[list[float]] = [
        [one["numbers"][place] for one in found.values()] for place in (1, 2)
    ]
    return max(max(one) - min(one) for one in limits)


def main() -> None:
    """Measure, and write the results."""
    if not PEERS.is_file():
        sys.exit("the other packages are not installed; `make bench` does so")
    found = measured()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [
            *rows_of_fits(found),
            *rows_of_reports(folder),
            *rows_of_commands(folder),
            *rows_of_models(found["evidence"]),
        ]
    sections.put("", text(rows, found))


if __name__ == "__main__":
    main()
