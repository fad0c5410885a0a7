"""From columns to effects: right values, and one clear error for what is none."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence import meta
from evidence.errors import ParameterError
from evidence.meta.frame import MEASURES
from tests.meta import own


def means(**changes: Any) -> pd.DataFrame:
    table = own.table("twelve-studies-means").astype(object)
    for name, (position, value) in changes.items():
        table.iloc[position, table.columns.get_loc(name)] = value
    return table


def smd(table: pd.DataFrame, **options: Any) -> pd.DataFrame:
    return meta.effect_sizes(
        table, "smd", study="study", **{"better": "lower", **own.MEANS, **options}
    )


def test_scores_are_turned_so_that_above_0_favors_group_1() -> None:
    lower, higher = smd(means()), smd(means(), better="higher")
    assert lower.effect.to_numpy() == pytest.approx(-higher.effect.to_numpy())
    assert lower.variance.to_numpy() == pytest.approx(higher.variance.to_numpy())
    # Baker 2004 scored higher with the treatment, and lower is better.
    assert lower.effect[1] == pytest.approx(-0.106, abs=5e-4)
    assert int((lower.effect > 0).sum()) == 11


@pytest.mark.parametrize(
    "measure", ["cohen_d", "smd_unequal", "glass_delta", "mean_difference", "smd"]
)
def test_every_comparison_of_scores_is_turned(measure: str) -> None:
    columns = {"study": "study", **own.MEANS}
    lower, higher = (
        meta.effect_sizes(means(), measure, better=one, **columns) for one in ("lower", "higher")
    )
    assert lower.effect.to_numpy() == pytest.approx(-higher.effect.to_numpy())
    assert lower.effect[0] > 0
    with pytest.raises(ParameterError, match="better: found None"):
        meta.effect_sizes(means(), measure, **columns)


def test_a_direction_is_asked_for_where_scores_are_compared() -> None:
    with pytest.raises(ParameterError, match="better: found None, expected 'lower' or 'higher'"):
        smd(means(), better=None)
    with pytest.raises(ParameterError, match="better: found 'down'"):
        smd(means(), better="down")


def test_what_is_counted_keeps_its_sign() -> None:
    table = own.table("events")
    for better in (None, "lower", "higher"):
        found = meta.effect_sizes(table, "odds_ratio", better=better, **own.EVENTS)
        assert found.effect.iloc[0] == pytest.approx(np.log((12 / 33) / (20 / 33)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"sd_treat": (2, "10,8")},
            r"sd_1 \(column sd_treat\), row 2: found '10,8', ",
        ),
        ({"n_treat": (0, True)}, r"n_1 \(column n_treat\), row 0: found True"),
        ({"mean_treat": (0, pd.Timestamp("2020-01-01"))}, r"mean_1 .*found Timestamp"),
        ({"sd_ctrl": (4, 0)}, "sd_2, row 4: found 0.0, expected an SD above 0"),
        ({"sd_ctrl": (4, -1)}, "sd_2, row 4: found -1.0"),
        ({"n_ctrl": (4, 1)}, "n_2, row 4"),
        ({"n_ctrl": (4, float("inf"))}, "n_2 .*row 4: found inf"),
    ],
)
def test_a_faulty_value_is_refused_with_its_place_or_its_row_left_out(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ParameterError, match=message):
        smd(means(**changes))
    found = smd(means(**changes), faults="leave_out")
    assert len(found) == 11
    assert len(found.attrs["left_out"]) == 1
    (remark,) = found.attrs["remarks"]
    assert remark.startswith("1 of 12 rows was left out: ")


def test_a_missing_value_leaves_its_row_out_with_the_reason() -> None:
    found = smd(means(sd_treat=(3, None), n_ctrl=(5, float("nan"))))
    assert [(one["study"], one["reason"]) for one in found.attrs["left_out"]] == [
        ("Dubois 2008", "no sd_1"),
        ("Fischer 2011", "no n_2"),
    ]
    assert "Dubois 2008" not in set(found.study)


def test_no_row_at_all_is_an_error() -> None:
    table = means().assign(sd_ctrl=None)
    with pytest.raises(ParameterError, match=r"expected one with an effect .*and 9 more"):
        smd(table)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"mean_1": "mean_tret"}, "mean_1: found 'mean_tret', expected a column: study, n_treat"),
        (
            {"median_1": "n_treat"},
            r"columns: found \['median_1'\], expected for smd the",
        ),
        ({"mean_1": None}, "mean_1: found None, expected its column: smd needs mean_1, sd_1"),
    ],
)
def test_columns_that_are_not_there_are_named(columns: dict[str, Any], message: str) -> None:
    given = {name: one for name, one in {**own.MEANS, **columns}.items() if one is not None}
    with pytest.raises(ParameterError, match=message):
        meta.effect_sizes(means(), "smd", better="lower", **given)


def test_a_measure_that_no_columns_give_is_taken_ready_made_alone() -> None:
    with pytest.raises(ParameterError, match=r"measure: found 'hazard_ratio', expected .* ready m"):
        meta.effect_sizes(means(), "hazard_ratio", **own.MEANS)


def test_columns_can_have_numbers_for_names_and_values_have_one_dimension() -> None:
    table = means().rename(columns={"mean_treat": 1, "n_ctrl": 2})
    named = {**own.MEANS, "mean_1": 1, "n_2": 2}
    found = meta.effect_sizes(table, "smd", better="lower", **named)
    assert found.effect.tolist() == smd(means()).effect.tolist()
    pooled = meta.pool(pd.DataFrame({0: [0.1, 0.4], 1: [0.02, 0.03]}), effect=0, variance=1)
    assert pooled.k == 2
    square = np.ones((12, 2))
    for wrong, message in (
        (3, "mean_1: found 3, expected a column: study, n_treat"),
        (square, r"mean_1: found 'an array of shape \(12, 2\)', expected one value for each"),
        (square[:, :1], r"mean_1: found 'an array of shape \(12, 1\)'"),
        (pd.DataFrame(square), r"mean_1: found 'an array of shape \(12, 2\)'"),
        ([[1]] * 12, r"mean_1: found 'an array of shape \(12, 1\)'"),
        (None, "mean_1: found None, expected a column"),
    ):
        with pytest.raises(ParameterError, match=message):
            meta.effect_sizes(means(), "smd", better="lower", **{**own.MEANS, "mean_1": wrong})


def test_a_measure_that_is_none_is_named() -> None:
    with pytest.raises(ParameterError, match="measure: found 'SMDD', expected one of smd, "):
        meta.effect_sizes(means(), "SMDD", better="lower", **own.MEANS)


@pytest.mark.parametrize(("name", "ours"), [("SMD", "smd"), ("OR", "odds_ratio"), ("RD", None)])
def test_names_of_metafor_are_taken(name: str, ours: str | None) -> None:
    columns = own.MEANS if name == "SMD" else own.EVENTS
    table = own.table("twelve-studies-means" if name == "SMD" else "events")
    options = {"better": "lower", **columns}
    found = meta.effect_sizes(table, name, **options)
    known = meta.effect_sizes(table, ours or "risk_difference", **options)
    assert found.effect.tolist() == known.effect.tolist()
    assert found.attrs["measure"] == (ours or "risk_difference")


def test_an_se_can_stand_for_an_sd_and_a_count_for_a_size() -> None:
    table = own.table("twelve-studies-means")
    table["se_treat"] = table.sd_treat / np.sqrt(table.n_treat)
    columns = {name: one for name, one in own.MEANS.items() if name != "sd_1"}
    found = meta.effect_sizes(table, "smd", better="lower", se_1="se_treat", **columns)
    assert found.effect.to_numpy() == pytest.approx(smd(means()).effect.to_numpy(), rel=1e-12)
    counts = own.table("events")
    counts["none"] = counts.n_treat - counts.events_treat
    columns = {name: one for name, one in own.EVENTS.items() if name != "n_1"}
    found = meta.effect_sizes(counts, "OR", non_events_1="none", **columns)
    assert found.effect.tolist() == meta.effect_sizes(counts, "OR", **own.EVENTS).effect.tolist()


def test_series_go_by_their_labels_and_masked_values_are_missing() -> None:
    table = own.table("twelve-studies-means")
    turned = table.mean_treat[::-1]
    found = smd(table, mean_1=turned)
    assert found.effect.tolist() == smd(table).effect.tolist()
    with pytest.raises(ParameterError, match="a Series"):
        smd(table, mean_1=turned.reset_index(drop=True).rename(lambda i: i + 1))
    with pytest.raises(ParameterError, match="expected one value for each of 12 rows"):
        smd(table, mean_1=[1.0, 2.0])
    masked = np.ma.masked_greater(table.mean_treat.to_numpy(), 22)
    assert len(smd(table, mean_1=masked)) == 11


def test_a_spread_that_would_be_usual_as_an_se_is_named() -> None:
    table = own.table("44-sd-zero-and-se")
    found = meta.effect_sizes(
        table, "smd", study="study", better="lower", faults="leave_out", **own.ARMS
    )
    left, odd = found.attrs["remarks"]
    assert "Muster (2031): sd_1: found 0.0, expected an SD above 0" in left
    assert odd.startswith("Beispiel (2030): its SDs are 6 times smaller")
    apart = table.assign(instrument=["BDI", "short scale", "BDI"])
    found = meta.effect_sizes(
        *(apart, "smd"), better="lower", faults="leave_out", instrument="instrument", **own.ARMS
    )
    assert not [one for one in found.attrs["remarks"] if "times smaller" in one]
    assert not [one for one in smd(means()).attrs["remarks"] if "times smaller" in one]


def test_counts_to_which_something_was_added_are_named() -> None:
    found = meta.effect_sizes(own.table("events"), "RD", study="study", **own.EVENTS)
    assert found.attrs["remarks"][0].endswith("pool_counts pools without that: Chen 2006.")
    rates = pd.DataFrame({"a": [0, 3], "s": [90.0, 80.0], "b": [2, 4], "t": [95.0, 70.0]})
    roles = {"events_1": "a", "time_1": "s", "events_2": "b", "time_2": "t"}
    for table, measure, columns in (
        (rates, "IRR", roles),
        (pd.DataFrame({"e": [0, 3], "n": [20, 30]}), "PLO", {"events": "e", "n": "n"}),
    ):
        (remark,) = meta.effect_sizes(table, measure, **columns).attrs["remarks"]
        assert "1/2 was added to each count" in remark
    # metafor adds to these as well, and no method pools them of counts.
    for measure in ("YUQ", "YUY", "RTET", "PBIT"):
        found = meta.effect_sizes(own.table("events"), measure, study="study", **own.EVENTS)
        assert found.attrs["remarks"] == [
            "Where a group has no event, or nothing else, 1/2 was added to each count: Chen 2006."
        ]
        assert remark.endswith(": row 1.")
    assert not meta.effect_sizes(own.table("events").drop(2), "OR", **own.EVENTS).attrs["remarks"]


def test_columns_of_the_table_stay_beside_the_effects() -> None:
    table = own.table("events").rename(columns={"comparator": "effect"})
    found = meta.effect_sizes(table, "RR", study="study", **own.EVENTS)
    assert list(found.columns[:4]) == ["study", "effect", "variance", "se"]
    assert found.effect_given.tolist() == table.effect.tolist()
    assert found.se.to_numpy() ** 2 == pytest.approx(found.variance.to_numpy())


@given(st.data())
def test_every_measure_gives_an_effect_and_a_variance_of_each_row(data: st.DataObject) -> None:
    made = sorted(name for name, one in MEASURES.items() if one.compute is not None)
    name = data.draw(st.sampled_from(made))
    k = data.draw(st.integers(1, 4))
    values = {
        "mean": st.floats(1, 50), "sd": st.floats(1, 20), "n": st.integers(10, 200),
        "events": st.integers(1, 9), "time": st.floats(1, 500), "r": st.floats(-0.9, 0.9),
        "correlation": st.floats(0.1, 0.9),
    }  # fmt: skip
    needs = MEASURES[name].needs
    table = pd.DataFrame(
        {
            role: data.draw(st.lists(values[role.split("_")[0]], min_size=k, max_size=k))
            for role in needs
        }
    )
    found = meta.effect_sizes(table, name, better="higher", **{role: role for role in needs})
    assert len(found) == k
    assert (found.variance > 0).all()
    assert np.isfinite(found.effect).all()
