import pytest
from matplotlib.figure import Figure

from mmwing.visualization.learning_curves import draw_learning_curves


@pytest.fixture
def figures(monkeypatch):
    """Figures that are saved."""
    saved = []
    save = Figure.savefig
    monkeypatch.setattr(Figure, 'savefig', lambda figure, path: (
        saved.append(figure), save(figure, path)))
    return saved


@pytest.mark.parametrize('last', [1, 2, 20])
def test_ticks_are_whole_epochs(last, figures, tmp_path):
    draw_learning_curves({'run': [[(epoch, 0.1) for epoch in range(1, last + 1)]]},
                         tmp_path / 'curves.png')
    axes, = figures[0].axes
    low, high = axes.get_xlim()
    ticks = [tick for tick in axes.get_xticks() if low <= tick <= high]
    assert ticks and all(tick == round(tick) for tick in ticks)


def test_the_band_spans_the_seeds_and_the_line_is_their_mean(figures, tmp_path):
    draw_learning_curves({'run': [[(1, 0.1), (2, 0.04)], [(1, 0.2), (2, 0.06)]]},
                         tmp_path / 'curves.png')
    axes, = figures[0].axes
    assert axes.lines[0].get_ydata() == pytest.approx([15, 5])
    band = axes.collections[0].get_paths()[0].get_extents()
    assert (band.ymin, band.ymax) == pytest.approx((4, 20))


def test_nothing_to_draw(tmp_path):
    with pytest.raises(ValueError, match='curves is empty'):
        draw_learning_curves({}, tmp_path / 'curves.png')
