"""Two pages with thirty marked statistics, ten of them wrong in one way each."""

import io
import re
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml.ns import qn

from evidence import ledger
from evidence.manuscripts import word
from evidence.manuscripts.check import as_json, check_draft, read_draft
from evidence.manuscripts.ledgers import read_known
from evidence.manuscripts.match import Finding

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
POOLED = "abft.depression.post.hedges_g.pooled"
RECOVERY = "diamond2010.suicidal_ideation.clinical_recovery"
ODDS = f"{RECOVERY}.post.log_odds_ratio"

WRONG = {
    "wrong k": (POOLED, "k", "wrong", "four"),
    "wrong n": (f"{POOLED}.trials_with_unreported_at_zero", "n", "wrong", "370"),
    "p of another estimate": (f"{POOLED}.interval_hksj", "p_value", "wrong", ".11"),
    "wrong limit": (f"{POOLED}.tau2_common.interval_wald", "ci_high", "wrong", "0.98"),
    "lost minus sign": (f"{POOLED}.trials_usual_care", "ci_low", "wrong", "2.32"),
    "wrong digit": ("diamond2002.depression.bdi.post.hedges_g", "effect", "wrong", "0.85"),
    "swapped limits": ("diamond2010.depression.bdi_ii.post.hedges_g", "ci_low", "wrong", "0.88"),
    "percentage for a proportion": (
        f"{RECOVERY}.post.risk_difference",
        "effect",
        "wrong",
        "35.4",
    ),
    "right value with another's mark": (
        f"{RECOVERY}.post.log_odds_ratio",
        "effect",
        "wrong",
        "4.41",
    ),
    "superseded value": (POOLED, "effect", "superseded", "0.58"),
}


def findings(name: str | Path) -> list[Finding]:
    known = read_known(EXAMPLES / "ledger")
    return list(check_draft(read_draft(EXAMPLES / name), known).findings)


@pytest.mark.parametrize("name", ["draft-right.md", "draft-right.docx"])
def test_the_right_draft(name: str) -> None:
    found = findings(name)
    assert len(found) > 90
    assert {one.status for one in found} == {"right"}


def test_it_has_thirty_marks_on_two_pages() -> None:
    text = (EXAMPLES / "draft-right.md").read_text(encoding="utf-8")
    assert len(re.findall(r"\{ev:", text)) == 30
    assert 700 <= len(text.split()) <= 1000


@pytest.mark.parametrize("name", ["draft-wrong.md", "draft-wrong.docx"])
def test_the_wrong_draft(name: str) -> None:
    found = [
        (one.estimate_id, one.field, one.status, one.printed)
        for one in findings(name)
        if one.status != "right"
    ]
    # Swapped limits are two numbers.
    also = ("diamond2010.depression.bdi_ii.post.hedges_g", "ci_high", "wrong", "−0.10")
    assert sorted(found) == sorted([*WRONG.values(), also])  # type: ignore[type-var]


def word_statuses(document: Any) -> list[tuple[str | None, str, str, str]]:
    data = io.BytesIO()
    document.save(data)
    found = check_draft(word.parse(data.getvalue()), read_known(EXAMPLES / "ledger")).findings
    return [(one.estimate_id, one.field, one.status, one.printed) for one in found]


@pytest.mark.parametrize("name", ["draft-right.docx", "draft-wrong.docx"])
def test_word_may_cut_its_runs_anywhere(name: str) -> None:
    document = docx.Document(str(EXAMPLES / name))
    before = word_statuses(document)
    for run in list(document.element.iter(qn("w:r"))):
        if len(run.findall(qn("w:t"))) != 1:
            continue
        text = run.find(qn("w:t"))
        for letter in reversed(text.text[1:]):
            copy = deepcopy(run)
            copy.find(qn("w:t")).text = letter
            run.addnext(copy)
        text.text = text.text[:1]
    assert word_statuses(document) == before


def test_accepted_changes_make_a_wrong_draft_right() -> None:
    """Each paragraph of the wrong draft is deleted, and that of the right one inserted."""
    wrong, right = (
        docx.Document(str(EXAMPLES / f"draft-{one}.docx")) for one in ("wrong", "right")
    )
    pairs = zip(wrong.element.iter(qn("w:p")), right.element.iter(qn("w:p")), strict=True)
    for old, new in list(pairs):
        deleted, inserted = (old.makeelement(qn(f"w:{one}"), {}) for one in ("del", "ins"))
        for run in old.findall(qn("w:r")):
            for text in run.iter(qn("w:t")):
                text.tag = qn("w:delText")
            deleted.append(run)
        inserted.extend(deepcopy(new.findall(qn("w:r"))))
        old.extend([deleted, inserted])
    assert {status for _, _, status, _ in word_statuses(wrong)} == {"right"}


def test_both_forms_are_judged_alike() -> None:
    def judgements(name: str) -> list[tuple[object, ...]]:
        # Word keeps footnotes behind the text.
        return sorted(
            (one.estimate_id or "", one.field, one.status, one.printed) for one in findings(name)
        )

    assert judgements("draft-wrong.md") == judgements("draft-wrong.docx")


@pytest.mark.parametrize(
    ("blank", "blanks"),
    [
        ("\n", "\r\n"),
        (r"(?<=\S)\n", "  \n"),
        (r"(?<=\w)\n(?=\w)", "\n   "),
        (r"(?<=\w) (?=[\d−(])", "  "),
    ],
    ids=["line ends of Windows", "blanks at line ends", "indented lines", "two blanks"],
)
def test_more_blanks_change_nothing_of_what_is_judged(
    tmp_path: Path, blank: str, blanks: str
) -> None:
    text = (EXAMPLES / "draft-wrong.md").read_text(encoding="utf-8")
    (tmp_path / "draft.md").write_text(re.sub(blank, blanks, text), "utf-8", newline="")
    assert as_json(findings(tmp_path / "draft.md")) == as_json(findings("draft-wrong.md"))


def test_the_drafts_are_those_of_the_ledger() -> None:
    sys.path.insert(0, str(EXAMPLES))
    try:
        import make_drafts
    finally:
        sys.path.remove(str(EXAMPLES))
    assert sorted(make_drafts.KINDS) == sorted(WRONG)
    entries = {one.estimate_id: one for one in ledger.read(ROOT / "reports" / "estimates.csv")}
    for name, wrong in (("right", False), ("wrong", True)):
        written = (EXAMPLES / f"draft-{name}.md").read_text(encoding="utf-8")
        assert make_drafts.draft(entries, wrong=wrong) == written, (
            "numbers have moved: run examples/make_drafts.py"
        )
