"""Rare poses are repeated as often as the rule says; nothing is lost."""

import os
from pathlib import Path

import mmpose
import numpy as np
import pytest
from mmengine.dataset import DefaultSampler
from mmengine.dataset import sampler as sampler_module

from mmwing.datasets.wrappers import PoseBalancedDataset
from mmwing.registry import DATASETS


@pytest.fixture
def heads(turned_heads, heads_dataset):
    """Many frontal heads, few turned ones."""
    yaw = np.random.default_rng(5).normal(0, 20, 300).clip(-70, 70)
    return heads_dataset(turned_heads(yaw))


@pytest.mark.parametrize('absolute', [True, False])
def test_repeats_follow_the_rule(heads, absolute):
    balanced = PoseBalancedDataset(heads, absolute=absolute)
    counts, edges = np.histogram(balanced.pose, bins=9)
    np.testing.assert_allclose(balanced.bin_edges, edges)
    np.testing.assert_array_equal(np.bincount(balanced.bins, minlength=9), counts)
    for index in range(len(heads)):
        assert balanced.repeats[index] == int(
            counts.max() / counts[balanced.bins[index]] + 0.5)
    assert len(balanced) == balanced.repeats.sum()
    assert (balanced.pose >= 0).all() == absolute


def test_the_turned_are_repeated(turned_heads, heads_dataset):
    yaw = np.concatenate([np.linspace(-10, 10, 100), [60, -60]])
    balanced = PoseBalancedDataset(heads_dataset(turned_heads(yaw)))
    assert (balanced.repeats[-2:] > 10).all()
    assert balanced.repeats[:100].mean() < 5


def test_each_sample_is_there_in_order(heads):
    balanced = PoseBalancedDataset(heads)
    seen = [balanced.get_data_info(index)['sample'] for index in range(len(balanced))]
    np.testing.assert_array_equal(seen, np.repeat(np.arange(300), balanced.repeats))
    assert balanced[len(balanced) - 1]['sample'] == 299
    assert balanced.get_cat_ids(len(balanced) - 1) == [299]


def test_half_rounds_up(turned_heads, heads_dataset):
    # 5 / 2 = 2.5 is three repeats in MATLAB, and two by Python's rounding.
    yaw = [0, 0, 0, 0, 0, 50, 50]
    balanced = PoseBalancedDataset(
        heads_dataset(turned_heads(yaw, noise=0)), num_bins=2, mode=0, absolute=False)
    np.testing.assert_array_equal(balanced.repeats, [1, 1, 1, 1, 1, 3, 3])


def test_limit_of_repeats(heads):
    free, limited = (PoseBalancedDataset(heads, max_repeats=limit)
                     for limit in (None, 3))
    assert free.repeats.max() > 3
    np.testing.assert_array_equal(limited.repeats, np.minimum(free.repeats, 3))


def test_chosen_mode(heads):
    assert PoseBalancedDataset(heads).pose_mode == 0
    second = PoseBalancedDataset(heads, mode=1)
    assert second.pose_mode == 1
    assert not np.array_equal(second.repeats, PoseBalancedDataset(heads).repeats)


def test_repeatable(heads):
    first, second = PoseBalancedDataset(heads), PoseBalancedDataset(heads)
    assert first.repeat_indices == second.repeat_indices


@pytest.mark.parametrize('processes', [2, 3])
def test_distributed_sampler_covers_all(heads, monkeypatch, processes):
    balanced = PoseBalancedDataset(heads)
    drawn = []
    for rank in range(processes):
        monkeypatch.setattr(sampler_module, 'get_dist_info', lambda r=rank: (r,
                                                                           processes))
        drawn.append(list(DefaultSampler(balanced, shuffle=True, seed=0)))
    assert len({len(part) for part in drawn}) == 1
    assert set(np.concatenate(drawn)) == set(range(len(balanced)))


def test_metainfo_is_the_data_sets(heads, flip_indices):
    assert PoseBalancedDataset(heads).metainfo['flip_indices'] == flip_indices


def test_lazy(turned_heads, heads_dataset):
    heads = heads_dataset(turned_heads([0, 10, 50]), lazy_init=True)
    balanced = PoseBalancedDataset(heads, lazy_init=True)
    assert not hasattr(balanced, 'repeats')
    balanced.full_init()
    assert len(balanced) >= 3


def test_from_a_config():
    balanced = DATASETS.build(dict(
        type='mmwing.PoseBalancedDataset',
        dataset=dict(type='mmwing.SyntheticFaceDataset', num_samples=12)))
    assert len(balanced) >= 12
    assert balanced.metainfo['dataset_name'] == '300w'


def test_unannotated_samples_appear_once(turned_heads, heads_dataset):
    visible = np.ones((50, 20))
    visible[7] = 0
    visible[9, 2:] = 0
    heads = heads_dataset(turned_heads(np.linspace(-40, 40, 50)), visible)
    with pytest.warns(UserWarning, match='2 of 50 samples'):
        balanced = PoseBalancedDataset(heads)
    np.testing.assert_array_equal(balanced.repeats[[7, 9]], 1)
    np.testing.assert_array_equal(np.flatnonzero(balanced.bins < 0), [7, 9])


def test_visibility_with_a_weight(turned_heads, heads_dataset):
    shapes = turned_heads(np.linspace(-40, 40, 50))
    visible = np.ones((50, 20, 2))
    visible[..., 1] = 0.  # the weight is not the visibility
    plain = PoseBalancedDataset(heads_dataset(shapes))
    weighted = PoseBalancedDataset(heads_dataset(shapes, visible))
    np.testing.assert_array_equal(plain.repeats, weighted.repeats)


@pytest.mark.parametrize('count', [1, 20])
def test_one_shape_is_left_alone(turned_heads, heads_dataset, count):
    shapes = turned_heads([30])
    moved = [shapes[0] * (1 + index) + 10 * index for index in range(count)]
    with pytest.warns(UserWarning, match='nothing to balance'):
        balanced = PoseBalancedDataset(heads_dataset(np.stack(moved)))
    assert len(balanced) == count


def test_fewer_shapes_than_bins(turned_heads, heads_dataset):
    balanced = PoseBalancedDataset(heads_dataset(turned_heads([-50, 0, 1, 2, 50])),
                                   absolute=False)
    assert (balanced.repeats >= 1).all()
    assert len(balanced) < 3 * 5


def test_no_pose_at_all(turned_heads, heads_dataset):
    heads = heads_dataset(turned_heads([0, 1]), np.zeros((2, 20)))
    with pytest.raises(ValueError, match='none of 2 shapes'):
        PoseBalancedDataset(heads)


def test_no_flip_pairs(turned_heads, heads_dataset):
    heads = heads_dataset(turned_heads([0, 10, 30]), flip_indices=None)
    with pytest.raises(ValueError, match='flip_indices'):
        PoseBalancedDataset(heads)
    assert PoseBalancedDataset(heads, mode=0).pose_mode == 0


def test_several_faces_in_a_sample(turned_heads, heads_dataset):
    heads = heads_dataset(turned_heads([0, 10]))
    heads.get_data_info = lambda index: dict(keypoints=np.zeros((2, 20, 2)),
                                             img_path='group.jpg')
    with pytest.raises(ValueError, match=r'group\.jpg.*\(2, 20, 2\)'):
        PoseBalancedDataset(heads)


def test_mode_that_does_not_exist(heads):
    with pytest.raises(ValueError, match='less than 40 for 20 points, got 40'):
        PoseBalancedDataset(heads, mode=40)


@pytest.mark.parametrize('name, value', [
    ('num_bins', 0), ('num_bins', 2.5), ('num_bins', True), ('max_repeats', 0),
    ('mode', 'first'), ('mode', -1), ('mode', True)])
def test_bad_arguments_are_named(heads, name, value):
    with pytest.raises(ValueError, match=name):
        PoseBalancedDataset(heads, **{name: value})


@pytest.mark.skipif('MMWING_300W' not in os.environ, reason='needs real faces')
def test_real_faces():
    metainfo = Path(mmpose.__file__).parent / '.mim/configs/_base_/datasets/300w.py'
    balanced = DATASETS.build(dict(
        type='mmwing.PoseBalancedDataset',
        dataset=dict(
            type='mmpose.Face300WDataset', data_root=os.environ['MMWING_300W'],
            metainfo=dict(from_file=str(metainfo)),
            ann_file='annotations/face_landmarks_300w_valid.json',
            data_prefix=dict(img='images/'))))
    points = np.concatenate([balanced.dataset.get_data_info(index)['keypoints']
                             for index in range(len(balanced.dataset))])
    # Where the tip of the nose (30) lies between the two ends of the jaw (0, 16),
    # along the line that joins them.
    jaw = points[:, 16] - points[:, 0]
    nose = points[:, 30] - points[:, 0]
    turned = np.abs((nose * jaw).sum(1) / (jaw**2).sum(1) - 0.5)
    assert np.corrcoef(balanced.pose, turned)[0, 1] > 0.9
    assert balanced.repeats.max() > balanced.repeats.min() == 1


def test_a_flag_that_is_none_is_named(heads):
    with pytest.raises(TypeError, match="absolute must be True or False, got 'no'"):
        PoseBalancedDataset(heads, absolute='no')
