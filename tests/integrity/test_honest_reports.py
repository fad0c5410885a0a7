import pytest

from evidence.integrity import audit
from evidence.integrity.directions import check_roles
from evidence.integrity.printed_numbers import Reading, Row
from tests.integrity.honest import tables
from tests.integrity.packages import Package, findings
from tests.work import calls, name_of


def high(trials, seed):
    """Findings of high severity by check."""
    found = audit(Package(**tables(trials, seed)))
    return found[found["severity"] == "high"].groupby("check")["result_id"].nunique().to_dict()


def test_honest_reports_give_no_finding_of_high_severity():
    assert high(300, seed=1) == {}


def test_twice_the_arms_are_twice_the_work():
    # Each arm was once held against every arm of all trials.
    few, many = (Reading(Package(**tables(number, seed=1))) for number in (20, 40))
    work = [calls(lambda of=of: list(check_roles(of))) for of in (few, many)]
    assert work[1][name_of(Row.__getitem__)] < 2.5 * work[0][name_of(Row.__getitem__)]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
def test_no_check_is_wrong_on_more_than_one_in_a_thousand_honest_reports(seed):
    assert max(high(trials=1_000, seed=seed).values(), default=0) <= 1


@pytest.mark.parametrize(
    ("table", "suffix", "column", "value", "check"),
    [
        ("arm_results", "a_post", "mean", "64.9", "mean_range"),
        ("arm_results", "a_post", "sd", "39.9", "sd_range"),
        ("arm_results", "a_post", "n_analyzed", "500", "sizes"),
        ("statistics", "_t", "estimate", "9.99", "p_from_t"),
        ("statistics", "_f", "estimate", "99.9", "p_from_f"),
        ("statistics", "_z", "estimate", "9.99", "p_from_z"),
        ("statistics", "_chi2", "estimate", "99.9", "p_from_chi2"),
        ("statistics", "_md", "estimate", "99.9", "interval_order"),
    ],
)
def test_a_wrong_number_in_an_honest_report_is_found(table, suffix, column, value, check):
    honest = tables(20, seed=4)
    row = next(
        row
        for row in honest[table]
        if row["result_id"].endswith(suffix) and row.get("p_relation", "equal") == "equal"
    )
    row[column] = value
    found = findings(check=check, **honest)
    assert [(one[1], one[4]) for one in found] == [(row["result_id"], "high")]
