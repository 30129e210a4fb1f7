import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from mmwing.visualization.figure import figure_file, legend_below


@pytest.mark.parametrize('labels', [
    ['one'], [f'run {i}' for i in range(9)],
    [f'{i} of a long name ' * 3 for i in range(9)],
    ['a_name_without_a_space_' * 9, '_hidden', 'price $5 or $6']])
def test_a_legend_covers_no_axes(labels, tmp_path):
    with figure_file(tmp_path / 'figure.png') as figure:
        axes = figure.add_subplot()
        before = figure.get_size_inches()[1]
        for label in labels:
            axes.plot([0, 1], [0, 1], label=label)
        legend_below(figure, axes)
        assert isinstance(figure.canvas, FigureCanvasAgg)
        figure.canvas.draw()
        legend = figure.legends[0].get_window_extent()
        panel = axes.get_window_extent()
        assert legend.y1 <= panel.y0
        assert legend.y0 >= 0
        assert legend.x0 >= 0 and legend.x1 <= figure.bbox.width
        assert panel.height / figure.dpi > 0.6 * before
        assert not any(text.get_parse_math() for text in figure.legends[0].get_texts())
        written = [text.get_text() for text in figure.legends[0].get_texts()]
        assert [''.join(text.split()) for text in written] == [
            ''.join(label.split()) for label in labels]


def test_nine_lines_differ(tmp_path):
    with figure_file(tmp_path / 'figure.png') as figure:
        axes = figure.add_subplot()
        lines = [axes.plot(np.arange(2))[0] for _ in range(9)]
        looks = {(line.get_color(), line.get_linestyle()) for line in lines}
        assert len(looks) == 9


def test_an_error_leaves_the_old_picture(tmp_path):
    path = tmp_path / 'figure.png'
    path.write_bytes(b'old')
    with pytest.raises(RuntimeError), figure_file(path):
        raise RuntimeError
    assert path.read_bytes() == b'old'
    assert [file.name for file in tmp_path.iterdir()] == ['figure.png']
