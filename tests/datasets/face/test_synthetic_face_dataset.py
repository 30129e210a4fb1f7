import copy
import pickle

import numpy as np
import pytest

import mmwing  # noqa: F401  (prepares the stack, hence before mmpose)

# isort: split
from mmengine.dataset import pseudo_collate
from mmpose.evaluation.metrics import NME
from mmpose.registry import DATASETS as MMPOSE_DATASETS
from mmpose.utils import register_all_modules
from torch.utils.data import DataLoader

from mmwing.datasets.face import SyntheticFaceDataset, synthetic_face_dataset
from mmwing.datasets.face.painter import face_landmarks

PIPELINE = [
    {'type': 'LoadImage'},
    {'type': 'GetBBoxCenterScale', 'padding': 1.0},
    {'type': 'TopdownAffine', 'input_size': (64, 64)},
    {'type': 'GenerateTarget',
         'encoder': {'type': 'RegressionLabel', 'input_size': (64, 64)}},
    {'type': 'PackPoseInputs'},
]


@pytest.fixture
def no_painting(monkeypatch):
    def refuse(*args):
        raise AssertionError('painted a face')

    def install():
        monkeypatch.setattr(synthetic_face_dataset, 'paint_face', refuse)

    return install


def test_fields_follow_mmpose_face_data_sets():
    dataset = SyntheticFaceDataset(3, seed=1, image_size=96, bbox_scale=1.25)
    info = dataset[2]
    assert info['img'].shape == (96, 96, 3) and info['img'].dtype == np.uint8
    assert info['keypoints'].shape == (1, 68, 2)
    assert info['keypoints'].dtype == np.float32
    assert info['keypoints_visible'].shape == (1, 68)
    assert (info['keypoints_visible'] == 1).all()
    assert info['bbox'].shape == (1, 4) and info['bbox_score'].shape == (1,)
    assert info['id'] == info['img_id'] == 2 and info['category_id'] == 1
    low, high = info['keypoints'][0].min(0), info['keypoints'][0].max(0)
    x1, y1, x2, y2 = info['bbox'][0]
    np.testing.assert_allclose([(x1 + x2) / 2, (y1 + y2) / 2], (low + high) / 2,
                               rtol=1e-5)
    np.testing.assert_allclose([x2 - x1, y2 - y1], 1.25 * (high - low).max(),
                               rtol=1e-5)
    np.testing.assert_allclose(info['box_size'], np.sqrt(np.prod(high - low)),
                               rtol=1e-5)
    assert dataset.metainfo['dataset_name'] == '300w'


def test_annotations_need_no_painting(no_painting):
    no_painting()
    dataset = SyntheticFaceDataset(5)
    assert len(dataset) == len(dataset.load_data_list()) == 5
    with pytest.raises(AssertionError, match='painted'):
        dataset[0]


def test_runs_through_mmpose_pipeline_and_workers():
    register_all_modules()  # makes 'mmpose' the default scope, as a config does
    dataset = MMPOSE_DATASETS.build({
        'type': 'mmwing.SyntheticFaceDataset', 'num_samples': 6, 'pipeline': PIPELINE})
    loader = DataLoader(dataset, batch_size=3, num_workers=2,
                        collate_fn=pseudo_collate)
    batches = list(loader)
    assert len(batches) == 2
    for position, batch in enumerate(batches):
        for k, sample in enumerate(batch['data_samples']):
            inputs = batch['inputs'][k]
            assert tuple(inputs.shape) == (3, 64, 64)
            label = sample.gt_instance_labels.keypoint_labels.numpy()[0]
            info = dataset.get_data_info(3 * position + k)
            corner, side = info['bbox'][0, :2], np.ptp(info['bbox'][0, [0, 2]])
            # MMPose's warp maps the box to pixel centres [0, 63] or corners
            # [0, 64]; they differ by less than a pixel.
            expected = (info['keypoints'][0] - corner) / side
            np.testing.assert_allclose(label, expected, atol=1 / 64)


def test_mmpose_nme_is_zero_for_the_truth():
    metric = NME(norm_mode='keypoint_distance')
    dataset = SyntheticFaceDataset(4, test_mode=True)
    metric.dataset_meta = dataset.metainfo
    for info in dataset:
        gt = {'keypoints': info['keypoints'],
                  'keypoints_visible': info['keypoints_visible']}
        metric.process([], [{'gt_instances': gt, 'pred_instances': gt}])
    assert metric.evaluate(4)['NME'] == 0


@pytest.mark.parametrize('serialize_data', [True, False])
def test_subsets_keep_their_pictures(serialize_data):
    whole = SyntheticFaceDataset(6, seed=3, serialize_data=serialize_data, cache=True)
    subset = whole.get_subset([4, 1])
    chosen = SyntheticFaceDataset(6, seed=3, indices=[4, 1],
                                  serialize_data=serialize_data)
    for part in (subset, chosen):
        assert len(part) == 2
        for k, index in enumerate((4, 1)):
            assert part[k]['img_id'] == index
            np.testing.assert_array_equal(part[k]['img'], whole[index]['img'])
            np.testing.assert_array_equal(part[k]['keypoints'][0],
                                          face_landmarks(3, index).astype(np.float32))


def test_cache_gives_the_same_pictures_and_cannot_be_spoilt():
    plain = SyntheticFaceDataset(3)
    cached = SyntheticFaceDataset(3, cache=True)
    for _ in range(3):
        for index in range(3):
            picture = cached[index]['img']
            np.testing.assert_array_equal(picture, plain[index]['img'])
            picture[:] = 0


def test_workers_fill_the_cache_for_everyone(no_painting):
    dataset = SyntheticFaceDataset(4, cache=True)
    loader = DataLoader(dataset, batch_size=1, num_workers=2,
                        multiprocessing_context='fork', collate_fn=pseudo_collate)
    painted = {int(batch['img_id'][0]): batch['img'][0] for batch in loader}
    no_painting()
    for index in range(4):
        np.testing.assert_array_equal(dataset[index]['img'], painted[index])


@pytest.mark.parametrize('clone', [copy.deepcopy,
                                   lambda d: pickle.loads(pickle.dumps(d))])
def test_data_set_can_be_copied_and_sent_to_another_process(clone):
    dataset = SyntheticFaceDataset(2, cache=True)
    np.testing.assert_array_equal(clone(dataset)[1]['img'], dataset[1]['img'])


def test_pictures_are_not_sent_along_to_another_process():
    dataset = SyntheticFaceDataset(50, cache=True)
    assert len(pickle.dumps(dataset)) < 50 * 128 * 128


def test_mean_shape_in_the_box_is_far_off():
    """There is something to learn: pose and expression are not in the box."""
    truth = np.stack([d['keypoints'][0] for d in
                      SyntheticFaceDataset(300).load_data_list()])
    low = truth.min(1, keepdims=True)
    size = (truth.max(1, keepdims=True) - low).max(-1, keepdims=True)
    mean = ((truth - low) / size).mean(0)
    error = np.linalg.norm(low + mean * size - truth, axis=-1).mean(1)
    ocular = np.linalg.norm(truth[:, 36] - truth[:, 45], axis=-1)
    assert (error / ocular).mean() > .1


@pytest.mark.parametrize('arguments, error, message', [
    ({'num_samples': 0}, ValueError, 'num_samples'),
    ({'num_samples': 2.5}, TypeError, 'num_samples'),
    ({'num_samples': True}, TypeError, 'num_samples'),
    ({'seed': -1}, ValueError, 'seed'),
    ({'seed': 'a'}, TypeError, 'seed'),
    ({'image_size': 8}, ValueError, 'image_size'),
    ({'image_size': (128, 128)}, TypeError, 'image_size'),
    ({'bbox_scale': 0}, ValueError, 'bbox_scale'),
    ({'bbox_scale': float('nan')}, ValueError, 'bbox_scale'),
    ({'bbox_scale': 'big'}, TypeError, 'bbox_scale'),
    ({'cache': 'no'}, TypeError, 'cache must be True or False'),
    ({'indices': 0}, ValueError, 'indices leaves no sample'),
    ({'data_mode': 'bottomup'}, ValueError, 'data_mode'),
    ({'ann_file': 'x.json'}, TypeError, 'ann_file'),
    ({'num_samples': 2**31, 'image_size': 2**13, 'cache': True}, ValueError, 'cache'),
])
def test_bad_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        SyntheticFaceDataset(**{'num_samples': 2, **arguments})
