"""Labels that are off by a constant are mended once, before anything else."""

from types import SimpleNamespace

import numpy as np
import pytest
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData
from mmpose.datasets.transforms import GetBBoxCenterScale, PackPoseInputs, RandomFlip
from mmpose.models.pose_estimators import TopdownPoseEstimator

from mmwing.datasets.transforms import FaceAffine, RandomFaceBox, RemoveLabelOffset
from mmwing.evaluation import FaceAlignmentMetric

OFFSET = (0.8, 0.3)


@pytest.fixture
def off(painted_sample):
    """Painted dots whose labels, and the box around them, lie beside them."""

    def make(seed=0):
        sample = painted_sample(seed)
        sample['keypoints_visible'] = np.ones((1, 5), np.float32)
        sample['keypoints'] = sample['keypoints'] + np.float32(OFFSET)
        low, high = sample['keypoints'].min(1), sample['keypoints'].max(1)
        sample['bbox'] = np.concatenate([low, high], 1)
        del sample['bbox_center'], sample['bbox_scale']
        sample.update(id=seed, bbox_score=np.ones(1, np.float32))
        return sample

    return make


def test_landmarks_and_boxes_move_by_the_offset(off):
    before = off()
    before['bbox_center'] = before['bbox'][:, :2].copy()
    kept = {key: np.array(value) for key, value in before.items() if key != 'img'}
    after = RemoveLabelOffset(OFFSET)(dict(before))
    for key, repeats in (('keypoints', 1), ('bbox', 2), ('bbox_center', 1)):
        np.testing.assert_allclose(after[key], kept[key] - np.tile(OFFSET, repeats),
                                   rtol=1e-6)
        assert after[key].dtype == np.float32
    for key, value in kept.items():  # in copies: data sets keep their annotation
        np.testing.assert_array_equal(before[key], value)


def test_a_number_is_the_offset_in_x_and_boxes_may_stay(off):
    before, after = off(), RemoveLabelOffset(2, move_boxes=False)(off())
    np.testing.assert_allclose(after['keypoints'], before['keypoints'] - [2, 0],
                               rtol=1e-6)
    np.testing.assert_array_equal(after['bbox'], before['bbox'])


def test_nothing_to_remove_and_nothing_annotated(off):
    before, after = off(), RemoveLabelOffset()(off())
    np.testing.assert_array_equal(after['keypoints'], before['keypoints'])
    # A face to predict: its box is a detector's.
    sample = off()
    del sample['keypoints']
    np.testing.assert_array_equal(RemoveLabelOffset(5.)(sample)['bbox'],
                                  off()['bbox'])


@pytest.mark.parametrize('flip_prob', [0., 1.])
def test_labels_lie_on_the_dots_in_mirrored_faces_and_others(off, dot_centres,
                                                             flip_prob):
    sample = GetBBoxCenterScale(padding=2.)(RemoveLabelOffset(OFFSET)(off()))
    np.random.seed(0)
    sample = FaceAffine((64, 64))(RandomFaceBox(flip_prob=flip_prob)(sample))
    labels = sample['transformed_keypoints'][0]
    np.testing.assert_allclose(dot_centres(sample['img'], labels), labels,
                               atol=0.06)


@pytest.mark.parametrize('before', [
    RandomFlip(prob=1.), FaceAffine((64, 64))], ids=['mirrored', 'cropped'])
def test_comes_first(off, before):
    sample = before(GetBBoxCenterScale()(off()))
    with pytest.raises(ValueError, match='right behind the image loader'):
        RemoveLabelOffset(1.)(sample)


@pytest.mark.parametrize('offset', [(1., 2., 3.), float('nan'), (0., float('inf'))])
def test_bad_offsets(offset):
    with pytest.raises(ValueError, match='offset must be a number of pixels'):
        RemoveLabelOffset(offset)


def evaluate(off, remove, predict):
    """Figures of the metric where ``predict`` plays the network.

    It gets the packed sample and the network's input, and returns landmarks (1, K, 2)
    in pixels of the input, which MMPose maps back to the image.
    """
    evaluator = Evaluator(FaceAlignmentMetric(keypoint_indices=(0, 1),
                                              statistics=('median', 'p90')))
    for seed in range(6):
        sample = off(seed)
        for transform in ([RemoveLabelOffset(OFFSET)] if remove else []) + [
                GetBBoxCenterScale(padding=2.), FaceAffine((64, 64)),
                PackPoseInputs(pack_transformed=True)]:
            sample = transform(sample)
        packed = sample['data_samples']
        found = predict(packed, sample['inputs'].numpy().transpose(1, 2, 0))
        results = TopdownPoseEstimator.add_pred_to_datasample(
            SimpleNamespace(test_cfg={}),
            [InstanceData(keypoints=found, keypoint_scores=np.ones((1, 5)))], None,
            [packed])
        evaluator.process([result.to_dict() for result in results])
    return evaluator.evaluate(6)


def test_errors_are_those_of_labels_that_never_were_off(off):
    """What learnt its labels and is off by a constant has the same figures."""

    def learnt(packed, image):
        return packed.gt_instances.transformed_keypoints + [3., -1.]

    mended, shifted = (evaluate(off, remove, learnt) for remove in (True, False))
    assert mended['NME'] > 0.01
    assert set(mended) == set(shifted)
    for key, value in mended.items():
        assert value == pytest.approx(shifted[key], rel=1e-4), key


def test_what_finds_the_true_points_has_no_error(off, dot_centres):
    def exact(packed, image):
        near = packed.gt_instances.transformed_keypoints[0]
        return dot_centres(image, near)[None]

    assert evaluate(off, True, exact)['NME'] < 1e-3
    eyes = 55  # pixels between the two landmarks of the normaliser
    assert evaluate(off, False, exact)['NME'] == pytest.approx(
        np.hypot(*OFFSET) / eyes, rel=0.15)
