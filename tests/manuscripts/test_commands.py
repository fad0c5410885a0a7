"""The commands as a writer types them: output, exit codes, one clear line for bad input."""

import json
from pathlib import Path

import pytest

from evidence import ledger
from evidence.errors import ParameterError
from evidence.manuscripts.check import check_draft, read_draft
from evidence.manuscripts.fill import fill_markdown
from evidence.manuscripts.ledgers import read_known
from tests.commands import run as evidence
from tests.manuscripts.ledgers import ENTRIES, POOLED, ZERO
from tests.manuscripts.test_drafts import EXAMPLES
from tests.manuscripts.words import paragraph, run, word

LEDGER = EXAMPLES / "ledger"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ledger.write(tmp_path / "reports" / "estimates.csv", ENTRIES)
    return tmp_path


@pytest.mark.parametrize("name", ["draft-wrong.md", "draft-wrong.docx"])
def test_json_is_a_list_and_nothing_else(name: str) -> None:
    done = evidence("check", EXAMPLES / name, "--ledger", LEDGER, "--format", "json")
    found = json.loads(done.stdout)
    assert done.returncode == 1
    assert done.stderr == ""
    keys = {"estimate_id", "field", "status", "printed", "expected", "place", "closest"}
    keys |= {"reason", "candidates"}
    assert all(set(one) == keys for one in found)
    (one,) = [one for one in found if one["status"] == "superseded"]
    assert one["expected"] == pytest.approx(0.5205273829)
    (two,) = [one for one in found if one["printed"] == "4.41"]
    assert two["closest"] == {
        "estimate_id": "diamond2010.suicidal_ideation.clinical_recovery.follow_up.log_odds_ratio"
        ".printed",
        "field": "effect",
    }


def test_a_right_draft(tmp_path: Path) -> None:
    done = evidence("check", EXAMPLES / "draft-right.md")
    assert done.returncode == 0
    assert "0 wrong, 0 superseded, 0 unmarked" in done.stdout


def test_unmarked_numbers_accuse_nobody(folder: Path) -> None:
    (folder / "draft.md").write_text("g = 0.99 (0.01 to 1.97)")
    done = evidence("check", "draft.md", "--format", "json", cwd=folder)
    assert done.returncode == 0
    assert [(one["estimate_id"], one["status"]) for one in json.loads(done.stdout)] == [
        (None, "unmarked")
    ] * 3


def test_a_mark_that_names_nothing(folder: Path) -> None:
    (folder / "draft.md").write_text("As said {ev:abft.depression.post.hedges_g}")
    done = evidence("check", "draft.md", "--format", "json", cwd=folder)
    assert done.returncode == 1
    assert json.loads(done.stdout) == []
    assert f"expected an id of the ledger, as {POOLED}" in done.stderr


def test_annotate(folder: Path) -> None:
    (folder / "draft.md").write_text(f"g = 0.62 {{ev:{POOLED}}}")
    done = evidence("check", "draft.md", "--annotate", "out.docx", cwd=folder)
    assert done.returncode == 1
    assert (folder / "out.docx").read_bytes().startswith(b"PK")


def test_fill(folder: Path) -> None:
    (folder / "draft.md").write_text(f"It is {{ev:{POOLED}:apa}}.\n")
    done = evidence("fill", "draft.md", cwd=folder)
    assert (done.returncode, done.stdout) == (
        0,
        "It is g = 0.52, 95% CI \\[−0.29, 1.33\\], p = .11; k = 3, N = 118.\n",
    )
    done = evidence("fill", "draft.md", "--keep-marks", "--output", "out.md", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert evidence("check", "out.md", cwd=folder).returncode == 0


def test_fill_word(folder: Path) -> None:
    (folder / "draft.docx").write_bytes(word(paragraph(run(f"It is {{ev:{POOLED}}}."))))
    done = evidence("fill", "draft.docx", "--keep-marks", "--output", "out.docx", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "1 filled, 0 removed behind right numbers\n")
    done = evidence("check", "out.docx", cwd=folder)
    assert (done.returncode, done.stdout[:16]) == (0, "7 numbers found:")


def test_fill_leaves_what_is_wrong(folder: Path) -> None:
    (folder / "draft.md").write_text(f"g = 0.62 {{ev:{POOLED}}}\n")
    done = evidence("fill", "draft.md", cwd=folder)
    assert done.returncode == 1
    assert done.stdout == f"g = 0.62 {{ev:{POOLED}}}\n"
    assert "left, since its number is not right: line 1" in done.stderr


def test_cite() -> None:
    done = evidence("cite", POOLED, "--style", "apa")
    assert done.returncode == 0
    assert done.stdout.startswith("ABFT, depressive symptoms")
    assert "g = 0.52, 95% CI [−0.29, 1.33], p = .11; k = 3, N = 118" in done.stdout


BOMB = b"PK\x03\x04not a zip"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("cite", "abft.depression"),
            f"id: found 'abft.depression', expected an id of the ledger, as {POOLED}",
        ),
        (("cite", POOLED, "--style", "mla"), "style: found 'mla'"),
        (("cite", POOLED, "--format", "xml"), "format: found 'xml'"),
        (("check", "none.md"), "draft: found 'none.md', expected a file that can be read"),
        (("check", "draft.txt"), "a file that ends in .md or .docx"),
        (("check", "bad.docx"), "bad.docx, draft: found 'a file that is no intact zip archive'"),
        (("check", "entity.docx"), "entities"),
        (("check", "."), "a file that ends in .md or .docx"),
        (
            ("check", "latin.md"),
            "latin.md, draft: found 'bytes that are no UTF-8', expected text in",
        ),
        (
            ("mark", "latin.md"),
            "latin.md, draft: found 'bytes that are no UTF-8', expected text in",
        ),
        (("check", "draft.md", "--format", "csv"), "format: found 'csv', expected one of json, md"),
        (("check", "draft.md", "--annotate", "draft.pdf"), "a file that ends in .docx"),
        (("check", "draft.md", "--ledger", "no.csv"), "ledger: found 'no.csv'"),
        (("fill", "draft.txt"), "a file that ends in .md or .docx"),
        (("fill", "bad.docx"), "output: found None, expected a file that ends in .docx"),
        (("fill", "bad.docx", "--output", "out.docx"), "no intact zip archive"),
        (("fill", "unknown.md"), "unknown.md, id: found 'x'"),
        (("fill", "draft.md", "--style", "mla"), "style: found 'mla'"),
    ],
)
def test_bad_input_is_one_line(folder: Path, arguments: tuple[str, ...], message: str) -> None:
    (folder / "draft.md").write_text(f"g = 0.23 {{ev:{ZERO}}} {{ev:{POOLED}}}")
    (folder / "unknown.md").write_text("{ev:x}")
    (folder / "draft.txt").write_text("")
    (folder / "latin.md").write_bytes(b"\xe9")
    (folder / "bad.docx").write_bytes(BOMB)
    entity = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]><d>&x;</d>'
    (folder / "entity.docx").write_bytes(word(paragraph(run("")), **{"word/document.xml": entity}))
    done = evidence(*arguments, cwd=folder)
    assert done.returncode == 2, done.stdout
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert message in done.stderr


def test_what_looks_like_a_mark_and_how_marks_are_written(folder: Path) -> None:
    draft = folder / "draft.md"
    draft.write_text(f"g = 0.52 (ev:{POOLED}).")
    known = read_known(folder / "reports")
    checked = check_draft(read_draft(draft), known)
    assert checked.exit_code == 1
    assert checked.remarks == (f"(ev:{POOLED}) is no mark, expected {{ev:ID}}",)
    draft.write_text(f"g = 0.52 {{EV:{POOLED}}}.")
    checked = check_draft(read_draft(draft), known)
    assert (checked.exit_code, checked.remarks) == (0, ())
    assert checked.warnings[0].startswith(f"{{EV:{POOLED}}} is read as a mark")


def test_fill_names_every_bad_mark_at_once(folder: Path) -> None:
    known = read_known(folder / "reports")
    text = f"{{ev:no.such}} and\n\n{{ev:{POOLED}:apa}}, {{ev:{POOLED}:loud}}"
    with pytest.raises(ParameterError) as raised:
        fill_markdown(text.encode(), known)
    assert "2 that name nothing" in str(raised.value)
    assert "line 1: " in str(raised.value)
    assert "line 3: " in str(raised.value)
    assert "'loud'" in str(raised.value)
