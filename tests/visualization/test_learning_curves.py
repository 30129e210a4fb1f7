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


@pytest.mark.parametrize(('key', 'label', 'factor', 'scale'), [
    ('NME', 'NME, % of inter-ocular', 100, 'log'),
    ('common/NME_eyes', 'common/NME_eyes, % of inter-ocular', 100, 'log'),
    ('FR@0.1', 'FR@0.1, %', 100, 'linear'),
    ('inter_pupil/AUC@0.08', 'inter_pupil/AUC@0.08, %', 100, 'linear'),
    ('EPE', 'EPE', 1, 'linear')])
def test_the_axis_says_what_is_drawn(key, label, factor, scale, figures, tmp_path):
    draw_learning_curves({'run': [[(1, 0.25), (2, 0.)]]}, tmp_path / 'curves.png',
                         key=key)
    axes, = figures[0].axes
    assert (axes.get_ylabel(), axes.get_yscale()) == (label, scale)
    assert axes.lines[0].get_ydata().tolist() == [0.25 * factor, 0]
