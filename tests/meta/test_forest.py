"""A forest plot says its numbers by where it draws them: read back from the drawing."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from matplotlib.patches import Polygon, Rectangle

from evidence import meta
from evidence.meta.answers import Scale
from evidence.meta.figures import Plot, effects_on, ratio_marks
from evidence.meta.figures.forest import PHONE, SHARE, Forest, Kind, Row, draw, frame
from evidence.meta.figures.forest_rows import of_fit, spread_line
from tests.meta import own
from tests.meta.test_estimate import pooled

FIT = pooled("twelve-studies-means")
ROLES = {
    **{"mean_1": "m_t", "sd_1": "sd_t", "n_1": "n_t"},
    **{"mean_2": "m_c", "sd_2": "sd_c", "n_2": "n_c"},
}


def made(*ends: tuple[float, float, float], kind: Kind = Kind.TRIAL, ratio: bool = False) -> Forest:
    rows = tuple(
        Row(kind=kind, label=f"Trial {place}", effect=effect, ci_low=low, ci_high=high,
            shown=f"{effect:.2f} ({low:.2f} to {high:.2f})", weight=1 / len(ends))
        for place, (low, effect, high) in enumerate(ends)
    )  # fmt: skip
    return Forest(rows=rows, name="Trial", estimate="g", axis="g", ratio=ratio)


def marks(figure: Plot) -> Iterator[tuple[type, float, float, float]]:
    """Yield shape, left end, middle and right end of each mark, read at the ticks of its axis."""
    (axes,) = figure.axes
    low, high = axes.get_xlim()
    ticks = {}
    for text in figure.texts:
        written = text.get_text().replace("−", "-")
        if text.get_ha() == "center" and written.lstrip("-").replace(".", "").isdigit():
            ticks[float(written)] = low + (high - low) * text.get_position()[0]
    (one, at), (two, other) = sorted(ticks.items())[0], sorted(ticks.items())[-1]

    def value(x: float) -> float:
        return one + (two - one) * (x - at) / (other - at)

    for patch in axes.patches:
        if isinstance(patch, Polygon):
            x = [value(each) for each in patch.get_xy()[:3, 0]]
            yield Polygon, *x
        elif isinstance(patch, Rectangle):
            left = patch.get_x()
            yield Rectangle, *(value(left + patch.get_width() * part) for part in (0, 0.5, 1))


@pytest.mark.parametrize("phone", [False, True])
def test_marks_stand_at_their_numbers(phone: bool) -> None:
    rows = FIT.to_frame()
    found = list(marks(draw([of_fit(FIT)], phone=phone)))
    squares = [middle for shape, _, middle, _ in found if shape is Rectangle]
    assert squares == pytest.approx(list(rows.effect), abs=1e-9)
    (diamond,) = [ends for shape, *ends in found if shape is Polygon]
    assert diamond == pytest.approx([FIT.ci_low, FIT.effect, FIT.ci_high], abs=1e-9)


def test_areas_of_squares_go_with_weights() -> None:
    (axes,) = draw([of_fit(FIT)]).axes
    areas = np.array([p.get_width() * p.get_height() for p in axes.patches if
                      isinstance(p, Rectangle)])  # fmt: skip
    assert areas / areas.sum() == pytest.approx(FIT.weights, abs=1e-9)


@given(st.lists(st.tuples(*[st.floats(-9, 9)] * 3).map(sorted).map(tuple), min_size=1, max_size=6))
def test_the_axis_is_symmetric_and_holds_every_trial(ends: list[Any]) -> None:
    plot = made(*ends)
    most = max(abs(one) for trial in ends for one in trial)
    assert plot.ends == pytest.approx((-1.06 * (most or 1.0), 1.06 * (most or 1.0)))
    assert plot.ticks == [-one + 0.0 for one in plot.ticks[::-1]]
    assert 0.0 in plot.ticks
    assert len(plot.ticks) >= 3
    # What is pooled does not widen it.
    wide = made((-99, 0, 99), kind=Kind.POOLED)
    both = replace(plot, rows=plot.rows + wide.rows)
    assert both.ends == plot.ends
    assert replace(both, whole=True).ends == pytest.approx((-1.06 * 99, 1.06 * 99))


def test_a_longer_interval_ends_in_arrows_at_the_axis() -> None:
    plot = made((-0.2, 0.3, 0.8))
    long = made((-2.3, 0.5, 3.3), kind=Kind.POOLED)
    figure = draw([replace(plot, rows=plot.rows + long.rows)])
    (low, middle, high) = next(ends for shape, *ends in marks(figure) if shape is Polygon)
    assert (low, high) == pytest.approx(plot.ends)
    assert middle == pytest.approx(0.5)
    heads = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 3]
    assert len(heads) == 2
    assert "0.50 (-2.30 to 3.30)" in [one.get_text() for one in figure.texts]
    assert not [one for one in draw([plot]).axes[0].lines if len(one.get_xdata()) == 3]


def test_ratios_are_drawn_by_their_logarithms() -> None:
    plot = made((0.25, 0.5, 1.0), (0.0, 0.2, float("inf")), ratio=True)
    assert plot.ends == pytest.approx((-1.06 * np.log(5), 1.06 * np.log(5)))
    assert plot.ticks == [0.2, 0.5, 1.0, 2.0, 5.0]
    (axes,) = draw([plot]).axes
    one, two = (p.get_x() + p.get_width() / 2 for p in axes.patches)
    middle = next(line.get_xdata()[0] for line in axes.lines if len({*line.get_xdata()}) == 1)
    assert (one - middle) / (two - middle) == pytest.approx(np.log(0.5) / np.log(0.2))


def test_what_nothing_is_tested_against_has_no_line_of_no_difference() -> None:
    plot = replace(made((0.2, 0.3, 0.45), (0.31, 0.4, 0.5)), null=False)
    assert plot.ends == pytest.approx((0.182, 0.518))
    assert plot.ticks == [0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5]
    upright = [one for one in draw([plot]).axes[0].lines if np.ptp(one.get_ydata()) > 5]
    assert not upright


@pytest.mark.parametrize("name", ["Adams", "A study with a name that is far too long for a line"])
def test_the_plot_has_its_share_of_the_width(name: str) -> None:
    plot = made((-0.2, 0.3, 0.8))
    rows = [replace(plot.rows[0], label=name, cells=("12.6 (13.9)\nn = 35",) * 2, signs=("+",) * 4)]
    figure = draw([replace(plot, rows=tuple(rows), columns=("One", "Two"))])
    (axes,) = figure.axes
    base = next(one for one in axes.lines if np.ptp(one.get_ydata()) == 0)
    longest = max(np.ptp(one.get_xdata()) for one in axes.lines)
    assert base is not None
    assert longest >= SHARE * 72 * figure.get_figwidth() * 0.98


def test_a_phone_has_all_words_inside_its_width() -> None:
    figure = draw([of_fit(FIT)], phone=True)
    assert 72 * figure.get_figwidth() == pytest.approx(PHONE + 6)
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    for text in figure.texts:
        box = text.get_window_extent(renderer)
        assert box.x0 >= 0, text
        assert box.x1 <= figure.bbox.width, text


def test_the_data_of_a_plot_are_its_rows() -> None:
    found = frame([of_fit(FIT)])
    assert found.kind.tolist() == ["trial"] * FIT.k + ["pooled", "prediction", "note"]
    assert found.effect[: FIT.k].tolist() == FIT.to_frame().effect.tolist()
    assert found["Group 1 mean (SD)"][0] == "16.6 (7.6) n = 45"
    counts = meta.pool(meta.effect_sizes(own.table("events"), "OR", **own.EVENTS))
    assert frame([of_fit(counts)]).effect[counts.k] == pytest.approx(np.exp(counts.effect))


def test_the_spread_stands_in_one_line() -> None:
    assert spread_line(FIT, FIT.variances, "prediction above") == (
        "tau² 0.07 (0.01 to 0.27) · I² 62% (24 to 86%) · Q 29.33 on 11 df, P = .002 · "
        "prediction above"
    )
    common = pooled("twelve-studies-means", tau2="common")
    assert spread_line(common, common.variances, "none").startswith("tau² taken as 0 (0.01")
    rows = FIT.studies[["effect", "variance"]].mul([1e-3, 1e-6])
    small = meta.pool(rows)
    assert isinstance(small, meta.Fit)
    right = spread_line(small, small.variances, "none")
    assert right.startswith("tau² 0.00000007 (0.00000001 to 0.00000027) · I² 62%")


def test_groups_keep_the_digits_that_they_have() -> None:
    rows = {"m_t": 0.031, "sd_t": 0.012, "n_t": 20.5, "m_c": 0.042, "sd_c": 0.0125, "n_c": 1230}
    scores = pd.DataFrame([rows, {**rows, "m_t": 0.1, "n_t": 33.3333}])
    found = frame([of_fit(meta.pool(meta.effect_sizes(scores, "MD", better="lower", **ROLES)))])
    assert found["Group 1 mean (SD)"].tolist()[:2] == [
        "0.031 (0.012) n = 20.5", "0.100 (0.012) n = 33.33"
    ]  # fmt: skip
    assert found["Group 2 mean (SD)"][0] == "0.042 (0.013) n = 1,230"
    counts = pd.DataFrame({"a": [7.5, 3], "n": [20.5, 30], "b": [4, 5.25], "m": [20, 30]})
    roles = {"events_1": "a", "n_1": "n", "events_2": "b", "n_2": "m"}
    found = frame([of_fit(meta.pool(meta.effect_sizes(counts, "OR", **roles)))])
    assert found["Group 1 events of n"].tolist()[:2] == ["7.5 of 20.5", "3 of 30"]
    assert found["Group 2 events of n"].tolist()[:2] == ["4 of 20", "5.25 of 30"]
    times = {"events_1": "a", "time_1": "n", "events_2": "b", "time_2": "m"}
    counts = counts.assign(a=[7, 3], b=[4, 5], n=[0.25, 1234.5])
    found = frame([of_fit(meta.pool(meta.effect_sizes(counts, "IRR", **times)))])
    assert found["Group 1 events in time"].tolist()[:2] == ["7 in 0.25", "3 in 1,234.5"]
    ready = pd.DataFrame({"effect": [0.1, 0.2], "se": 0.1, "n_1": [20, None], "n_2": [20, 30]})
    ready.attrs["columns"] = {"n_1": "n_1", "n_2": "n_2"}
    assert frame([of_fit(meta.pool(ready))])["Group 1 n"].tolist()[:2] == ["20", "not known"]


@given(st.floats(-25, 25), st.floats(-4, 1.6).map(lambda power: 10**power))
@example(np.log(0.95), 0.1)
@example(np.log(2.1), 0.8)
@example(np.log(1e7), np.log(1e3))
def test_axes_of_ratios_have_two_ticks_or_more_that_can_be_told_apart(low, width):
    marks = ratio_marks(low, low + width)
    assert 2 <= len(marks) <= 11
    assert all(low <= np.log(one) <= low + width for one in marks)
    assert marks == sorted({float(f"{one:.12g}") for one in marks})
    near = made((1.001, 1.002, 1 + width / 100), ratio=True)
    assert 1.0 in near.ticks
    assert len(near.ticks) > 2


def test_ticks_of_a_narrow_axis_are_written_as_they_are() -> None:
    axes = Plot().add_subplot()
    effects_on(axes.xaxis, (0.0, 2e-6), Scale(ratio=True))
    assert {one.get_text() for one in axes.get_xticklabels()} >= {"1", "1.000001", "1.000002"}
    written = {one.get_text() for one in draw([made((1.0, 1.0, 1.000002), ratio=True)]).texts}
    assert {"0.999998", "1", "1.000002"} <= written
