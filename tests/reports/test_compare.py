"""Rebuilt reports against committed ones."""

from dataclasses import replace
from pathlib import Path

import pytest
from tools import compare_reports

from evidence import ledger
from evidence.ledger import LedgerEntry
from tests.ledger.test_ledger import ENTRY


def folder(path: Path, page: str, *entries: LedgerEntry) -> Path:
    ledger.write(path / "estimates.csv", entries)
    (path / "a.html").write_text(page)
    return path


def test_white_space_markup_and_style_do_not_count(tmp_path: Path) -> None:
    old = folder(tmp_path / "old", "<style>a</style><p>One  two &amp;</p>", ENTRY)
    tiny = replace(ENTRY, effect=ENTRY.effect + 1e-12)
    new = folder(tmp_path / "new", "<style>b</style><div>One\ntwo &amp;</div>", tiny)
    assert compare_reports.differences(old, new) == []


def test_each_difference_is_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    went, came = replace(ENTRY, estimate_id="went"), replace(ENTRY, estimate_id="came")
    old = folder(tmp_path / "old", "<p>One</p><p>0.52</p>", ENTRY, went)
    new = folder(tmp_path / "new", "<p>One</p><p>0.53</p>", replace(ENTRY, effect=0.53), came)
    (new / "b.html").write_text("")
    expected = [
        f"{ENTRY.estimate_id}: effect 0.520527 -> 0.53",
        "came: not in the old ledger",
        "went: not in the new ledger",
        "b.html: only in one of the two",
        "--- a.html",
        "+++ a.html",
        "@@ -2 +2 @@",
        "-0.52",
        "+0.53",
    ]
    assert compare_reports.differences(old, new) == expected
    monkeypatch.setattr("sys.argv", ["compare", str(old), str(new)])
    with pytest.raises(SystemExit) as ended:
        compare_reports.main()
    assert ended.value.code == 1
    assert capsys.readouterr().out.splitlines() == expected


@pytest.mark.parametrize(
    ("column", "value"), [("processing", "printed"), ("label", "ABFT"), ("locator_ids", ("d",))]
)
def test_a_committed_ledger_with_another_origin_is_found(
    tmp_path: Path, column: str, value: object
) -> None:
    old = folder(tmp_path / "old", "", replace(ENTRY, **{column: value}))
    new = folder(tmp_path / "new", "", ENTRY)
    assert compare_reports.differences(old, new) == [
        f"{ENTRY.estimate_id}: {column} {value!r} -> {getattr(ENTRY, column)!r}"
    ]


def test_long_differences_are_cut(tmp_path: Path) -> None:
    pages = ["".join(f"<p>{n + shift}</p>" for n in range(100)) for shift in (0, 1000)]
    old, new = (folder(tmp_path / str(i), page, ENTRY) for i, page in enumerate(pages))
    found = compare_reports.differences(old, new)
    assert len(found) == compare_reports.LINES_SHOWN + 1
    assert found[-1] == "a.html: 183 more lines differ"
