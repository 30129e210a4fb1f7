"""Which boxes a data set has, in words that a detector's map is compared with."""

import pytest

from mmwing.inference.box_convention import OTHER_BOX, boxes_of_data
from mmwing.runtime.boxes import LANDMARK_BOX

MMPOSE = {'type': 'Face300WDataset'}
OWN = {'type': 'mmwing.FaceLandmarkDataset', 'ann_file': 'faces.csv'}
PAINTED = {'type': 'mmwing.SyntheticFaceDataset'}
FROM_FILE = {'type': 'mmwing.BoxFromFile', 'bbox_file': 'boxes.json'}


@pytest.mark.parametrize(('dataset', 'boxes'), [
    (MMPOSE, LANDMARK_BOX), (OWN, OTHER_BOX), ({**OWN, 'landmark_box': True},
                                               LANDMARK_BOX),
    ({**PAINTED, 'bbox_scale': 1.0}, LANDMARK_BOX),
    (PAINTED, '1.25 times the landmark box'),
    ({'type': 'WFLWDataset'}, OTHER_BOX),
    ({'type': 'RepeatDataset', 'dataset': MMPOSE}, LANDMARK_BOX),
    ({'type': 'CombinedDataset', 'datasets': [MMPOSE, {**PAINTED, 'bbox_scale': 1}]},
     LANDMARK_BOX),
    ({'type': 'CombinedDataset', 'datasets': [MMPOSE, PAINTED]}, OTHER_BOX),
    ({**MMPOSE, 'pipeline': [FROM_FILE]}, OTHER_BOX)])
def test_boxes_of_data(dataset, boxes):
    assert boxes_of_data(dataset) == boxes
