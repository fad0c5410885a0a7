from pathlib import Path

import pytest

from evidence import ledger
from evidence.errors import DataError, ParameterError
from evidence.manuscripts import ledgers as known_module
from evidence.manuscripts.ledgers import Known, find_ledger, read_known
from tests.manuscripts.ledgers import ENTRIES, KNOWN, POOLED, ZERO, entry

HEADER = "estimate_id,effect,ci_low,ci_high,data_version,package_version,until\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ledger.write(tmp_path / "reports" / "estimates.csv", ENTRIES)
    return tmp_path


def test_the_ledger_is_found_above(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    below = folder / "drafts" / "one"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert find_ledger() == (folder / "reports" / "estimates.csv").resolve()
    assert read_known().value(POOLED, "n") == 118


def test_the_ledger_is_found_beside_the_data(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(elsewhere)
    ledger_file = (folder / "reports" / "estimates.csv").resolve()
    assert find_ledger(data=folder / "data") == ledger_file
    # A package that runs from its project finds the ledger of that from everywhere.
    assert find_ledger() == Path(known_module.__file__).parents[3] / "reports" / "estimates.csv"


def test_no_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(known_module, "__file__", str(tmp_path / "a" / "b" / "c" / "d"))
    with pytest.raises(ParameterError, match=r"reports/estimates\.csv"):
        find_ledger()
    with pytest.raises(ParameterError, match=r"ledger: found 'none\.csv'"):
        find_ledger(Path("none.csv"))
    with pytest.raises(ParameterError, match="ledger: found"):
        find_ledger(data=tmp_path / "data")


def test_earlier_values_stand_beside_it(folder: Path) -> None:
    (folder / "reports" / "superseded.csv").write_text(
        f"{HEADER}{POOLED},0.6,,,1,1,2026-01-01\n{POOLED},0.7,0.1,1.3,1,1,2026-02-01\n"
    )
    known = read_known(folder / "reports")
    assert known.earlier(POOLED, "effect") == (0.6, 0.7)
    assert known.earlier(POOLED, "ci_low") == (0.1,)
    assert known.earlier(POOLED, "p_value") == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "estimate_id,effect\n",
            r"superseded\.csv, row 1: .* columns estimate_id, ef",
        ),
        (
            f"{HEADER}{POOLED},x,,,1,1,2026-01-01\n",
            r"superseded\.csv, row 2, column effect: found 'x', expected a finite number",
        ),
        (f"{HEADER}{POOLED},inf,,,1,1,2026-01-01\n", r"column effect: found 'inf', expected a fin"),
        (f"{HEADER}{POOLED},,,,1,1,2026-01-01\n", r"column effect: found '', expected a finite"),
        (f"{HEADER}{POOLED},1,x,,1,1,2026-01-01\n", r"column ci_low: found 'x', expected a finite"),
        (f"{HEADER}{POOLED},1,,x,1,1,2026-01-01\n", r"ci_high: .* a finite number, or nothing"),
        (f"{HEADER}A B,1,,,1,1,2026-01-01\n", r"estimate_id: found 'A B', expected lower-case"),
        (f"{HEADER}{POOLED},1,,,,1,2026-01-01\n", r"data_version: found '', expected the version"),
        (f"{HEADER}{POOLED},1,,,1,1,May\n", r"until: found 'May', expected a date, as 2026-11-24"),
        (f"{HEADER}{POOLED},,,,,,,,\n", r"superseded\.csv, row 2: found '9 cells', expected 7"),
    ],
)
def test_a_broken_file_of_earlier_values(folder: Path, content: str, message: str) -> None:
    (folder / "reports" / "superseded.csv").write_text(content)
    with pytest.raises(DataError, match=message):
        read_known(folder / "reports")


def test_the_file_of_earlier_values_is_written_as_it_is_read() -> None:
    path = Path(__file__).parents[2] / "reports" / "superseded.csv"
    rows = ledger.read_superseded(path)
    assert len(rows) > 100
    assert ledger.superseded_csv(rows) == path.read_text(encoding="utf-8")


def test_a_broken_ledger(tmp_path: Path) -> None:
    (tmp_path / "estimates.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match=r"estimates\.csv"):
        read_known(tmp_path)


@pytest.mark.parametrize(
    ("given", "first"),
    [
        ("abft.depression.post.hedges_g", POOLED),
        ("abft.depresion.post.hedges_g.pooled", POOLED),
        (f"{ZERO}s", ZERO),
        ("ABFT.DEPRESSION.POST.HEDGES_G.POOLED", POOLED),
    ],
)
def test_the_nearest_ids(given: str, first: str) -> None:
    assert KNOWN.nearest(given)[0] == first
    with pytest.raises(ParameterError, match=first):
        KNOWN.entry(given)


def test_an_id_that_goes_on_is_nearer_than_a_short_one() -> None:
    ids = ("abcd.x", "abft.depression.post.hedges_g.pooled.trials_with_unreported_at_zero")
    known = Known({one: entry(one) for one in ids}, {})
    assert known.nearest("abft")[0] == ids[1]


@pytest.mark.parametrize("name", ["estimates.csv", "superseded.csv"])
@pytest.mark.parametrize("spoiled", [b"\xe9", b'"open', b"\0"])
def test_a_spoiled_file_is_one_clear_error(name: str, spoiled: bytes, folder: Path) -> None:
    path = folder / "reports" / name
    path.write_bytes(HEADER.encode() * (name == "superseded.csv") + spoiled + b"\n")
    with pytest.raises(DataError) as caught:
        read_known(folder / "reports")
    assert name in str(caught.value)
