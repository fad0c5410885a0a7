"""Marks turned into numbers, and numbers that the check finds right."""

import pytest

from evidence import ledger
from evidence.errors import ParameterError
from evidence.ledger.quotation import STYLES
from evidence.manuscripts import markdown
from evidence.manuscripts import word as word_draft
from evidence.manuscripts.fill import fill_markdown, fill_word
from evidence.manuscripts.ledgers import Known
from evidence.manuscripts.match import judge
from tests.manuscripts.ledgers import ENTRIES, KNOWN, POOLED, SHARES, ZERO
from tests.manuscripts.test_drafts import ROOT
from tests.manuscripts.words import paragraph, run, word

COMMITTED = Known(
    {one.estimate_id: one for one in ledger.read(ROOT / "reports" / "estimates.csv")}, {}
)


def filled(text: str, **more: object) -> str:
    return fill_markdown(text.encode(), KNOWN, **more).content.decode()  # type: ignore[arg-type]


def test_marks_become_text() -> None:
    assert filled(f"It is {{ev:{POOLED}}}.\n") == (
        "It is Hedges g, 0.52 (95% CI, −0.29 to 1.33), P = .11; 3 trials, 118 participants.\n"
    )
    assert filled(f"It is {{ev:{POOLED}:apa}}.") == (
        r"It is g = 0.52, 95% CI \[−0.29, 1.33\], p = .11; k = 3, N = 118."
    )
    assert "(imputed)" in filled(f"{{ev:{ZERO}}}")
    assert filled(rf"Escaped \{{ev:{POOLED.replace('_', chr(92) + '_')}\}}.").endswith(
        "participants."
    )


def test_code_and_the_rest_stay_as_they_are() -> None:
    text = "---\na: 1\n---\n\n`{ev:x}` *a*  \r\n\r\n```\n{ev:y}\n```\n"
    assert filled(text) == text


def test_marks_behind_right_numbers_go() -> None:
    text = f"g = 0.52 (−0.29 to 1.33) {{ev:{POOLED}}}, and g =\n0.23\n{{ev:{ZERO}}}."
    assert filled(text) == "g = 0.52 (−0.29 to 1.33), and g =\n0.23."


def test_a_right_effect_with_a_wrong_limit_keeps_its_mark() -> None:
    text = f"g = 0.52 (0.29 to 1.33) {{ev:{POOLED}}}"
    assert filled(text) == text
    assert fill_markdown(f"It is so.\n\n{text}\n".encode(), KNOWN).left == (
        f"line 3: {{ev:{POOLED}}}",
    )
    assert filled(f"the interval is −0.29 to 1.33 {{ev:{POOLED}}}.") == (
        "the interval is −0.29 to 1.33."
    )


def in_word(body: str, footnotes: str = "", **more: object) -> list[str]:
    done = fill_word(word(body, footnotes=footnotes), KNOWN, **more)  # type: ignore[arg-type]
    return [part.text for part in word_draft.parse(done.content).parts]  # type: ignore[union-attr]


def test_marks_of_word() -> None:
    text = "Hedges g, 0.52 (95% CI, −0.29 to 1.33), P = .11; 3 trials, 118 participants"
    cut = run("It is {ev:abft.", "<w:b/>") + run("depression.post.") + run("hedges_g.pooled}.")
    note = f"<w:footnote w:id='2'>{paragraph(run(f'Note {{ev:{POOLED}}}'))}</w:footnote>"
    right = paragraph(run("g = 0.52 "), run(f"{{ev:{POOLED}}}, and"))
    wrong = paragraph(run(f"g = 0.62 {{ev:{POOLED}}}"))
    assert in_word(paragraph(cut) + right + wrong, note) == [
        f"It is {text}.",
        "g = 0.52, and",
        f"g = 0.62 {{ev:{POOLED}}}",
        f"Note {text}",
    ]
    assert in_word(paragraph(cut), keep_marks=True) == [f"It is {text} {{ev:{POOLED}}}."]


def test_marks_behind_wrong_numbers_stay() -> None:
    text = f"First.\n\ng = 0.62 {{ev:{POOLED}}}"
    done = fill_markdown(text.encode(), KNOWN)
    assert done.content.decode() == text
    assert done.left == (f"line 3: {{ev:{POOLED}}}",)


@pytest.mark.parametrize("style", STYLES)
def test_kept_marks_hold_under_check_and_are_filled_once(style: str) -> None:
    text = "\n\n".join(f"It is {{ev:{one.estimate_id}:{style}}}." for one in ENTRIES)
    once = filled(text, keep_marks=True)
    found = judge(markdown.parse(once.encode()), KNOWN)
    assert {one.status for one in found} == {"right"}
    assert {one.estimate_id for one in found} == {one.estimate_id for one in ENTRIES}
    assert filled(once, keep_marks=True) == once


@pytest.mark.parametrize("style", STYLES)
def test_every_number_of_the_ledger(style: str) -> None:
    text = "\n\n".join(f"It is {{ev:{one}}}." for one in COMMITTED.entries)
    once = fill_markdown(text.encode(), COMMITTED, style=style, keep_marks=True).content.decode()
    found = judge(markdown.parse(once.encode()), COMMITTED)
    assert [one for one in found if one.status not in ("right", "other")] == []
    effects = [one.estimate_id for one in found if (one.field, one.status) == ("effect", "right")]
    assert effects == list(COMMITTED.entries)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{ev:abft.depression}", f"id: found 'abft.depression', expected an id .* as {POOLED}"),
        (f"{{ev:{SHARES}:mla}}", "style: found 'mla', expected one of ama, apa, plain"),
    ],
)
def test_what_cannot_be_filled(text: str, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        filled(text)
