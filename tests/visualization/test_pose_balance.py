"""The picture shows what the data set holds."""

import cv2
import pytest
from matplotlib.figure import Figure

from mmwing.datasets.face import SyntheticFaceDataset
from mmwing.datasets.wrappers import PoseBalancedDataset
from mmwing.visualization import draw_pose_balance


@pytest.fixture(params=[2, 4])
def balanced(request):
    return PoseBalancedDataset(SyntheticFaceDataset(30, image_size=64),
                               num_bins=request.param)


def test_bars_and_faces(balanced, tmp_path, monkeypatch):
    figures = []
    save = Figure.savefig
    monkeypatch.setattr(Figure, 'savefig', lambda figure, path: (
        figures.append(figure), save(figure, path)))
    draw_pose_balance(balanced, tmp_path / 'pose.png', faces_per_bin=2)
    assert cv2.imread(str(tmp_path / 'pose.png')).std() > 10

    axes, *tiles = figures[0].axes
    before, after = ([bar.get_height() for bar in bars] for bars in axes.containers)
    assert sum(before) == 30
    assert sum(after) == len(balanced)
    assert len(tiles) == sum(min(2, count) for count in before)
    box = figures[0].get_tightbbox(figures[0].canvas.get_renderer())
    assert box.x0 >= 0 and box.x1 <= figures[0].get_figwidth()


def test_unreadable_image_is_named(balanced, tmp_path, monkeypatch):
    monkeypatch.setattr(balanced.dataset, 'get_data_info',
                        lambda index: dict(img_path='gone.jpg'))
    with pytest.raises(FileNotFoundError, match=r'gone\.jpg'):
        draw_pose_balance(balanced, tmp_path / 'pose.png')
