"""Each reason why a printed number differs, by a record made to differ for it."""

from pathlib import Path

import pandas as pd
import pytest

import evidence
from evidence.meta.effect_size import events as binary
from evidence.meta.effect_size import means as continuous
from evidence.meta.effect_size import scales
from evidence.metapsy import DISCREPANCIES, RECOMPUTED, REPORT
from evidence.terms import words_of
from tests.commands import run
from tests.metapsy.files import as_text, changes, events, imported, means, ready, write

ARMS = (14.2, 8.1, 25, 19.9, 9.0, 27)
G = continuous.standardized_mean_difference(*ARMS, convention="metapsy")
EXACT = continuous.standardized_mean_difference(*ARMS)
ODDS = binary.log_odds_ratio(12, 30, 6, 31)
D = scales.d_from_odds_ratio(float(ODDS.value), float(ODDS.variance))
J = 1 - 3 / (4 * 61 - 9)
RATIO = binary.log_risk_ratio(12, 30, 6, 31)

BENEFIT = {".g": repr(-G.value), ".g_se": repr(G.se)}


def others(count: int = 10) -> list[dict[str, str]]:
    """Studies whose printed g is positive in favor of the intervention, to all digits."""
    return [means(study=f"Other{letter} 1999", **BENEFIT) for letter in "abcdefghijk"[:count]]


def of(folder: Path, *records: dict[str, str]) -> pd.DataFrame:
    """Discrepancies of records beside ten that agree."""
    found = imported(folder, *records, *others()).discrepancies
    return found[~found.kind.isin(["duplicate_trial"])].reset_index(drop=True)


def test_a_g_of_either_convention_agrees(tmp_path: Path) -> None:
    exact = means(study="Bo 2002", **{".g": repr(-EXACT.value), ".g_se": repr(EXACT.se)})
    made = imported(tmp_path, means(**BENEFIT), exact)
    found = made.recomputed.set_index(["record", "column"])
    assert set(found.verdict) == {"agrees"}
    assert found.formula[1, ".g"] == "g from means, metapsy"
    assert found.formula[2, ".g"] == "g from means, exact"
    assert found.exact[1, ".g"] == pytest.approx(-EXACT.value, abs=1e-12)
    assert found.metapsy[2, ".g"] == pytest.approx(-G.value, abs=1e-12)


def test_sign(tmp_path: Path) -> None:
    made = imported(tmp_path, means(**{".g": repr(G.value)}), *others())
    row = made.discrepancies[made.discrepancies.kind == "sign"].iloc[0]
    assert (row.record, row.column, row.formula) == (1, ".g", "g from means, metapsy")
    assert row.explanation.startswith("printed with the other sign")
    assert float(row.recomputed) == pytest.approx(-G.value, abs=1e-12)
    frame = evidence.estimates(made.dataset)
    warned = [words_of(one.text) for one in frame[frame.label == "Ahn 2001"].remarks.iloc[0]]
    assert any("which has the other sign" in one for one in warned)


@pytest.mark.parametrize("digits", [1, 2, 3, 5])
def test_rounding_says_to_how_many_digits(tmp_path: Path, digits: int) -> None:
    row = of(tmp_path, means(**{".g": f"{-G.value:.{digits}f}".replace(".", ",")})).iloc[0]
    assert row.kind == "rounding"
    assert row.explanation == f"rounded to {digits} decimal{'s' * (digits > 1)}"


def test_a_number_beside_the_rounded_one_is_not_rounding(tmp_path: Path) -> None:
    assert of(tmp_path, means(**{".g": "0.62"})).iloc[0].kind == "unexplained"


def test_rounding_of_the_standard_error(tmp_path: Path) -> None:
    row = of(tmp_path, means(**BENEFIT | {".g_se": f"{G.se:.3f}"})).iloc[0]
    assert (row.kind, row.column) == ("rounding", ".g_se")


def test_another_formula_is_named(tmp_path: Path) -> None:
    d = continuous.cohen_d(*ARMS)
    row = of(tmp_path, means(**{".g": repr(-d.value)})).iloc[0]
    assert row.kind == "formula"
    assert row.explanation == "it is the d from means, not corrected"


def test_another_record_is_named(tmp_path: Path) -> None:
    other = means(instrument="HAM-D", mean_arm1="9", mean_arm2="14", **BENEFIT)
    found = of(tmp_path, means(**BENEFIT), other)
    assert list(found.kind) == ["formula", "formula"]
    assert found.explanation[0] == "it is the g from means, metapsy, of record 1"


def test_unexplained(tmp_path: Path) -> None:
    row = of(tmp_path, means(**{".g": "0.123456789"})).iloc[0]
    assert row.kind == "unexplained"
    assert row.printed == "0.123456789"


def test_changes_give_g_too(tmp_path: Path) -> None:
    g = continuous.standardized_mean_difference(-9.5, 7, 25, -4.1, 6.5, 27, convention="metapsy")
    made = imported(tmp_path, changes(**{".g": repr(-g.value)}), *others())
    found = made.recomputed[made.recomputed.record == 1].iloc[0]
    assert (found.verdict, found.formula) == ("agrees", "g from changes from baseline, metapsy")


def test_events_give_g_by_the_log_odds_ratio(tmp_path: Path) -> None:
    right = events(**{".g": repr(D.value * J), ".g_se": repr(D.se)})
    made = imported(tmp_path, right, *others())
    found = made.recomputed[made.recomputed.record == 1]
    assert list(found.verdict) == ["agrees", "agrees"]
    assert found.formula.iloc[0] == "log odds ratio times sqrt(3)/pi, small-sample correction"


@pytest.mark.parametrize(
    ("value", "formula"),
    [
        (D.value, "log odds ratio times sqrt(3)/pi"),
        (float(ODDS.value) / 1.65, "log odds ratio divided by 1.65"),
    ],
)
def test_other_formulas_for_events_are_named(tmp_path: Path, value: float, formula: str) -> None:
    row = of(tmp_path, events(**{".g": repr(value)})).iloc[0]
    assert (row.kind, row.formula) == ("formula", formula)


def test_a_cell_of_zero_adds_to_the_total_of_the_correction(tmp_path: Path) -> None:
    odds = binary.log_odds_ratio(12, 30, 0, 31)
    d = scales.d_from_odds_ratio(float(odds.value), float(odds.variance))
    printed = d.value * (1 - 3 / (4 * 63 - 9))
    made = imported(tmp_path, events(event_arm2="0", **{".g": repr(printed)}), *others())
    assert made.recomputed[made.recomputed.record == 1].verdict.iloc[0] == "agrees"


def test_a_ratio_by_other_totals_is_named(tmp_path: Path) -> None:
    ratio = binary.log_risk_ratio(12, 40, 6, 31)
    record = events(**{".log_rr": repr(float(ratio.value)), ".totaln_arm1": "40"})
    record |= {".event_arm1": "12", ".event_arm2": "6", ".totaln_arm2": "31"}
    found = of(tmp_path, record).set_index("kind")
    assert found.formula["formula"] == "log risk ratio, totals of .totaln"
    assert found.column["contradictory_n"] == ".totaln_arm1"


def test_a_ratio_that_agrees_is_no_discrepancy(tmp_path: Path) -> None:
    record = events(**{".log_rr": repr(float(RATIO.value)), ".log_rr_se": repr(float(RATIO.se))})
    assert of(tmp_path, record).empty


def test_ready_made_g_is_compared_with_what_it_was_made_from(tmp_path: Path) -> None:
    turned = ready(**{".g": "0.29", "precalc_g": "-0.29"})
    row = of(tmp_path, turned).iloc[0]
    assert (row.kind, row.explanation) == ("sign", "precalc_g prints -0.29, with the other sign")
    other = of(tmp_path, ready(**{".g": "0.29", "precalc_g": "0.35"})).iloc[0]
    assert other.kind == "unexplained"


def test_the_error_of_a_ready_made_g_is_compared_with_its_sizes(tmp_path: Path) -> None:
    right = ready(n_arm1="25", n_arm2="27", **{".g": repr(-G.value), ".g_se": repr(G.se)})
    assert of(tmp_path, right).empty
    wrong = of(tmp_path, right | {".g_se": "1.349"}).iloc[0]
    assert (wrong.kind, wrong.column) == ("unexplained", ".g_se")


def test_two_spellings_of_a_study_are_two_trials_and_said(tmp_path: Path) -> None:
    made = imported(
        tmp_path, means(study="Lobner, 2018"), means(study="Löbner et al. (2018)", mean_arm1="13")
    )
    assert len(made.dataset.trials) == 2
    row = made.discrepancies.iloc[0]
    assert row.kind == "duplicate_trial"
    assert "the same first name and year as 'Lobner, 2018'" in row.explanation


def test_two_spellings_of_one_label_have_labels_of_their_own(tmp_path: Path) -> None:
    made = imported(tmp_path, means(study="Ahn, 2001"), means(study="Ahn 2001", mean_arm1="13"))
    assert list(made.dataset.trials.trial_id) == ["ahn_2001", "ahn_2001_2"]
    assert list(made.dataset.trials.label) == ["Ahn, 2001", "Ahn 2001"]


def test_the_same_numbers_in_two_studies_are_said(tmp_path: Path) -> None:
    made = imported(tmp_path, means(), means(study="Bo 2002"))
    assert list(made.discrepancies.explanation) == [
        "the same numbers as record 1 of 'Ahn, 2001'; kept as two trials"
    ]


def test_missing_times_are_said(tmp_path: Path) -> None:
    found = of(tmp_path, means(time="NA", time_weeks="NA"))
    assert list(found.kind) == ["missing_time"] * 2
    assert list(found.column) == ["time", "time_weeks"]
    assert "taken as the end of treatment" in found.explanation[0]


@pytest.mark.parametrize(
    ("record", "column"),
    [
        (means(rand_arm1="24"), "n_arm1"),
        (changes(rand_arm2="26"), "n_change_arm2"),
        (events(rand_arm1="29"), "totaln_arm1"),
    ],
)
def test_more_analyzed_than_randomized_is_said(
    tmp_path: Path, record: dict[str, str], column: str
) -> None:
    found = of(tmp_path, record)
    assert list(found.kind) == ["contradictory_n"]
    assert list(found.column) == [column]


def test_a_record_without_any_effect_is_said(tmp_path: Path) -> None:
    empty = means(mean_arm1="NA", mean_arm2="NA", sd_arm1="NA", sd_arm2="NA")
    assert list(of(tmp_path, empty).kind) == ["no_effect"]


def test_a_contested_instrument_gives_no_estimate(tmp_path: Path) -> None:
    made = imported(tmp_path, means(instrument="Odd scale", **{".g": repr(G.value)}), *others())
    found = made.discrepancies
    assert (
        "contradicts the direction of its outcome"
        in found.explanation[found.kind == "direction_unknown"].iloc[0]
    )
    frame = evidence.estimates(made.dataset)
    assert frame[frame.label == "Ahn 2001"].effect.isna().all()


def test_an_instrument_of_known_direction_is_not_contested(tmp_path: Path) -> None:
    better = continuous.standardized_mean_difference(15, 8.1, 25, 12, 9.0, 27, convention="metapsy")
    record = means(outcome="well-being", instrument="WHO-5", mean_arm1="15", mean_arm2="12")
    made = imported(tmp_path, record | {".g": repr(-better.value)}, *others())
    assert "sign" in set(made.discrepancies.kind)
    frame = evidence.estimates(made.dataset)
    assert frame[(frame.label == "Ahn 2001") & (frame.metric == "hedges_g")].effect.iloc[0] > 0


def test_a_file_without_a_convention_says_so(tmp_path: Path) -> None:
    against = [one | {".g": repr(G.value)} for one in others(3)]
    fresh = [means(study=f"Fresh{x} 2000", **BENEFIT) for x in "xyz"]
    made = imported(tmp_path, *against, *fresh, ready())
    assert any("cannot be told: the intervention in 3 of 6 records" in one for one in made.lines)
    assert "direction_unknown" in set(made.discrepancies.kind)


def test_report_and_tables_say_the_same(tmp_path: Path) -> None:
    made = imported(tmp_path, means(**{".g": f"{-G.value:.3f}"}), *others())
    folder = made.dataset.path
    listed = pd.read_csv(folder / DISCREPANCIES, dtype=str, keep_default_na=False)
    assert len(listed) == len(made.discrepancies)
    assert listed.printed[listed.kind == "rounding"].iloc[0] == f"{-G.value:.3f}"
    assert len(pd.read_csv(folder / RECOMPUTED)) == len(made.recomputed)
    report = (folder / REPORT).read_text("utf-8")
    assert "### rounding: the printed effect is rounded" in report
    assert "20 of 21 printed effects and standard errors are what their data give" in report
    assert "- cells separated by semicolons: 1" in report


def test_the_command_says_what_it_did(tmp_path: Path) -> None:
    path = write(tmp_path, as_text(means(mean_arm1="14,2", **BENEFIT)))
    options = ("--output", tmp_path / "made", "--version", "1.2", "--accessed", "2026-01-02")
    done = run("import-metapsy", path, *options)
    assert done.returncode == 0, done.stderr
    assert "file.csv: 1 records of 1 studies" in done.stdout
    assert "normalized: decimal comma read as decimal point: 1" in done.stdout
    assert done.stdout.splitlines()[-1].endswith("written, see import-report.md")
    assert evidence.load(tmp_path / "made").version == "1.2"


def test_the_command_refuses_in_one_message(tmp_path: Path) -> None:
    path = write(tmp_path, as_text(means(mean_arm1="x")))
    command = ("import-metapsy", path, "--output", tmp_path / "made")
    done = run(*command)
    assert done.returncode == 2
    assert "row 2, column mean_arm1: found 'x', expected a number" in done.stderr
    wrong = run(*command, "--accessed", "today")
    assert "accessed: found 'today', expected a date, as 2026-11-24" in wrong.stderr
    assert not (tmp_path / "made").exists()
