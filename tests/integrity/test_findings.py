"""Which correction answers which finding."""

import pandas as pd
import pytest

import evidence
from evidence.integrity import audit
from evidence.integrity.findings import handled, not_handled

COLUMNS = ["check", "file", "row", "result_id", "printed", "expected", "severity", "explanation"]


class Tables:
    """Results of one trial, and corrections."""

    def __init__(self, *corrections: tuple[str, str, str]) -> None:
        self.corrections = pd.DataFrame(
            [
                {
                    "correction_id": f"c{number}",
                    "result_id": result_id,
                    "printed": printed,
                    "used": "" if check == "p_from_f" else "1",
                    "action": "withhold",
                    "reason": "because",
                    "check": check,
                }
                for number, (result_id, check, printed) in enumerate(corrections)
            ],
            columns=["correction_id", "result_id", "printed", "used", "action", "reason", "check"],
        )

    def printed(self, table: str) -> pd.DataFrame:
        return self.text(table)

    def text(self, table: str) -> pd.DataFrame:
        key = "direction_id" if table == "directions" else "result_id"
        ids = {"arm_results": ["r1"], "statistics": ["s1"], "directions": ["d1"]}.get(table, [])
        key = key if ids else f"{table.removesuffix('s')}_id"
        return pd.DataFrame({key: ids, "trial_id": ["t1"] * len(ids)})

    def lines(self, table: str) -> range:
        return range(2, 3)


def finding(check: str, result_id: str, printed: str, severity: str = "high") -> pd.DataFrame:
    return pd.DataFrame(
        [[check, "statistics.csv", 2, result_id, printed, "", severity, "so"]], columns=COLUMNS
    )


@pytest.mark.parametrize(
    ("correction", "found", "answered"),
    [
        (("r1", "recompute", "54.32"), ("recompute", "r1", "54.32"), True),
        (("r1", "recompute", "54.320"), ("recompute", "r1", "54.32"), True),
        (("r1", "recompute", "32.4"), ("recompute", "r1", "54.32"), False),
        (("r1", "recompute", "54.32"), ("percent_integers", "r1", "54.32"), False),
        (("s1", "recompute", "54.32"), ("recompute", "r1", "54.32"), False),
        (("s1", "p_from_f", "181"), ("p_from_f", "s1", "181, p = 0.18"), True),
    ],
)
def test_check_result_and_number_have_to_agree(
    correction: tuple[str, str, str], found: tuple[str, str, str], *, answered: bool
) -> None:
    one = handled(Tables(correction), finding(*found)).iloc[0]
    assert (one.correction_id == "c0") is answered
    assert (one.action, one.reason) == (("withhold", "because") if answered else ("", ""))


def test_each_limit_of_an_interval_needs_its_own() -> None:
    both = pd.concat([finding("recompute", "r1", "54.32"), finding("recompute", "r1", "15.6")])
    found = handled(Tables(("r1", "recompute", "15.6")), both)
    assert list(found.correction_id) == ["", "c0"]
    assert list(not_handled(found).printed) == ["54.32"]


def test_results_directions_and_trials_are_named_by_their_trial() -> None:
    ids = ("r1", "s1", "d1", "an_instrument")
    found = handled(Tables(), pd.concat([finding("x", one, "1") for one in ids]))
    assert list(found.trial_id) == ["t1", "t1", "t1", ""]
    assert list(found.index) == [0, 1, 2, 3]


def test_only_grave_findings_have_to_be_handled() -> None:
    found = handled(Tables(), finding("x", "r1", "1", severity="medium"))
    assert not_handled(found).empty


def test_nothing_found_is_an_empty_frame_with_all_columns() -> None:
    found = handled(Tables(), pd.DataFrame(columns=COLUMNS, dtype="str"))
    assert list(found.columns) == [
        *COLUMNS, "trial_id", "correction_id", "action", "used", "reason",
    ]  # fmt: skip
    assert found.empty
    assert not_handled(found).empty


def test_every_correction_of_the_package_answers_a_finding() -> None:
    dataset = evidence.load()
    found = handled(dataset, audit(dataset))
    assert set(dataset.corrections.correction_id) <= set(found.correction_id)
    assert not_handled(found).empty
