"""Marks are written where they are certain, and nowhere else; what is left is named."""

import io
import random
from pathlib import Path

import docx
import pytest

from evidence.errors import ParameterError
from evidence.ledger import LedgerEntry
from evidence.manuscripts import markdown
from evidence.manuscripts import word as word_draft
from evidence.manuscripts.check import check_draft
from evidence.manuscripts.fill import fill_markdown
from evidence.manuscripts.ledgers import Known
from evidence.manuscripts.mark import Marked, mark_markdown, mark_word
from tests.commands import run as command
from tests.manuscripts.ledgers import KNOWN, ODDS, POINTS, POOLED, SHARES, ZERO, entry
from tests.manuscripts.test_annotate import commented
from tests.manuscripts.test_unmarked import FORMS, known, sentence
from tests.manuscripts.words import paragraph, run, word

MAIN = "g = 0.52 (95% CI −0.29 to 1.33; P = .11)"
RATIO = "OR 6.30 (95% CI, 1.76 to 22.61)"


def marked(text: str) -> Marked:
    return mark_markdown(text.encode(), KNOWN)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"It was {MAIN}.", f"It was {MAIN} {{ev:{POOLED}}}."),
        (f"It ({MAIN}) was.", f"It ({MAIN}) {{ev:{POOLED}}} was."),
        (f"**{MAIN}**, and {RATIO}.", f"**{MAIN} {{ev:{POOLED}}}**, and {RATIO} {{ev:{ODDS}}}."),
        (
            "MD 13.20 [6.84, 19.57]. RD 35.4% (13.7% to 57.1%)",
            f"MD 13.20 [6.84, 19.57] {{ev:{POINTS}}}. RD 35.4% (13.7% to 57.1%) {{ev:{SHARES}}}",
        ),
        (
            f"| | g | 95% CI |\n|---|---|---|\n| a | 0.52 | −0.29 to 1.33 |\n\n{RATIO}",
            "| | g | 95% CI |\n|---|---|---|\n| a | 0.52 | −0.29 to 1.33 "
            f"{{ev:{POOLED}}} |\n\n{RATIO} {{ev:{ODDS}}}",
        ),
        # A mark that is there stays, and what it binds gets no other.
        (f"{MAIN} {{ev:{POOLED}}}. {RATIO}", f"{MAIN} {{ev:{POOLED}}}. {RATIO} {{ev:{ODDS}}}"),
    ],
)
def test_what_is_certain_is_marked(text: str, expected: str) -> None:
    found = marked(text)
    assert found.content.decode() == expected
    assert found.left == ()
    checked = check_draft(markdown.parse(found.content), KNOWN)
    assert {one.status for one in checked.findings} <= {"right", "other"}
    # Filled, a manuscript with right numbers is what it was before.
    plain = text.replace(f" {{ev:{POOLED}}}", "")
    assert fill_markdown(found.content, KNOWN).content.decode() == plain


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("g = 0.62 (95% CI −0.29 to 1.33).", "effect 0.62 should be 0.52"),
        ("g = 0.52 (95% CI −0.29 to 1.43).", "upper limit 1.43 should be 1.33"),
        (f"{MAIN[:-5]} .31).", "P value .31 should be P = .11"),
        ("g = 0.52, N = 118.", f"closest: {POOLED}"),
        ("Odds ratio 6.30.", f"closest: {ODDS}"),
        # A mark binds what stands before it in its sentence.
        ("OR 3.30, and g = 0.52 (−0.29 to 1.33).", "3.30; no mark, and no number of the ledger"),
        ("g = 0.99 (0.98 to 1.01).", "no number of the ledger like it"),
        ("g = 0.52 (−0.29 to 1.33), and g = 0.24 (−0.16 to 0.63).", "effect 0.24 should be 0.23"),
    ],
)
def test_what_is_not_certain_is_left_and_named(text: str, said: str) -> None:
    found = marked(text)
    assert found.content.decode().replace(f" {{ev:{POOLED}}}", "") == text
    assert any(said in one for one in found.left), found.left
    assert found.content.decode().count("{ev:") == text.count("−0.29 to 1.33), and")


@pytest.mark.parametrize(
    ("twin", "written"),
    [
        (entry("other.depression.post.hedges_g.pooled"), 0),
        (entry(f"{POOLED}.tau2_pm"), 1),
        (entry(f"{POOLED}.at_zero", entry_kind="stress_test"), 0),
    ],
)
def test_of_the_same_numbers_only_those_without_other_choices_are_marked(
    twin: LedgerEntry, written: int
) -> None:
    both = Known({**KNOWN.entries, twin.estimate_id: twin}, {})
    found = mark_markdown(MAIN.encode(), both)
    assert found.written == written
    assert (f"{MAIN} {{ev:{POOLED}}}" == found.content.decode()) is bool(written)
    assert len(found.left) == 1 - written


def test_no_seeded_statement_gets_a_mark_that_is_not_its_own() -> None:
    """Of the whole ledger, in twelve forms, half with a wrong digit."""
    chance = random.Random(20261)
    keys = sorted(key for key, one in known().entries.items() if one.ci_low is not None)
    written = 0
    for number in range(120):
        key, form = chance.choice(keys), FORMS[number % len(FORMS)]
        text = sentence(key, form, chance.choice((2, 3)), chance if number % 2 else None)
        found = mark_markdown(text.encode(), known())
        draft = markdown.parse(found.content)
        checked = check_draft(draft, known())
        written += found.written
        assert not [one for one in checked.findings if one.estimate_id and one.status == "wrong"]
        if number % 2 == 0 and found.written:
            (one,) = {one.estimate_id for one in checked.findings if one.estimate_id}
            assert one is not None
            assert key.startswith(one)
        if number % 2:
            # A digit turned may be that of another number, but never of one with other names.
            named = known().vocabulary.named(text)
            for one in checked.findings:
                found_entry = known().entries.get(one.estimate_id or "")
                assert not found_entry or not known().vocabulary.contradicted(named, found_entry)
    assert written >= 30


def test_word_gets_marks_and_comments_and_keeps_its_setting() -> None:
    body = paragraph(run("It was "), run("g = 0.52 (−0.29 to 1.33)", "<w:b/>"), run(", then.")) + (
        paragraph(run("Then g = 0.24 (−0.16 to 0.63).")) + paragraph(run("g = 0.99 "), run("here."))
    )
    found = mark_word(word(body), KNOWN)
    assert (found.written, len(found.left)) == (1, 2)
    document = docx.Document(io.BytesIO(found.content))
    first = document.paragraphs[0]
    assert first.text == f"It was g = 0.52 (−0.29 to 1.33) {{ev:{POOLED}}}, then."
    assert [one.text for one in first.runs if one.bold] == [
        f"g = 0.52 (−0.29 to 1.33) {{ev:{POOLED}}}"
    ]
    comments = commented(found.content)
    assert [words for words, _ in comments] == ["0.24", "0.99"]
    assert f"closest: {ZERO}" in comments[0][1]
    assert mark_word(found.content, KNOWN).written == 0


def test_a_footnote_of_word_is_marked_and_a_formula_is_left() -> None:
    notes = f"<w:footnote w:id='2'>{paragraph(run(MAIN))}</w:footnote>"
    formula = "<m:oMath><m:r><m:t>g=0.52 (−0.29 to 1.33)</m:t></m:r></m:oMath>"
    body = paragraph(run("Text"), "<w:r><w:footnoteReference w:id='2'/></w:r>") + paragraph(formula)
    found = mark_word(word(body, footnotes=notes), KNOWN)
    assert found.written == 1
    assert len(found.left) == 1
    (_, note) = word_draft.parse(found.content).parts[-2:]
    assert f"{MAIN} {{ev:{POOLED}}}" in note.text
    # What cannot be marked moves no mark behind it in its paragraph.
    again = mark_word(word(paragraph(formula, run(f". {RATIO}. {MAIN}."))), KNOWN)
    assert (again.written, len(again.left)) == (2, 1)
    (first,) = word_draft.parse(again.content).parts
    assert f"{RATIO} {{ev:{ODDS}}}. {MAIN} {{ev:{POOLED}}}." in first.text


def test_the_command_writes_a_file_and_names_what_is_left(tmp_path: Path) -> None:
    draft = tmp_path / "draft.docx"
    main = known().entries["abft.depression.post.hedges_g.pooled"]
    numbers = f"{main.effect:.2f} ({main.ci_low:.2f} to {main.ci_high:.2f})"
    text = f"Hedges g {numbers}, k = 3, N = {main.n}, at the end of treatment, depression."
    draft.write_bytes(word(paragraph(run(f"{text} Then g = 9.99."))))
    done = command("mark", draft, "--output", tmp_path / "out.docx")
    assert done.returncode == 1
    assert done.stdout == "1 marked, 1 left without a mark\n"
    assert "evidence: " in done.stderr
    assert "9.99" in done.stderr
    refused = command("mark", draft)
    assert (refused.returncode, "a file that ends in .docx" in refused.stderr) == (2, True)
    plain = tmp_path / "draft.md"
    plain.write_text("No numbers.\n", encoding="utf-8")
    done = command("mark", plain)
    assert (done.returncode, done.stdout, done.stderr) == (0, "No numbers.\n", "")


def test_a_file_that_is_no_manuscript_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError):
        mark_word(b"no zip", KNOWN)
