"""MMPose's visualizers draw points where they are."""

import numpy as np
import pytest
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample
from mmpose.visualization import PoseLocalVisualizer

POINTS = np.array([[[20., 30.], [50., 12.]]], np.float32)
GREY = np.full((60, 70, 3), 128, np.uint8)


@pytest.mark.parametrize('alpha', [1.0, 0.5])
def test_points_are_drawn_where_they_are(alpha):
    visualizer = PoseLocalVisualizer(radius=2, alpha=alpha)
    visualizer.set_dataset_meta({'keypoint_colors': [(255, 0, 0)] * 2,
                                 'skeleton_links': []})
    sample = PoseDataSample(pred_instances=InstanceData(
        keypoints=POINTS, keypoint_scores=np.ones((1, 2), np.float32)))
    drawn = visualizer.add_datasample('face', GREY, sample, draw_gt=False)
    changed = (drawn != GREY).any(-1)
    rows, columns = np.nonzero(changed)
    distances = np.hypot(columns[:, None] - POINTS[0, :, 0],
                         rows[:, None] - POINTS[0, :, 1])
    assert distances.min(1).max() <= 2
    for x, y in POINTS[0].astype(int):
        assert changed[y, x] and drawn[y, x, 0] > drawn[y, x, 1]


def test_matplotlib_draws_several_circles_at_once():
    visualizer = PoseLocalVisualizer(backend='matplotlib')
    visualizer.set_image(GREY)
    visualizer.draw_circles(POINTS[0], radius=np.array([2., 3.]), face_colors='r')
    assert (visualizer.get_image()[30, 20] != 128).any()
