import re

import numpy as np
import pytest
from imagecodecs import png_decode

from napari_thunder.reporting.charts import Line, bar_chart, line_chart, ticks
from napari_thunder.reporting.markup import Html, element, joined, table
from napari_thunder.reporting.pictures import around_zero, limits_of, picture


def points(svg):
    return [
        [tuple(map(float, p.split(","))) for p in line.split()]
        for line in re.findall(r'polyline points="([^"]*)"', svg)
    ]


def chart(*values, x=None, **options):
    lines = [Line(f"line {i}", np.asarray(v, float), "one") for i, v in enumerate(values)]
    x = np.arange(len(values[0]), dtype=float) if x is None else x
    return line_chart(lines, x, x_label="time (s)", y_label="shift", title="a chart", **options)


def test_text_is_escaped_and_elements_are_not():
    made = element("p", "a < b & c", element("b", '"x"'), class_="n", title='"><script>')
    assert made == '<p class="n" title="&quot;&gt;&lt;script&gt;">a &lt; b &amp; c<b>&quot;x&quot;</b></p>'
    assert joined("<i>", Html("<br/>")) == "&lt;i&gt;<br/>"
    assert "<td>&lt;1&gt;</td>" in table(("<h>",), [("<1>",)])


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (-3, 17, [0, 5, 10, 15]),
        (1e-4, 5e-4, [1e-4, 2e-4, 3e-4, 4e-4, 5e-4]),
        (1, 1, []),
    ],
)
def test_ticks_are_round_numbers_within_the_span(low, high, expected):
    assert ticks(low, high) == pytest.approx(expected)


def test_lines_rise_upwards_and_run_to_the_right():
    ((first, *_, last),) = points(chart([0, 1, 2, 5]))
    assert last[0] > first[0]
    assert last[1] < first[1]


def test_missing_values_are_gaps_and_a_value_alone_is_a_dot():
    made = chart([1, 2, np.nan, 3, 4, np.nan, 5, np.nan])
    assert [len(p) for p in points(made)] == [2, 2]
    assert made.count("<circle") == 1


def test_a_long_line_keeps_its_extremes():
    rng = np.random.default_rng(0)
    values = rng.standard_normal(100_000)
    values[4321], values[70_000] = 50, -60
    ((*drawn,),) = points(chart(values))
    assert len(drawn) <= 1300
    ((low, *_, high),) = points(chart([-60.0, 0, 50]))
    assert min(y for _, y in drawn) == pytest.approx(high[1], abs=0.1)
    assert max(y for _, y in drawn) == pytest.approx(low[1], abs=0.1)


def test_outliers_are_marked():
    assert chart([0, 1, 2], marks=[1.0, 2.0]).count('class="mark"') == 2


def test_nothing_known_is_an_empty_chart():
    assert points(chart([np.nan, np.nan])) == []
    assert "shift" in chart([np.nan, np.nan])
    assert "<rect" not in bar_chart([], [Line("", np.zeros(0), "one")], y_label="y", title="none")


def test_bars_are_as_high_as_their_values():
    made = bar_chart(["1", "2"], [Line("raw", np.asarray([1.0, 2.0]), "one")], y_label="y", title="bars", limit=0.5)
    heights = [
        float(h) for h in re.findall(r'<rect x="[^"]*" y="[^"]*" width="[^"]*" height="([^"]*)" class="bar', made)
    ]
    bars = [h for h in heights if h != 12]  # the legend's box
    assert bars[1] == pytest.approx(2 * bars[0], rel=1e-4)
    assert 'class="limit"' in made


def pixels(html):
    import base64

    return png_decode(base64.b64decode(re.search(r"base64,([^\"]*)", html)[1]))


def test_a_picture_goes_from_black_to_white_and_what_is_not_known_is_transparent():
    image = np.asarray([[0.0, 10.0], [5.0, np.nan]])
    found = pixels(picture(image, (0, 10), title="a picture"))
    np.testing.assert_array_equal(found[..., 3], [[255, 255], [255, 0]])
    assert found[0, 0, :3].tolist() == [0, 0, 0]
    assert found[0, 1, :3].tolist() == [255, 255, 255]
    assert abs(int(found[1, 0, 0]) - 128) <= 1


def test_a_large_picture_is_averaged_down():
    image = np.zeros((2000, 1000))
    image[:, ::2] = 2
    found = pixels(picture(image, (0, 2), title="large"))
    assert max(found.shape) <= 900
    assert np.ptp(found[..., 0].astype(int)) < 130


def test_limits_leave_out_what_is_not_known():
    image = np.asarray([[np.nan, 1.0, 2.0, 3.0]])
    low, high = limits_of(image)
    assert 1 <= low < high <= 3
    assert limits_of(np.full((2, 2), np.nan)) == (0.0, 1.0)
    assert limits_of(np.ones((2, 2))) == (0.5, 1.5)
    assert around_zero(np.asarray([[-4.0, 0, 1]])) == pytest.approx((-4, 4), rel=0.02)
