"""A forest plot says its numbers by where it draws them: read back from the drawing."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.patches import Polygon, Rectangle

from evidence import meta
from evidence.meta.figures import Plot
from evidence.meta.figures.forest import PHONE, SHARE, Forest, Kind, Row, draw, frame
from evidence.meta.figures.forest_rows import of_fit, spread_line
from tests.meta import own
from tests.meta.test_estimate import pooled

FIT = pooled("twelve-studies-means")


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
