"""Exported tables are read back as the other tools read them."""

import json
import math
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import evidence
from evidence import exchange
from evidence.cli import app
from evidence.data.dataset import Dataset
from evidence.errors import ParameterError, SelectionError
from evidence.exchange import contrast, export_table
from evidence.exchange.contrast import contrasts, one_per_result
from evidence.meta.pooling import pool
from evidence.metapsy import import_database
from tests.oracles import ROOT
from tests.tolerances import CLOSED_FORM

POOLED = (
    "diamond2002.depression.bdi.post.hedges_g",
    "israel2013.depression.bdi_ii.post.hedges_g",
    "diamond2010.depression.bdi_ii.post.hedges_g",
)


@pytest.fixture(scope="module")
def usable(dataset: Dataset) -> pd.DataFrame:
    frame = evidence.estimates(dataset)
    return frame[frame.effect.notna() & frame.variance.notna()].set_index("estimate_id")


def written(dataset: Dataset, target: Any, folder: Path, **filters: str) -> pd.DataFrame:
    path = folder / f"{target}.csv"
    rows = export_table(dataset, target, path, **filters)
    read = pd.read_csv(path)
    assert len(read) == rows
    return read


def test_metafor_has_every_estimate_with_a_variance_at_full_precision(
    dataset: Dataset, usable: pd.DataFrame, tmp_path: Path
) -> None:
    read = written(dataset, "metafor", tmp_path).set_index("estimate_id")
    assert set(read.index) == set(usable.index)
    assert (read.yi == usable.effect.reindex(read.index)).all()
    assert (read.vi == usable.variance.reindex(read.index)).all()
    assert tuple(read.reset_index().columns.sort_values()) == tuple(
        sorted(exchange.METAFOR_COLUMNS)
    )


def test_metafor_computes_the_same_from_the_numbers_of_the_arms(
    dataset: Dataset, tmp_path: Path
) -> None:
    read = written(dataset, "metafor", tmp_path).set_index("estimate_id")
    oracle = json.loads((ROOT / "exchange" / "escalc.json").read_text("utf-8"))
    computed = read[read.measure != exchange.READY_MADE]
    # R ran escalc() over this very file; what it had is what is compared, and all of it.
    assert {one["estimate_id"] for one in oracle} == set(computed.index)
    for one in oracle:
        row = computed.loc[one["estimate_id"]]
        assert row.measure == one["measure"]
        assert row.sign * one["yi"] == pytest.approx(row.yi, rel=CLOSED_FORM, abs=CLOSED_FORM)
        assert one["vi"] == pytest.approx(row.vi, rel=CLOSED_FORM)


def test_what_metafor_reads_pools_to_the_known_value(dataset: Dataset, tmp_path: Path) -> None:
    read = written(dataset, "metafor", tmp_path, therapy="abft", outcome="depression")
    read = read[read.estimate_id.isin(POOLED)]
    pooled = pool(read.yi.to_numpy(), read.vi.to_numpy())
    # rma(yi, vi, test = "adhoc") of metafor 3.8-1 on this file
    assert pooled.effect == pytest.approx(0.52052738, abs=5e-9)
    assert pooled.ci_low == pytest.approx(-0.28752113, abs=5e-9)
    assert pooled.ci_high == pytest.approx(1.32857590, abs=5e-9)


def test_metapsy_rows_give_their_own_g_by_the_formula_of_the_database(
    dataset: Dataset, tmp_path: Path
) -> None:
    read = written(dataset, "metapsy", tmp_path)
    assert tuple(read.columns) == exchange.METAPSY_COLUMNS
    from_means = read[read.outcome_type == "msd"]
    assert len(from_means) == 4
    for row in from_means.itertuples():
        total = row.n_arm1 + row.n_arm2
        spread = math.sqrt(
            ((row.n_arm1 - 1) * row.sd_arm1**2 + (row.n_arm2 - 1) * row.sd_arm2**2) / (total - 2)
        )
        d = (row.mean_arm2 - row.mean_arm1) / spread
        printed = getattr(row, f"_{read.columns.get_loc('.g') + 1}")
        assert printed == pytest.approx(d * (1 - 3 / (4 * total - 9)), rel=CLOSED_FORM)


def test_metapsy_has_no_effect_that_is_not_standardized(dataset: Dataset, tmp_path: Path) -> None:
    read = written(dataset, "metapsy", tmp_path)
    with_effect = read[read.precalc_g.notna()].estimate_id
    assert len(with_effect)
    assert all(one.endswith(("hedges_g", "d_from_test_statistic")) for one in with_effect)


def test_metapsy_numbers_follow_ups_and_keeps_what_was_measured_before(
    dataset: Dataset, tmp_path: Path
) -> None:
    read = written(dataset, "metapsy", tmp_path)
    assert set(read.time) == {"post", "FU1"}
    first = read[read.estimate_id.str.startswith("diamond2002.depression.bdi.post")].iloc[0]
    assert (first.bl_mean_arm1, first.bl_sd_arm1, first.bl_n_arm1) == (23.8, 7.4, 16)
    assert (first.bl_mean_arm2, first.bl_sd_arm2, first.bl_n_arm2) == (28, 7.1, 16)


def test_what_metapsy_has_is_read_back_with_the_same_estimates(
    dataset: Dataset, usable: pd.DataFrame, tmp_path: Path
) -> None:
    read = written(dataset, "metapsy", tmp_path)
    import_database(tmp_path / "metapsy.csv", tmp_path / "back", accessed=date(2026, 11, 25))
    back = evidence.load(tmp_path / "back")
    frame = evidence.estimates(back)
    frame = frame[frame.variance.notna()]
    compared = 0
    for row in read[read[["mean_arm1", "event_arm1"]].notna().any(axis=1)].itertuples():
        ours = usable.loc[row.estimate_id.removesuffix(".metapsy")]
        again = frame[
            (frame.label == row.study)
            & (frame.comparator == ours.comparator)
            & (frame.metric == ours.metric)
            & (frame.outcome_id == ours.outcome_id)
            & (frame.timepoint == ours.timepoint)
            & np.isclose(frame.effect, ours.effect, rtol=CLOSED_FORM)
        ]
        assert len(again) == 1, row.estimate_id
        assert again.variance.iloc[0] == pytest.approx(ours.variance, rel=CLOSED_FORM)
        compared += 1
    assert compared == 10


def test_revman_has_each_trial_once_in_an_analysis(dataset: Dataset, tmp_path: Path) -> None:
    read = written(dataset, "revman", tmp_path)
    assert tuple(read.columns) == exchange.REVMAN_COLUMNS
    analysis = ["Analysis group", "Analysis number"]
    assert not read.duplicated([*analysis, "Study"]).any()
    pairs = read[[*analysis, "Analysis name"]].drop_duplicates()
    assert len(pairs) == len(pairs.drop_duplicates(analysis))
    assert len(pairs) == len(pairs.drop_duplicates("Analysis name"))


def test_a_second_instrument_of_a_trial_opens_an_analysis_of_its_own(dataset: Dataset) -> None:
    found = one_per_result(contrasts(dataset, trial="israel2013"), exchange.REVMAN_METRICS)
    # As if both were rated by the young people themselves.
    found = [replace(one, estimate=one.estimate._replace(rater="self")) for one in found]
    rows = exchange.revman_rows(dataset, found)
    assert [one["Analysis number"] for one in rows] == [1, 2]
    assert "Beck Depression Inventory" in rows[1]["Analysis name"]


def test_revman_subtracts_control_and_the_footnote_says_what_favors(
    dataset: Dataset, usable: pd.DataFrame, tmp_path: Path
) -> None:
    read = written(dataset, "revman", tmp_path)
    seen = set()
    for row in read.to_dict("records"):
        footnote = row["Footnotes"]
        sign = 1 if "more favors" in footnote else -1
        ours = usable.loc[footnote.split("estimate ")[1].split(";")[0]]
        if not pd.isna(row["GIV Mean"]):
            theirs = row["GIV Mean"]
            assert row["GIV SE"] == pytest.approx(ours.se, rel=CLOSED_FORM)
            kind = "effect"
        elif not pd.isna(row["Experimental cases"]):
            a, n1 = row["Experimental cases"], row["Experimental N"]
            c, n2 = row["Control cases"], row["Control N"]
            theirs = math.log(a * (n2 - c) / (c * (n1 - a)))
            kind = "counts"
        else:
            # Of means the direction is compared; the value is compared for the other tables.
            theirs = row["Experimental mean"] - row["Control mean"]
            assert math.copysign(1, sign * theirs) == math.copysign(1, ours.effect)
            seen.add("means")
            continue
        assert sign * theirs == pytest.approx(ours.effect, rel=CLOSED_FORM)
        seen.add(kind)
    assert seen == {"effect", "counts", "means"}


def test_an_event_without_a_direction_has_that_of_the_number_or_is_refused(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    terms = {key: one._replace(more_is="") for key, one in dataset._terms.items()}
    statistics = dataset.statistics.astype(object)
    statistics.loc[statistics.result_id == "m18_fiq_rd", "se"] = 12.0
    used = {**dataset._used, "statistics": statistics}
    unknown = replace(dataset, _terms=terms, _used=used)
    found = contrasts(unknown, trial="montero2018", event="response_50")
    # The source prints 40 points more that responded as a benefit.
    assert [(one.estimate.effect > 0, one.sign) for one in found] == [(True, 1)]
    monkeypatch.setattr(contrast, "SIGN", {})
    with pytest.raises(SelectionError, match=r"montero2018\S*: whether more of response_50"):
        contrasts(unknown, trial="montero2018", event="response_50")


def test_the_same_data_give_the_same_bytes(dataset: Dataset, tmp_path: Path) -> None:
    for target in ("metafor", "metapsy", "revman"):
        one, two = tmp_path / f"{target}-1.csv", tmp_path / f"{target}-2.csv"
        export_table(dataset, target, one)  # type: ignore[arg-type]
        export_table(dataset, target, two)  # type: ignore[arg-type]
        assert one.read_bytes() == two.read_bytes()


def test_a_path_that_is_no_table_is_refused(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"ends in \.csv"):
        export_table(dataset, "metafor", tmp_path / "table.xlsx")
    assert not list(tmp_path.iterdir())


def test_filters_that_leave_nothing_write_nothing(dataset: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    with pytest.raises(SelectionError, match="no estimate with a variance"):
        export_table(dataset, "revman", path, therapy="abct", outcome="depression")
    with pytest.raises(ParameterError, match="outcome"):
        export_table(dataset, "revman", path, outcome="happiness")
    assert not path.exists()


def test_the_command_wants_a_target_and_no_filter_for_the_whole(tmp_path: Path) -> None:
    crate = str(tmp_path / "workbook.zip")
    for given, said in (
        ([], "one of --ro-crate, --metafor, --metapsy, --revman"),
        (["--ro-crate", crate, "--therapy", "abft"], "it packs the whole"),
    ):
        result = CliRunner().invoke(app, ["export", *given])
        assert isinstance(result.exception, ParameterError)
        assert said in str(result.exception)
    assert not list(tmp_path.iterdir())


def test_the_command_writes_several_tables(tmp_path: Path) -> None:
    paths = [tmp_path / "metafor.csv", tmp_path / "revman.csv"]
    result = CliRunner().invoke(
        app, ["export", "--metafor", str(paths[0]), "--revman", str(paths[1]), "--therapy", "abct"]
    )
    assert result.exit_code == 0, result.output
    said = [f"{path.name}: {len(pd.read_csv(path))} rows" for path in paths]
    assert result.output.splitlines() == said
