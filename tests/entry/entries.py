"""Entries for tests: one that every table has a part in, and one made of the rows of a trial."""

import csv
import json
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from evidence.data.dataset import Dataset
from evidence.entry.file import read_entry
from evidence.entry.proposal import Proposal, propose

ROOT = Path(__file__).parents[2]
DATA = ROOT / "data"
EXAMPLE = ROOT / "examples" / "entry-diamond2010.toml"
VERSION: str = json.loads((DATA / "datapackage.json").read_text("utf-8"))["version"]
RAISED = "{}.{}.0".format(*(int(n) + place for place, n in enumerate(VERSION.split(".")[:2])))
"""Version of the data with a trial more: the second number is one higher."""
WHOLE = """
[trial]
therapy = "abft"
design = "randomized"
status = "published"
developer_involved = "no"
country = "SE"
registry_id = "NCT09999999"

[[publication]]
author = ["Åkerström, Måns", "A Study Group"]
issued = 2027
title = "An invented trial"
journal = "Journal of Examples"
DOI = "https://doi.org/10.1000/example"

[[locator]]
place = "abstract"
url = "https://example.org/trial"
accessed = 2027-03-01

[[arm]]
name = "abft"
role = "intervention"
condition = "abft"
n_randomized = 40

[[arm]]
name = "tau"
role = "comparator"
condition = "usual_care"
n_randomized = 38

[facts]
n_randomized = 78
treatment_weeks = 16

[[term]]
vocabulary = "outcome"
term = "sleep"
meaning = "quality of sleep"

[[instrument]]
id = "psqi"
name = "Pittsburgh Sleep Quality Index"
outcome = "sleep"
rater = "self"
range = [0, 21]
higher_is = "worse"

[[result]]
instrument = "psqi"
timepoint = "post"
weeks = 16
clock = "randomization"
abft = { n = 38, mean = 7.0, sd = 3.40 }
tau = { n = 37, mean = 8.5, sd = 3.10 }

[[result]]
instrument = "ham_d"
event = "remission"
timepoint = "post"
abft = { percent = "52.6%" }
tau = { percent = 28.9 }

[[statistic]]
statistic = "odds_ratio"
instrument = "ham_d"
event = "remission"
timepoint = "post"
estimate = 2.73
ci = "1.06 to 7.01"
p = "< .05"
favors_intervention_when = "above_1"

[[direction]]
outcome = "suicidal_ideation"
timepoint = "post"
direction = "no_difference"

[[risk_of_bias]]
tool = "rob2"
domain = "overall"
judgement = "low"
"""

_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def copied(folder: Path) -> Path:
    """Copy the data package."""
    shutil.copytree(DATA, folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder, so that nothing left behind goes unseen."""
    files = [one for one in folder.rglob("*") if one.is_file()]
    return {str(one.relative_to(folder)): one.read_bytes() for one in files}


def table(folder: Path, name: str) -> list[dict[str, str]]:
    """Return the rows of a table of a data package."""
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rewrite(folder: Path, name: str, rows: list[dict[str, str]]) -> None:
    """Write a table of a data package anew."""
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def proposed(text: str, folder: Path, tmp_path: Path) -> Proposal:
    """Propose an entry given as text."""
    file = tmp_path / "entry.toml"
    file.write_text(text, encoding="utf-8")
    return propose(read_entry(file), folder)


def edited(*changes: tuple[str, str]) -> str:
    """Return the whole entry with texts replaced, each of which stands there once."""
    text = WHOLE
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        text = text.replace(old, new)
    return text


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    # Bare numbers, so that their digits have to survive the reading of TOML.
    return value if _NUMBER.fullmatch(value) else json.dumps(value, ensure_ascii=False)


def _part(header: str, values: Mapping[str, Any]) -> str:
    lines = [f'"{key}" = {_toml(value)}' for key, value in values.items() if value not in ("", {})]
    return "\n".join([header, *lines, ""])


def _renamed(row: Mapping[str, str], **names: str) -> dict[str, str]:
    return {key: row[column] for key, column in names.items()}


def _rows(frame: pd.DataFrame) -> list[dict[str, str]]:
    return [{str(key): str(one) for key, one in row.items()} for row in frame.to_dict("records")]


def entry_of(dataset: Dataset, trial_id: str) -> str:
    """Return an entry that asks for the rows of a trial of the data, ids and all."""

    def of(table: str) -> list[dict[str, str]]:
        frame = dataset.text(table)
        return _rows(frame[frame.trial_id == trial_id])

    parts = [
        _part("[trial]", {("id" if k == "trial_id" else k): v for k, v in of("trials")[0].items()})
    ]
    publications = of("publications")
    for row in publications:
        parts.append(_part("[[publication]]", {**_publication(row, dataset)}))
    own = {row["publication_id"] for row in publications}
    for row in _rows(dataset.text("locators")):
        if row["publication_id"] in own:
            parts.append(_part("[[locator]]", _locator(row)))
    names = {row["arm_id"]: row["arm_id"].removeprefix(f"{trial_id}_") for row in of("arms")}
    for row in of("arms"):
        keys = ("role", "condition", "added_to", "n_randomized", "note")
        arm = _renamed(row, id="arm_id", locator="locator_id", **{key: key for key in keys})
        parts.append(_part("[[arm]]", {"name": names[row["arm_id"]], **arm}))
    parts.append(_part("[facts]", _facts(of("trial_facts"))))
    for row in of("arm_results"):
        parts.append(_part("[[result]]", _result(row, names[row["arm_id"]])))
    for row in of("statistics"):
        parts.append(_part("[[statistic]]", _statistic(row, names)))
    for row in of("directions"):
        keys = ("timepoint", "direction", "note")
        direction = _renamed(
            row,
            id="direction_id",
            outcome="outcome_id",
            locator="locator_id",
            **{key: key for key in keys},
        )
        parts.append(_part("[[direction]]", direction | _contrast(row, names)))
    results = {row["result_id"] for row in (*of("arm_results"), *of("statistics"))}
    for row in _rows(dataset.text("corrections")):
        if row["result_id"] in results:
            keys = ("field", "used", "action", "reason", "check")
            correction = _renamed(
                row, id="correction_id", result="result_id", **{key: key for key in keys}
            )
            parts.append(_part("[[correction]]", correction))
    for row in of("risk_of_bias"):
        keys = ("tool", "domain", "judgement")
        judged = _renamed(row, locator="locator_id", **{key: key for key in keys})
        parts.append(_part("[[risk_of_bias]]", judged))
    return "\n".join(parts)


def _publication(row: Mapping[str, str], dataset: Dataset) -> dict[str, Any]:
    item = dict(dataset.references[row["publication_id"]])
    made: dict[str, Any] = _renamed(
        row, id="publication_id", kind="kind", role="role", read_as="read_as"
    )
    for key, value in item.items():
        if key in ("issued", "accessed"):
            made[key] = "-".join(f"{one:02d}" for one in value["date-parts"][0])
        elif key != "id":
            made[key] = value
    return made


def _locator(row: Mapping[str, str]) -> dict[str, str]:
    keys = ("place", "url", "readings", "accessed")
    return {
        "name": row["locator_id"],
        **_renamed(row, id="locator_id", publication="publication_id", **{k: k for k in keys}),
    }


def _facts(rows: Iterable[Mapping[str, str]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for row in rows:
        values = _renamed(row, value="value", unit="unit", locator="locator_id", note="note")
        made.setdefault(row["fact"], []).append(values)
    return made


def _result(row: Mapping[str, str], arm: str) -> dict[str, Any]:
    shared = ("event", "timepoint", "weeks", "clock", "analysis_set", "note")
    numbers = _renamed(
        row,
        id="result_id",
        n="n_analyzed",
        mean="mean",
        sd="sd",
        events="events",
        percent="percent",
    )
    limits = [row["percent_ci_low"], row["percent_ci_high"]]
    return {
        **_renamed(row, instrument="instrument_id", locator="locator_id", **{k: k for k in shared}),
        arm: {**numbers, "ci": limits if any(limits) else ""},
    }


def _statistic(row: Mapping[str, str], names: Mapping[str, str]) -> dict[str, Any]:
    same = (
        "event",
        "timepoint",
        "weeks",
        "clock",
        "statistic",
        "estimate",
        "se",
        "favors_intervention_when",
        "note",
    )
    pairs = {
        "ci": [row["ci_low"], row["ci_high"]],
        "df": [row["df1"], row["df2"]],
        "n": [row["n_intervention"], row["n_comparator"]],
    }
    p = row["p_value"]
    return {
        **_renamed(
            row,
            id="result_id",
            instrument="instrument_id",
            locator="locator_id",
            **{key: key for key in same},
        ),
        **{key: value for key, value in pairs.items() if any(value)},
        "p": f"< {p}" if row["p_relation"] == "below" else p,
        **_contrast(row, names),
    }


def _contrast(row: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    one = names[row["intervention_arm_id"]]
    two = row["comparator_arm_id"]
    return {"intervention": one, "comparator": names[two]} if two else {"within": one}
