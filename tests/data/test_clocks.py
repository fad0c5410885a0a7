"""Weeks since randomization and since the end of treatment, or why they are not known."""

import math
from pathlib import Path

import pandas as pd
import pytest

from evidence.data.dataset import load
from tests.data.packages import DATA, build, edit

CLOCKS = [
    "weeks_since_randomization",
    "follow_up_weeks",
    "follow_up_weeks_alternatives",
    "clock_note",
]
DIFFER = "Sources differ on the length of treatment (12 or 16 weeks); 12, as in the main "


def clocks(frame: pd.DataFrame, result_id: str) -> tuple[float | None, float | None, str, str]:
    row = frame.set_index("result_id").loc[result_id, CLOCKS].tolist()
    first, second = (None if math.isnan(weeks) else weeks for weeks in row[:2])
    return first, second, row[2], row[3]


@pytest.mark.parametrize(
    ("table", "result_id", "expected"),
    [
        ("arm_results", "d02_bdi_wl_post", (6, 0, "", "")),
        ("arm_results", "d02_mdd_abft_fu", (38, 26, "", "")),
        ("arm_results", "d10_si_abft_fu", (24, 12, "8; 12", f"{DIFFER}publication, is used.")),
        ("arm_results", "d10_bdi_abft_post", (12, 0, "", "")),
        (
            "arm_results",
            "d02_bdi_wl_base",
            (0, None, "", "Measured before the end of treatment."),
        ),
        ("statistics", "m18_fiq_fu", (21, 13, "", "")),
        (
            "statistics",
            "c21_dass_abct_fu",
            (None, None, "", "The source does not say from when it counts."),
        ),
        (
            "statistics",
            "d19_si_f",
            (16, None, "", "The statistic covers the whole course, not one time."),
        ),
    ],
)
def test_clocks_of_the_curated_data(table: str, result_id: str, expected: tuple) -> None:
    assert clocks(getattr(load(DATA), table), result_id) == expected


def test_the_length_of_the_main_publication_is_used_since_randomization_too(
    tmp_path: Path,
) -> None:
    build(tmp_path)
    edit(
        tmp_path,
        "trial_facts.csv",
        "one,treatment_weeks,12,weeks,one_table2,\n",
        "one,treatment_weeks,16,weeks,two_abstract,\none,treatment_weeks,12,weeks,one_table2,\n",
    )
    assert clocks(load(tmp_path).arm_results, "one_abft_remission") == (
        38,
        26,
        "",
        f"{DIFFER}publication, is used.",
    )


def test_lengths_that_the_main_publication_does_not_settle_leave_it_open(tmp_path: Path) -> None:
    build(tmp_path)
    edit(
        tmp_path,
        "trial_facts.csv",
        "one,treatment_weeks,12,weeks,one_table2,\n",
        "one,treatment_weeks,16,weeks,one_table2,\none,treatment_weeks,12,weeks,one_table2,\n",
    )
    edit(tmp_path, "arm_results.csv", "26,end_of_treatment", "26,randomization")
    assert clocks(load(tmp_path).arm_results, "one_abft_remission") == (
        26,
        None,
        "10; 14",
        "Sources differ on the length of treatment (12 or 16 weeks), and the main publication does "
        "not settle it.",
    )


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "26,end_of_treatment",
            "26,randomization",
            (26, None, "", "No source seen prints the length of treatment."),
        ),
        (
            "26,end_of_treatment",
            "26,end_of_treatment",
            (None, 26, "", "No source seen prints the length of treatment."),
        ),
        (
            "26,end_of_treatment",
            ",end_of_treatment",
            (None, None, "", "No source seen prints the week."),
        ),
    ],
)
def test_what_is_not_printed_leaves_the_clock_empty(
    old: str, new: str, expected: tuple, tmp_path: Path
) -> None:
    build(tmp_path)
    edit(tmp_path, "trial_facts.csv", "one,treatment_weeks,12,weeks,one_table2,\n", "")
    edit(tmp_path, "arm_results.csv", old, new)
    assert clocks(load(tmp_path).arm_results, "one_abft_remission") == expected


def test_a_follow_up_before_the_stated_end_leaves_the_clock_empty(tmp_path: Path) -> None:
    edit(build(tmp_path), "arm_results.csv", "26,end_of_treatment", "8,randomization")
    assert clocks(load(tmp_path).arm_results, "one_abft_remission") == (
        8,
        None,
        "",
        "The week lies before the end of treatment that the sources state.",
    )


def test_post_is_the_end_of_treatment_on_either_clock(tmp_path: Path) -> None:
    edit(build(tmp_path), "statistics.csv", "8,randomization", "1,end_of_treatment")
    assert clocks(load(tmp_path).statistics, "two_dass_post") == (9, 0, "", "")


def test_clocks_of_the_printed_frame_rest_on_the_printed_week(tmp_path: Path) -> None:
    build(tmp_path)
    edit(
        tmp_path,
        "corrections.csv",
        "c1,",
        "c0,arm_results,one_abft_remission,weeks,26,13,replace,a reason,a_check\nc1,",
    )
    data = load(tmp_path)
    assert clocks(data.arm_results, "one_abft_remission")[:2] == (25, 13)
    assert clocks(data.printed("arm_results"), "one_abft_remission")[:2] == (38, 26)
