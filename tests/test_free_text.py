"""Nothing is decided by searching what people wrote: by the syntax of the package."""

import ast
import csv
import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import evidence
from evidence.claims import judgements
from evidence.dataset import Dataset
from evidence.display import (
    audit_findings,
    audit_readings,
    claims_sections,
    effect_sections,
    first_screen,
    followup_screen,
    pooled_tables,
    rare_sections,
    start_sections,
    trial_card_screen,
)
from evidence.display.trial_card import read_card
from evidence.display.trial_card_lines import lines
from evidence.integrity.handling import handled
from evidence.specification import Specification, analyze, companions
from evidence.specification.rare_events import rare_events

PACKAGE = Path(evidence.__file__).parent
# They read the text of manuscripts, of forms and of foreign files, and that is their work.
READERS = ("writing", "interop", "validation")
FREE = {"reason", "note", "remark", "label", "sentence", "place", "caveat", "explanation"}
FREE |= {"reasons", "notes", "remarks", "clock_note"}
# It turns the ids in a sentence of a check into names, and decides nothing.
SHOWING = {("display/audit_findings.py", "_WORD.sub(in_words, explanation)")}
SEARCHES = {"startswith", "endswith", "find", "rfind", "index", "count", "split", "rsplit"}
SEARCHES |= {"partition", "rpartition", "removeprefix", "removesuffix", "contains", "extract"}
PATTERNS = {"search", "match", "fullmatch", "findall", "finditer", "sub", "subn", "split"}


def _free(node: ast.AST, known: set[str]) -> bool:
    """Whether an expression holds free text: a field of that name, or a name it was given to."""
    if isinstance(node, ast.Attribute):
        return node.attr in FREE or (
            node.attr in {"str", "iloc", "loc", "text"} and _free(node.value, known)
        )
    if isinstance(node, ast.Name):
        return node.id in known
    if isinstance(node, ast.Subscript):
        key = node.slice
        named = isinstance(key, ast.Constant) and key.value in FREE
        return named or _free(node.value, known)
    if isinstance(node, ast.Call):
        # What is made of it is it still: str(...), .lower(), .strip(), html(...), .get(...).
        inner = node.func.value if isinstance(node.func, ast.Attribute) else None
        if inner is not None and _free(inner, known):
            return True
        named = isinstance(node.func, ast.Name) and node.func.id in {"str", "html", "plain"}
        return named and any(_free(one, known) for one in node.args)
    return isinstance(node, ast.BoolOp) and any(_free(one, known) for one in node.values)


def _names(function: ast.AST) -> set[str]:
    """Return the local names that free text was given to."""
    known = FREE.copy()
    for _ in range(3):
        for node in ast.walk(function):
            pairs: list[tuple[ast.expr, ast.expr]] = []
            if isinstance(node, ast.Assign):
                pairs = [(one, node.value) for one in node.targets]
            elif isinstance(node, ast.NamedExpr | ast.For | ast.comprehension):
                value = node.value if isinstance(node, ast.NamedExpr) else node.iter
                pairs = [(node.target, value)]
            known |= {
                one.id for one, value in pairs if isinstance(one, ast.Name) and _free(value, known)
            }
    return known


def searches(source: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a module that search free text."""
    tree = ast.parse(source)
    functions = [
        one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    for function in functions or [tree]:
        known = _names(function)
        for node in ast.walk(function):
            found = False
            if isinstance(node, ast.Compare):
                for operator, left, right in zip(
                    node.ops, [node.left, *node.comparators], node.comparators, strict=False
                ):
                    if isinstance(operator, ast.In | ast.NotIn):
                        found = found or _free(right, known)
                    elif isinstance(operator, ast.Eq | ast.NotEq):
                        for text, other in ((left, right), (right, left)):
                            worded = isinstance(text, ast.Constant) and isinstance(text.value, str)
                            found = found or bool(worded and text.value and _free(other, known))
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                found = node.func.attr in SEARCHES and _free(node.func.value, known)
                if node.func.attr in PATTERNS:
                    found = found or any(_free(one, known) for one in node.args)
            if found:
                yield node.lineno, ast.unparse(node)


@pytest.mark.parametrize(
    "line",
    [
        "'no difference' in row.reason",
        "without.reason.str.contains('no difference')",
        "[one for one in row.remarks if one.text.startswith('the arms')]",
        "any('imputed' in one for one in row.notes)",
        "_TERM.sub(word, entry.label)",
        "re.search('zero', str(entry.label))",
        "row['note'].partition(';')",
        "row.note == 'completers'",
        "[said for said in frame.note if said.lower().startswith('with ')]",
    ],
)
def test_a_search_is_seen(line: str) -> None:
    assert list(searches(f"def made(row):\n    return {line}\n"))
    alias = line.replace("row.note ", "said ").replace("row.reason", "said")
    assert list(searches(f"def made(row):\n    said = row.note\n    return {alias}\n"))


def test_no_program_searches_what_people_wrote() -> None:
    found = [
        f"{name}, line {line}: {text}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if (name := path.relative_to(PACKAGE).as_posix()).partition("/")[0] not in READERS
        for line, text in dict.fromkeys(searches(path.read_text(encoding="utf-8")))
        if (name, text) not in SHOWING
    ]
    assert not found, "\n".join(found)


TEXTS = {"note", "reason", "place"}
TRAPS = (
    "no difference",
    "a difference in favor of the comparator",
    "with treatment as usual",
    "arm sizes imputed",
    "the developers say that",
    "the abstract does not say how the groups were formed",
    "intention to treat; adjusted",
    "metric hedges_g at zero",
    "abstract",
)


def reworded(folder: Path, seed: int) -> Dataset:
    """Return the data with every note, reason and place replaced by words that mislead."""
    shutil.copytree(PACKAGE.parents[1] / "data", folder)
    chosen = random.Random(seed)
    number = 0
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            names, rows = list(reader.fieldnames or ()), list(reader)
        for row in rows:
            for name in TEXTS.intersection(names):
                if row[name]:
                    number += 1
                    row[name] = f"{chosen.choice(TRAPS)} x{number}x"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, names, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    assert number > 300
    return evidence.load(folder)


def said(dataset: Dataset) -> dict[str, str]:
    """Return what the pages say, by its place; each free text shown is its number there."""
    frame = evidence.estimates(dataset)
    blocks: dict[str, Any] = {"effects": effect_sections.first_screen(dataset, frame)}
    for therapy, outcome in (("abft", "depression"), ("abct", "affective_distress")):
        specification = Specification(therapy=therapy, outcome=outcome, timepoint="post")
        analysis = analyze(dataset, specification, frame)
        beside = companions(dataset, analysis)
        name = f"{therapy}.{outcome}"
        blocks[name] = first_screen.first_screen(dataset, analysis, beside)
        blocks[f"{name}.silent"] = pooled_tables.unreported(dataset, analysis, beside.stress)
        blocks[f"{name}.left_out"] = pooled_tables.left_out(dataset, analysis)
        blocks[f"{name}.trials"] = pooled_tables.studies(dataset, analysis)
    blocks["trials"] = start_sections.trials_table(dataset)
    for therapy in ("abft", "abct"):
        found = evidence.durability(dataset, therapy=therapy)
        blocks[f"{therapy}.follow_up"] = followup_screen.first_screen(dataset, found)
    events = rare_events(dataset, therapy="abft", outcome="suicide_attempt", event="attempt")
    blocks["rare"] = rare_sections.first_screen(dataset, events)
    blocks["claims"] = claims_sections.first_screen(dataset, judgements(dataset))
    audited = handled(dataset, evidence.audit(dataset))
    blocks["audit"] = audit_findings.checks_table(audited)
    blocks["read"] = audit_readings.sources_table(audit_readings.readings(dataset))
    for trial_id in dataset.trials.trial_id:
        card = read_card(dataset, trial_id, frame)
        blocks[trial_id] = trial_card_screen.first_screen(card, lines(card))
    shown = re.compile(f"({'|'.join(TRAPS)}) x([0-9]+)x", re.IGNORECASE)
    return {name: shown.sub(r"<\2>", one.text) for name, one in blocks.items()}


def test_what_people_wrote_changes_nothing_but_where_it_is_shown(tmp_path: Path) -> None:
    one, two = (reworded(tmp_path / str(seed), seed) for seed in (1, 2))
    kept = ["estimate_id", "effect", "variance", "processing", "said", "left_out_by"]
    as_printed = evidence.estimates(evidence.load())[kept]
    for dataset in (one, two):
        assert evidence.estimates(dataset)[kept].equals(as_printed)
    first, second = said(one), said(two)
    changed = [
        f"{name}: {a!r} became {b!r}"
        for name in first
        for a, b in zip(first[name].split("\n"), second[name].split("\n"), strict=True)
        if a != b
    ]
    assert not changed, "\n".join(changed)
