"""Word comments at the very words."""

import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import docx
import pytest
from docx.oxml.ns import qn

from evidence.errors import ParameterError
from evidence.manuscripts.annotate import AUTHOR, annotate_word, write_annotated
from evidence.manuscripts.ledgers import read_known
from tests.manuscripts.ledgers import KNOWN, POOLED, ZERO
from tests.manuscripts.test_drafts import EXAMPLES, WRONG
from tests.manuscripts.words import paragraph, run, word

MARK = run(f" {{ev:{POOLED}}}.")


def commented(data: bytes) -> list[tuple[str, str]]:
    """Return the words of each comment and what it says, in the order of the text."""
    document = docx.Document(io.BytesIO(data))
    says = {one.comment_id: one.text for one in document.comments}
    open_ranges: dict[int, str] = {}
    found = []
    for element in document.element.iter():
        if element.tag == qn("w:commentRangeStart"):
            open_ranges[int(element.get(qn("w:id")))] = ""
        elif element.tag == qn("w:commentRangeEnd"):
            number = int(element.get(qn("w:id")))
            found.append((open_ranges.pop(number), says.pop(number)))
        elif element.tag == qn("w:t"):
            open_ranges = {key: text + (element.text or "") for key, text in open_ranges.items()}
        elif element.tag == qn("w:noBreakHyphen"):
            open_ranges = {key: f"{text}-" for key, text in open_ranges.items()}
    assert not open_ranges
    assert not says
    return found


def text_of(data: bytes) -> str:
    return "".join(
        element.text or "" for element in docx.Document(io.BytesIO(data)).element.iter(qn("w:t"))
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (run("g = 0.62 (−0.29 to 1.33)"), ["0.62"]),
        (run("g = 0.6") + run("2", "<w:b/>") + run(" (−0.29 to 1.33)"), ["0.62"]),
        (run("g = ") + run("0.62", "<w:i/>") + run(" (−0.29 to 1.33)"), ["0.62"]),
        (run("0.62 (0.29 to 1.34)"), ["0.62", "0.29", "1.34"]),
        (f"<w:ins w:id='1' w:author='A'>{run('g = 0.62')}</w:ins>", ["0.62"]),
        (f"<w:hyperlink>{run('g = 0.62')}</w:hyperlink>", ["0.62"]),
        (
            run("0.52 (")
            + "<w:r><w:noBreakHyphen/><w:t>0.2</w:t><w:tab/><w:t>to 1.33)</w:t></w:r>",
            ["-0.2"],
        ),
        ("<w:r><w:t>g = 0.62</w:t><w:br/><w:t>(−0.29 to 1.33)</w:t></w:r>", ["0.62"]),
    ],
)
def test_the_very_words(content: str, words: list[str]) -> None:
    before = word(paragraph(content, MARK))
    after, count = annotate_word(before, KNOWN)
    assert [text for text, _ in commented(after)] == words
    assert count == len(words)
    assert text_of(after) == text_of(before)


def test_the_run_keeps_its_setting() -> None:
    after, _ = annotate_word(word(paragraph(run("g = 0.62 or so", "<w:b/>"), MARK)), KNOWN)
    runs = docx.Document(io.BytesIO(after)).paragraphs[0].runs
    assert [(one.text, one.bold) for one in runs if one.text][:3] == [
        ("g = ", True),
        ("0.62", True),
        (" or so", True),
    ]


def test_what_comments_say() -> None:
    body = paragraph(run("g = 0.58, N = 307"), MARK, run(" Then g = 0.23 (−0.16 to 0.63). {ev:x}"))
    after, _ = annotate_word(word(body), KNOWN)
    lacking = "x has none in the ledger; it agrees with the"
    assert commented(after) == [
        (
            "0.58",
            f"Superseded as effect: that was so in an earlier version; {POOLED} has 0.52 now.",
        ),
        (
            "307",
            f"Wrong as number of participants: {POOLED} has 118; it agrees with the number of "
            f"participants of {ZERO}.",
        ),
        ("0.23", f"Wrong as effect: {lacking} effect of {ZERO}."),
        ("−0.16", f"Wrong as lower limit: {lacking} lower limit of {ZERO}."),
        ("0.63", f"Wrong as upper limit: {lacking} upper limit of {ZERO}."),
        ("{ev:x}", commented(after)[-1][1]),
    ]
    assert commented(after)[-1][1].startswith("This mark names no number; expected an id")
    document = docx.Document(io.BytesIO(after))
    assert {one.author for one in document.comments} == {AUTHOR}


def test_unmarked_statistics_get_a_suggestion() -> None:
    after, _ = annotate_word(word(paragraph(run("g = 0.23 (−0.16 to 0.63), N = 307"))), KNOWN)
    ((words, says),) = commented(after)
    assert words == "0.23"
    assert says == (
        f"No mark; closest: {ZERO}: limits, effect, number of participants agree: {{ev:{ZERO}}}"
    )


def test_a_footnote_is_commented_at_its_reference() -> None:
    notes = f"<w:footnote w:id='2'>{paragraph(run('g = 0.62'), MARK)}</w:footnote>"
    body = paragraph(run("Text"), "<w:r><w:footnoteReference w:id='2'/></w:r>")
    after, count = annotate_word(word(body, footnotes=notes), KNOWN)
    assert count == 1
    document = docx.Document(io.BytesIO(after))
    (start,) = document.element.iter(qn("w:commentRangeStart"))
    assert start.getnext().find(qn("w:footnoteReference")) is not None
    (comment,) = document.comments
    assert "0.52" in comment.text


def test_formulas_and_text_boxes_are_commented_from_outside() -> None:
    formula = "<m:oMath><m:r><m:t>g=0.62</m:t></m:r></m:oMath>"
    box = (
        "<w:r><mc:AlternateContent><mc:Choice><wps:txbx><w:txbxContent>"
        f"{paragraph(run('g = 0.72'), MARK)}"
        "</w:txbxContent></wps:txbx></mc:Choice></mc:AlternateContent></w:r>"
    )
    after, count = annotate_word(word(paragraph(formula, MARK) + paragraph(box)), KNOWN)
    assert count == 2
    starts = list(docx.Document(io.BytesIO(after)).element.iter(qn("w:commentRangeStart")))
    assert [one.getnext().tag.rpartition("}")[2] for one in starts] == ["oMath", "r"]


@pytest.mark.parametrize("name", ["draft-wrong.md", "draft-wrong.docx"])
def test_the_wrong_draft(name: str, tmp_path: Path) -> None:
    known = read_known(EXAMPLES / "ledger")
    count = write_annotated(EXAMPLES / name, tmp_path / "out.docx", known)
    found = [words for words, _ in commented((tmp_path / "out.docx").read_bytes())]
    assert count == 11
    assert sorted(found) == sorted([*(printed for *_, printed in WRONG.values()), "−0.10"])


def test_a_right_draft_has_no_comment(tmp_path: Path) -> None:
    known = read_known(EXAMPLES / "ledger")
    assert write_annotated(EXAMPLES / "draft-right.md", tmp_path / "out.docx", known) == 0


def test_no_file_that_the_manuscript_names_is_opened(tmp_path: Path) -> None:
    picture = "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    (tmp_path / "secret.png").write_bytes(bytes.fromhex(picture))
    draft = tmp_path / "draft.md"
    draft.write_text(f"![x]({tmp_path}/secret.png) g = 0.62 {{ev:{POOLED}}}")
    write_annotated(draft, tmp_path / "out.docx", KNOWN)
    with zipfile.ZipFile(tmp_path / "out.docx") as archive:
        assert [one for one in archive.namelist() if "media" in one] == []


def test_what_cannot_be_written(tmp_path: Path) -> None:
    draft = tmp_path / "draft.docx"
    draft.write_bytes(word(paragraph(run("text"))))
    with pytest.raises(ParameterError, match="another file than the manuscript"):
        write_annotated(draft, draft, KNOWN)
    with pytest.raises(ParameterError, match=r"a file that ends in \.docx"):
        write_annotated(draft, tmp_path / "out.pdf", KNOWN)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_it_opens_in_libreoffice(tmp_path: Path) -> None:
    known = read_known(EXAMPLES / "ledger")
    target = tmp_path / "out.docx"
    write_annotated(EXAMPLES / "draft-wrong.docx", target, known)
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    subprocess.run(
        ["soffice", profile, "--headless", "--convert-to", "odt", "--outdir", tmp_path, target],
        check=True,
        capture_output=True,
        timeout=180,
    )
    with zipfile.ZipFile(tmp_path / "out.odt") as archive:
        content = archive.read("content.xml").decode()
    assert content.count("<office:annotation ") == 11
    assert content.count("<office:annotation-end ") == 11
