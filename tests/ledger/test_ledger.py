"""The ledger as a file, merged over reports, and compared with an older one."""

import csv
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence import ledger
from evidence.errors import DataError, ParameterError, RenderError
from evidence.ledger import LedgerEntry
from evidence.terms import EntryKind

ENTRY = LedgerEntry(
    estimate_id="abft.depression.post.hedges_g.pooled",
    label="ABFT, depressive symptoms",
    entry_kind=EntryKind.POOLED,
    metric="hedges_g",
    scale="difference",
    favors="above_0",
    effect=0.520527,
    ci_low=-0.287521,
    ci_high=1.328576,
    ci_level=0.95,
    p_value=None,
    p_note="",
    k=3,
    n=118,
    q=3.25,
    q_df=2,
    q_p=0.19,
    tau2=0.04,
    i2=0.385,
    se=0.19,
    counts="",
    comparator="waitlist; usual_care",
    comparator_class="inactive; usual_care",
    timepoint="post",
    processing="converted",
    method="tau2 REML, interval hksj_adhoc",
    trial_ids=("diamond2002", "israel2013"),
    result_ids=("a", "b"),
    locator_ids=("c",),
    correction_ids=(),
    reports=("abft-depression-post",),
    data_version="1.0.0",
)

finite = st.floats(allow_nan=False, allow_infinity=False)
maybe = st.none() | finite
# Carriage returns are what csv itself does not keep apart from line feeds.
words = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\r"))
ids = st.lists(st.text("abc_01", min_size=1), max_size=3).map(tuple)


def test_file_has_the_columns_in_order() -> None:
    lines = ledger.to_csv([ENTRY]).splitlines()
    assert lines[0] == (
        "estimate_id,label,entry_kind,metric,scale,favors,effect,ci_low,ci_high,ci_level,p_value,"
        "p_note,k,n,q,q_df,q_p,tau2,i2,se,counts,comparator,comparator_class,timepoint,processing,method,"
        "trial_ids,result_ids,"
        "locator_ids,correction_ids,reports,data_version"
    )
    assert lines[1] == (
        'abft.depression.post.hedges_g.pooled,"ABFT, depressive symptoms",pooled,hedges_g,'
        "difference,above_0,0.520527,-0.287521,1.328576,0.95,,,3,118,3.25,2,0.19,0.04,"
        "0.385,0.19,,waitlist; usual_care,inactive; usual_care,post,"
        'converted,"tau2 REML, interval hksj_adhoc",diamond2002; israel2013,a; b,c,,'
        "abft-depression-post,1.0.0"
    )


def test_file_is_sorted_by_id(tmp_path: Path) -> None:
    second = replace(ENTRY, estimate_id="a")
    ledger.write(tmp_path / "x.csv", [ENTRY, second])
    assert ledger.read(tmp_path / "x.csv") == (second, ENTRY)
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


@given(effect=finite, low=maybe, k=st.none() | st.integers(0, 10**6), label=words, trials=ids)
def test_reading_gives_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory,
    effect: float,
    low: float | None,
    k: int | None,
    label: str,
    trials: tuple[str, ...],
) -> None:
    entry = replace(ENTRY, effect=effect, ci_low=low, k=k, label=label, trial_ids=trials)
    path = tmp_path_factory.getbasetemp() / "round.csv"
    path.write_bytes(ledger.to_csv([entry]).encode())
    assert ledger.read(path) == (entry,)
    assert ledger.from_json(ledger.to_json(entry)) == entry


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-x", "@sum", " =1", "\t=1", "＝1", "'=1"])
def test_text_that_a_spreadsheet_would_compute_gets_an_apostrophe(text: str) -> None:
    assert ledger.csv_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-0.28", "+3", "-1e-5", "a=b", "", "it's", "−0.28", "'quoted'"])
def test_numbers_and_plain_text_stay(text: str) -> None:
    assert ledger.csv_cell(text) == text


def test_negative_numbers_are_numbers_in_the_file() -> None:
    row = next(csv.DictReader(ledger.to_csv([ENTRY]).splitlines()))
    assert row["ci_low"] == "-0.287521"


def test_numbers_of_numpy_become_plain() -> None:
    entry = replace(ENTRY, effect=np.float64(0.5), k=np.int64(3))
    assert type(entry.effect) is float
    assert type(entry.k) is int
    assert ",0.5," in ledger.to_csv([entry])


@pytest.mark.parametrize("value", [math.nan, math.inf, None])
def test_an_effect_is_a_finite_number(value: float) -> None:
    with pytest.raises(ParameterError, match=r"pooled, effect: found .*expected a finite number"):
        replace(ENTRY, effect=value)


def test_an_id_cannot_carry_markup() -> None:
    with pytest.raises(ParameterError, match="estimate_id: found '<b>'"):
        replace(ENTRY, estimate_id="<b>")


def test_merging_unites_reports() -> None:
    other = replace(ENTRY, reports=("a",), effect=ENTRY.effect * (1 + 1e-12))
    assert ledger.merge([ENTRY, other]) == (replace(other, reports=("a", "abft-depression-post")),)
    assert ledger.merge([other, ENTRY]) == ledger.merge([ENTRY, other])


@pytest.mark.parametrize(
    ("field", "value"), [("effect", 0.520528), ("label", "else"), ("ci_low", None)]
)
def test_one_id_with_two_values_is_an_error(field: str, value: object) -> None:
    other = replace(ENTRY, **{field: value, "reports": ("other",)})
    with pytest.raises(RenderError) as caught:
        ledger.merge([ENTRY, other])
    for part in (ENTRY.estimate_id, field, repr(value), repr(getattr(ENTRY, field)), "other"):
        assert part in str(caught.value)
    assert "abft-depression-post" in str(caught.value)


def test_comparison_lists_what_moved_came_and_went() -> None:
    moved = replace(ENTRY, effect=0.53, k=4, label="another wording")
    added, removed = replace(ENTRY, estimate_id="new"), replace(ENTRY, estimate_id="old")
    found = ledger.compare([ENTRY, removed], [moved, added])
    assert [(one.field, one.old, one.new) for one in found.moved] == [
        ("effect", 0.520527, 0.53),
        ("k", 3, 4),
    ]
    assert [one.field for one in found.changed] == ["label", "effect", "k"]
    assert str(found.moved[0]) == f"{ENTRY.estimate_id}: effect 0.520527 -> 0.53"
    assert found.added == ("new",)
    assert found.removed == ("old",)
    assert found.superseded == (ENTRY.estimate_id, "old")


@pytest.mark.parametrize("column", [one for one in ledger.COLUMNS if one != "estimate_id"])
def test_a_change_of_any_column_is_named(column: str) -> None:
    value = getattr(ENTRY, column)
    other = (*value, "other") if isinstance(value, tuple) else "0.75"
    numbers = ("effect", "ci_low", "ci_high", "ci_level", "p_value", "k", "n")
    if column in (*numbers, *ledger.HETEROGENEITY):
        other = 7
    other = {"favors": "above_0", "entry_kind": EntryKind.STRESS_TEST}.get(column, other)
    entry = replace(ENTRY, favors="")
    found = ledger.compare([entry], [replace(entry, **{column: other})])
    assert [one.field for one in found.changed] == [column]


@pytest.mark.parametrize(
    ("one", "other", "kept"),
    [
        (0.52052734567891, 0.5205273456789102, "0.520527345679"),
        (51.887810548335413, 51.887810548335406, "51.8878105483"),
        # 0 but for rounding on either machine, and a digit that only one of them has
        (3e-17, -2e-16, "0.0"),
        (0.00011979122101479778, 0.00011979122101472, "0.000119791221"),
        (-0.0, 0.0, "0.0"),
    ],
)
def test_the_last_digits_of_a_processor_are_not_kept(one: float, other: float, kept: str) -> None:
    written = [ledger.to_csv([replace(ENTRY, effect=n, ci_low=n)]) for n in (one, other)]
    assert written[0] == written[1]
    assert f",{kept},{kept},1.328576," in written[0]


_OF_A_MODEL = """
from dataclasses import replace
from evidence import ledger
from tests.meta.multilevel.test_oracles import fitted
from tests.ledger.test_ledger import ENTRY
entries = [
    replace(ENTRY, estimate_id=f"{name}.{i}", effect=c.estimate, ci_low=c.ci_low, p_value=c.p_value)
    for name, of in (("ishak2007", "ishak_HAR_phi0_REML"), ("konstantopoulos2011", "ml3_REML_z"))
    for i, c in enumerate(fitted(name, of, "CR2").coefficients)
]
print(ledger.to_csv(entries))
"""


def test_two_kernels_of_linear_algebra_write_the_same_ledger() -> None:
    # Where a processor has only one of them, both runs take it.
    written = [
        subprocess.run(
            [sys.executable, "-c", _OF_A_MODEL],
            cwd=Path(__file__).parents[2],
            env=os.environ | {"OPENBLAS_CORETYPE": kernel},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for kernel in ("Prescott", "Haswell")
    ]
    assert written[0].count("\n") > 5
    assert written[0] == written[1]


def test_a_small_p_keeps_its_size() -> None:
    two = [replace(ENTRY, p_value=p) for p in (5.68710437890543e-12, 5.68710437889355e-12)]
    assert [one.p_value for one in two] == [5.6871e-12] * 2
    assert replace(ENTRY, p_value=0.0023569123456784).p_value == 0.00235691234568


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        (0.5, 0.5 + 0.9e-9, True),
        (0.5, 0.5 + 1.1e-9, False),
        (1e6, 1e6 + 0.9e-3, True),
        (1e6, 1e6 + 1.1e-3, False),
        (0.0, 1e-10, True),
    ],
)
def test_tolerance_is_absolute_or_relative_the_larger(old: float, new: float, same: bool) -> None:
    found = ledger.compare([replace(ENTRY, effect=old)], [replace(ENTRY, effect=new)])
    assert (found.moved == ()) is same


def test_comparison_refuses_an_id_twice() -> None:
    with pytest.raises(ParameterError, match=r"new: found .*expected each id once"):
        ledger.compare([], [ENTRY, ENTRY])


def test_reading_names_what_is_no_ledger(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"x\.csv, row 1: expected the columns estimate_id, label"):
        ledger.read(path)
    path.write_text(ledger.to_csv([ENTRY]).replace("0.520527", "zero"))
    with pytest.raises(DataError, match=r"x\.csv, row 2: .*zero"):
        ledger.read(path)


def test_json_with_other_fields_is_refused() -> None:
    item = ledger.to_json(ENTRY) | {"extra": 1}
    del item["effect"]
    with pytest.raises(RenderError, match="missing or unknown fields: effect, extra"):
        ledger.from_json(item)


def test_a_ledger_without_heterogeneity_is_read_and_filled(tmp_path: Path) -> None:
    rows = [next(csv.reader([line])) for line in ledger.to_csv([ENTRY]).splitlines()]
    kept = [i for i, name in enumerate(rows[0]) if name not in ledger.HETEROGENEITY]
    path = tmp_path / "estimates.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([[row[i] for i in kept] for row in rows])
    (old,) = ledger.read(path)
    assert old == replace(ENTRY, **dict.fromkeys(ledger.HETEROGENEITY))
    item = {
        name: v for name, v in ledger.to_json(ENTRY).items() if name not in ledger.HETEROGENEITY
    }
    assert ledger.from_json(item) == old
    # What an earlier version had not did not move, and one report more fills it in.
    assert ledger.compare([old], [ENTRY]).moved == ()
    assert ledger.merge([old, ENTRY]) == ledger.merge([ENTRY, old]) == (ENTRY,)
    moved = replace(ENTRY, tau2=0.05)
    assert [one.field for one in ledger.compare([ENTRY], [moved]).moved] == ["tau2"]
    with pytest.raises(RenderError, match="has tau2"):
        ledger.merge([ENTRY, moved])


@pytest.mark.parametrize("kind", list(EntryKind))
def test_only_what_a_model_gives_has_heterogeneity(kind: EntryKind) -> None:
    """A share, a weight or points made from a pooled number have other errors."""
    made = replace(ENTRY, entry_kind=kind)
    has = kind in (EntryKind.POOLED, EntryKind.STRESS_TEST, EntryKind.STRESS_END)
    assert (made.tau2, made.se) == ((0.04, 0.19) if has else (None, None))


def test_a_ledger_of_0_1_0_is_there_to_be_compared_alone(tmp_path: Path) -> None:
    lines = ledger.to_csv([ENTRY]).splitlines()
    rows = [next(csv.reader([line])) for line in lines]
    kept = [
        i
        for i, name in enumerate(rows[0])
        if name not in ("entry_kind", "favors", "p_note", "counts", *ledger.HETEROGENEITY)
    ]
    path = tmp_path / "estimates.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([[row[i] for i in kept] for row in rows])
    (found,) = ledger.read(path, earlier=True)
    assert (found.effect, found.favors) == (ENTRY.effect, "")
    with pytest.raises(DataError, match="expected the columns estimate_id, label, entry_kind"):
        ledger.read(path)


def test_a_nul_character_is_named_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "estimates.csv"
    path.write_text(ledger.to_csv([ENTRY]).replace("tau2 REML", "tau2\0REML"), "utf-8")
    with pytest.raises(DataError, match=r"estimates.csv, row 2: found 'U[+]0000', expected text"):
        ledger.read(path)
