"""Scales and paths on literal numbers."""

from __future__ import annotations

import numpy as np
import pytest

from brokerlab.core.scenario import Window
from brokerlab.ledger.series import Grid
from brokerlab.reports.html.plot import Line, linear, logarithmic, number, plot, seconds, strip

GRID = Grid(1_000_000, 100_000, 4)


def line(*values: float, filled: bool = False) -> Line:
    return Line("sent", np.array(values), "sent", filled)


@pytest.mark.parametrize(("top", "high"), [(0, 1), (1, 1), (7, 8), (11, 20), (950, 1000), (3999.5, 4000)])
def test_a_linear_scale_ends_at_a_round_number(top: float, high: float) -> None:
    scale = linear([line(0, top)])
    assert (scale.low, scale.high) == (0, high)
    assert scale.ticks() == [0, high / 2, high]
    assert (scale.y(0), scale.y(high)) == (100, 0)


def test_a_logarithmic_scale_has_whole_powers_of_ten() -> None:
    scale = logarithmic([line(float("nan"), 3, 450)])
    assert scale is not None
    assert scale.ticks() == [1, 10, 100, 1000]
    assert scale.y(10) == pytest.approx(200 / 3)
    assert logarithmic([line(float("nan"))]) is None


def test_a_line_has_a_level_piece_a_bin_and_gaps_where_there_is_nothing() -> None:
    text = str(plot(GRID, linear([line(1, 0)]), [line(1, float("nan"), 0, 1)], [], "says"))
    assert 'd="M0 0.0H1 M2 100.0H3 V0.0H4"' in text
    assert "0.1 s: " in text


def test_an_area_reaches_down_to_zero() -> None:
    text = str(plot(GRID, linear([line(1)]), [line(1, 0, 0, 1, filled=True)], [], "says"))
    assert 'd="M0 100V0.0H1V100.0H2V100.0H3V0.0H4V100Z"' in text


def test_a_window_is_shaded_from_hurt_to_heal_and_named() -> None:
    window = Window("kill", 1_100_000, 1_200_000)
    text = str(plot(GRID, linear([line(1)]), [line(1, 1, 1, 1)], [window], "says"))
    assert 'class="shade" x="1.00" y="0" width="1.00"' in text
    bars = str(strip(GRID, [window]))
    assert "left:25.00%;width:25.00%" in bars
    assert "kill, 0.1 to 0.2 s" in bars


def test_numbers() -> None:
    assert [number(value) for value in (0, 0.5, 3, 12345.6)] == ["0", "0.5", "3", "12,346"]
    assert seconds(GRID, 1_234_567) == "0.235 s"
