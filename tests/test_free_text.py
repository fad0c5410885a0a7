"""Nothing is decided by searching what people wrote: by the syntax of the package."""

import ast
import csv
import json
import re
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, get_type_hints

import mypy.api
import pytest

import evidence
from evidence.analysis import Analysis, alternatives
from evidence.analysis.alternatives import Companions, companions
from evidence.blocks.escape import html
from evidence.blocks.output import Block, Figure
from evidence.claims import Judgement, judgements
from evidence.claims.facts import Claim
from evidence.data.dataset import Dataset
from evidence.data.provenance import Locator
from evidence.entry import Counts
from evidence.estimation.choices import Specification
from evidence.estimation.row import Row
from evidence.pages.trial_card import Fact, read_card, screen
from evidence.pages.trial_card.lines import lines
from evidence.terms import FreeText, LeftOut, Remark, RemarkKind, Said, words_of

PACKAGE = Path(evidence.__file__).parent
# They read the text of manuscripts, of forms and of foreign files, and that is their work.
READERS = ("manuscripts/", "entry/", "metapsy/", "exchange/", "data/validation/")
FREE = {"reason", "note", "remark", "label", "sentence", "place", "caveat", "explanation"}
FREE |= {"reasons", "notes", "remarks", "clock_note"}
# Local names that hold free text wherever they stand; a local place is mostly a number.
NAMED = FREE - {"place"}
FREE |= {"section", "claim", "contrast", "treated", "population"}
# They turn the ids in a sentence of a check into names, leave out of the label of a number the
# metric that the sentence names again, shorten a claim for a caption, part a contrast at its
# comma into two columns, and do not say twice whom a trial treated: none decides anything.
SHOWING = {
    ("pages/audit/findings.py", "_WORD.sub(in_words, explanation)"),
    ("ledger/quotation.py", "text.replace(f', {name}', '', 1)"),
    ("ledger/quotation.py", "text.replace(': change in points', '')"),
    ("pages/claims/details.py", "claim[:37].rsplit(' ', 1)"),
    ("pages/landscape.py", "str(self.row.contrast).partition(', ')"),
    ("pages/prisma.py", "self.section.replace('-', ' ')"),
    ("pages/trial_card/__init__.py", "self.people in population"),
}
SEARCHES = {"startswith", "endswith", "find", "rfind", "index", "count", "split", "rsplit"}
SEARCHES |= {"partition", "rpartition", "removeprefix", "removesuffix", "contains", "extract"}
SEARCHES |= {"replace"}
HELD = {"isin", "eq", "ne", "__eq__"}
MADE = {"str", "html", "plain", "words_of"}
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
        called = node.func.id if isinstance(node.func, ast.Name) else ""
        if called == "getattr" and len(node.args) > 1:
            return isinstance(node.args[1], ast.Constant) and node.args[1].value in FREE
        return called in MADE and any(_free(one, known) for one in node.args)
    if isinstance(node, ast.JoinedStr):
        return any(
            _free(one.value, known) for one in node.values if isinstance(one, ast.FormattedValue)
        )
    return isinstance(node, ast.BoolOp) and any(_free(one, known) for one in node.values)


def _names(nodes: list[ast.AST]) -> set[str]:
    """Return the names that free text was given to in a function, or outside of all."""
    known = NAMED.copy()
    for _ in range(3):
        for node in nodes:
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


def _scopes(tree: ast.Module) -> Iterator[list[ast.AST]]:
    """Yield the nodes of each function, and those that stand in none."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    functions = [list(ast.walk(one)) for one in ast.walk(tree) if isinstance(one, kinds)]
    inside = {id(one) for nodes in functions for one in nodes}
    yield from (*functions, [one for one in ast.walk(tree) if id(one) not in inside])


def _decides(key: ast.AST, known: set[str]) -> bool:
    """Whether free text is looked up, which the label of a trial may be, as its name."""
    labels = [
        one for one in ast.walk(key) if isinstance(one, ast.Attribute) and one.attr == "label"
    ]
    return _free(key, known - {"label"}) and not labels


def _compared(node: ast.Compare, known: set[str]) -> bool:
    """Whether free text is held against words: those written out, a constant, a list of them."""
    for operator, left, right in zip(
        node.ops, [node.left, *node.comparators], node.comparators, strict=False
    ):
        if isinstance(operator, ast.In | ast.NotIn) and (
            _free(right, known) or _decides(left, known)
        ):
            return True
        if isinstance(operator, ast.Eq | ast.NotEq):
            for text, other in ((left, right), (right, left)):
                if _free(other, known) and _worded(text):
                    return True
    return False


def _worded(node: ast.AST) -> bool:
    """Whether an expression is words and no lack of them."""
    if isinstance(node, ast.Name | ast.Attribute):
        name = node.id if isinstance(node, ast.Name) else node.attr
        return name.isupper()
    return not isinstance(node, ast.Constant) or (isinstance(node.value, str) and node.value != "")


def searches(source: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a module that search free text."""
    for nodes in _scopes(ast.parse(source)):
        known = _names(nodes)
        for node in nodes:
            found = False
            if isinstance(node, ast.Compare):
                found = _compared(node, known)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                found = node.func.attr in SEARCHES and _free(node.func.value, known)
                if node.func.attr in PATTERNS:
                    found = found or any(_free(one, known) for one in node.args)
                if node.func.attr in HELD:
                    found = found or (
                        _free(node.func.value, known) and any(_worded(one) for one in node.args)
                    )
                if node.func.attr == "get" and node.args:
                    found = found or _decides(node.args[0], known)
            elif isinstance(node, ast.Subscript):
                found = _decides(node.slice, known)
            elif isinstance(node, ast.Match):
                found = _free(node.subject, known)
            if found:
                yield getattr(node, "lineno", 0), ast.unparse(node)


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
        "row.note.replace('zero', 'nil')",
        "words_of(row.reason).startswith('no')",
        "[said for said in frame.note if said.lower().startswith('with ')]",
        "row.note in ('completers', 'adjusted')",
        "row.note == COMPLETERS",
        "frame[frame.note.isin(['completers'])]",
        "frame.note.eq('completers')",
        "f'{row.note}, {row.reason}'.endswith('zero')",
        "getattr(row, 'note').startswith('with')",
        "KINDS[row.note]",
        "KINDS.get(row.reason)",
        "row.population == 'anxiety disorders'",
    ],
)
def test_a_search_is_seen(line: str) -> None:
    assert list(searches(f"def made(row):\n    return {line}\n"))
    assert list(searches(f"def other():\n    return 1\nmade = lambda row: {line}\n"))
    alias = line.replace("row.note ", "said ").replace("row.reason", "said")
    assert list(searches(f"def made(row):\n    said = row.note\n    return {alias}\n"))


def test_no_program_searches_what_people_wrote() -> None:
    found = [
        f"{name}, line {line}: {text}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if not (name := path.relative_to(PACKAGE).as_posix()).startswith(READERS)
        for line, text in dict.fromkeys(searches(path.read_text(encoding="utf-8")))
        if (name, text) not in SHOWING
    ]
    assert not found, "\n".join(found)


SEARCHED = (
    '"no difference" in {}',
    '{}.startswith("no")',
    '{}.split(";")',
    "{}.lower()",
    '{} + "; more"',
    "{}[:5]",
    're.search("no", {})',
    '", ".join([{}])',
    "[one for one in {}]",
    '{} == "no difference"',
)


def test_a_type_checker_refuses_a_search_by_any_name(tmp_path: Path) -> None:
    """The last line is allowed; each of the others is an error of its own."""
    shutil.copy(PACKAGE / "terms.py", tmp_path / "terms.py")
    written = [f"    {line.format('said')}\n" for line in (*SEARCHED, "words_of({})")]
    (tmp_path / "made.py").write_text(
        "import re\nfrom terms import FreeText, Remark, words_of\ndef made(row: Remark) -> None:\n"
        f"    said = row.text\n{''.join(written)}"
    )
    options = ["--strict", "--strict-equality", f"--cache-dir={tmp_path}", "--no-error-summary"]
    found, _, _ = mypy.api.run([*options, str(tmp_path / "made.py")])
    lines = re.findall(r"made\.py:([0-9]+): error", found)
    assert list(dict.fromkeys(map(int, lines))) == [5 + n for n in range(len(SEARCHED))], found


def test_free_text_is_formatted_by_nothing() -> None:
    text = FreeText("no difference")
    for way in (str, "{}".format, "%s".__mod__, lambda one: f"{one}", lambda one: f"{one!s:>20}"):
        with pytest.raises(TypeError, match="words_of"):
            way(text)
    with pytest.raises(TypeError, match="FreeText"):
        assert "no" in text  # type: ignore[operator]
    assert words_of(text) == "no difference"
    assert (bool(text), bool(FreeText(""))) == (True, False)
    assert html(FreeText("a < b")) == "a &lt; b"


def test_typed_objects_hold_what_people_wrote_as_free_text() -> None:
    for held, names in (
        (Row, {"reason"}),
        (Remark, {"text"}),
        (Locator, {"place"}),
        (Fact, {"note"}),
        (Claim, {"section", "claim", "question"}),
        (Judgement, {"limits"}),
        (Counts, {"reason"}),
    ):
        kinds = get_type_hints(held)
        assert {kinds[name] for name in names} <= {FreeText, tuple[FreeText, ...]}, held
    # What is held is what is declared.
    for one in judgements(evidence.load()):
        texts = [one.claim.section, one.claim.claim, one.claim.question, *one.limits]
        assert {type(text) for text in texts} == {FreeText}
        assert all(type(getattr(one.claim, name)) is str for name in ("kind", "topic", "match"))


TEXTS = {"note", "reason", "place"}
# Whatever a program could look for: phrases, the kinds, and the terms of the vocabularies.
TRAPS = "; ".join(
    [
        "no difference",
        "a difference in favor of the comparator",
        "with treatment as usual",
        "arm sizes imputed",
        "the developers say that",
        "the abstract does not say how the groups were formed",
        "intention to treat",
        "adjusted",
        "completers",
        "not reported",
        "metric hedges_g at zero",
        *(str(one) for kinds in (Said, LeftOut, RemarkKind) for one in kinds if one),
        *evidence.load().vocabularies.term,
    ]
)


def reworded(folder: Path, traps: str) -> Dataset:
    """Return the data with every note, reason and place replaced by what misleads, and a number."""
    shutil.copytree(PACKAGE.parents[1] / "data", folder)
    number = 0
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            names, rows = list(reader.fieldnames or ()), list(reader)
        for row in rows:
            for name in TEXTS.intersection(names):
                if row[name]:
                    number += 1
                    row[name] = f"{traps}x{number}x"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, names, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    assert number > 300
    return evidence.load(folder)


# Notebooks that show the data, with parameters beside their own.
PAGES: tuple[tuple[str, dict[str, str]], ...] = (
    ("00_start_here", {}),
    ("22_data_audit", {}),
    ("20_effect_sizes", {}),
    ("10_pooled_effects", {}),
    ("10_pooled_effects", {"therapy": "abct", "outcome": "affective_distress"}),
    ("11_rare_events", {}),
    ("12_follow_up", {}),
    ("12_follow_up", {"therapy": "abct"}),
    ("30_claims", {}),
    ("13_robustness", {}),
    ("14_summary", {"therapy": "abft"}),
    ("31_prisma", {}),
    ("32_landscape", {}),
    ("23_characteristics", {}),
    ("21_trial_card", {}),
)
# Figures alone, what another page shows too, and two of the four questions of the start page.
SKIPPED = re.compile(r"combinations\(|figure\(|missing_matrix\(")
FEWER = re.compile(r'^ +"(abft-suicidal|abct-functional).*\n', re.MULTILINE)


def shown(
    dataset: Dataset, name: str, parameters: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Return what a notebook shows, by its place; each free text shown is its number there."""
    blocks: dict[str, Any] = {}
    made: dict[tuple[Specification, bool], Companions] = {}

    def once(dataset: Dataset, analysis: Analysis, *, short: bool = False) -> Companions:
        key = (analysis.specification, short)
        return made.get(key) or made.setdefault(key, companions(dataset, analysis, short=short))

    path = PACKAGE.parents[1] / "notebooks" / f"{name}.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    names: dict[str, Any] = {}
    with monkeypatch.context() as patch:
        patch.setattr(evidence, "load", lambda _=None: dataset)
        patch.setattr(alternatives, "companions", once)
        for number, cell in enumerate(cells):
            source = "".join(cell["source"])
            if cell["cell_type"] != "code" or SKIPPED.search(source):
                continue
            patch.setattr(evidence, "show", partial(blocks.__setitem__, str(number)))
            exec(FEWER.sub("", source), names)
            names |= parameters
    return _numbered(blocks)


def _numbered(blocks: dict[str, Any]) -> dict[str, str]:
    written = re.compile(f"(?:{re.escape(TRAPS)})?x([0-9]+)x", re.IGNORECASE)
    texts = {place: one.text for place, one in blocks.items() if isinstance(one, Block)}
    texts |= {
        place: f"{one.alt}\n{one.caption}\n{one.table.text}"
        for place, one in blocks.items()
        if isinstance(one, Figure)
    }
    return {place: written.sub(r"<\1>", text) for place, text in texts.items()}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, Dataset]:
    """All traps in every text, and none in any: a search of any text finds them once."""
    folder = tmp_path_factory.mktemp("reworded")
    return reworded(folder / "all", TRAPS), reworded(folder / "none", "")


def changed(first: dict[str, str], second: dict[str, str]) -> list[str]:
    """Return the lines in which two showings differ."""
    assert len(first) > 2
    return [
        f"{name}: {a!r} became {b!r}"
        for name in first
        for a, b in zip(first[name].split("\n"), second[name].split("\n"), strict=True)
        if a != b
    ]


def test_what_people_wrote_changes_no_estimate(both: tuple[Dataset, Dataset]) -> None:
    kept = ["estimate_id", "effect", "variance", "processing", "said", "left_out_by"]
    as_printed = evidence.estimates(evidence.load())[kept]
    for dataset in both:
        assert evidence.estimates(dataset)[kept].equals(as_printed)


@pytest.mark.parametrize(
    ("name", "parameters"), PAGES, ids=[" ".join([one, *given.values()]) for one, given in PAGES]
)
def test_what_people_wrote_changes_a_page_only_where_it_is_shown(
    both: tuple[Dataset, Dataset],
    name: str,
    parameters: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = (shown(one, name, parameters, monkeypatch) for one in both)
    assert not changed(first, second)


def test_what_people_wrote_changes_a_card_only_where_it_is_shown(
    both: tuple[Dataset, Dataset],
) -> None:
    screens = []
    for dataset in both:
        frame = evidence.estimates(dataset)
        cards = (read_card(dataset, one, frame) for one in dataset.trials.trial_id)
        screens.append({one.trial.trial_id: screen.first_screen(one, lines(one)) for one in cards})
    assert len(screens[0]) > 20
    assert not changed(*map(_numbered, screens))
