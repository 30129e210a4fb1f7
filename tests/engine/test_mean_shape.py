"""The mean shape of a data set, computed from its labels."""

import random

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from mmwing.engine import compute_mean_shape


class Labels(torch.utils.data.Dataset):
    """Labels and weights, with noise drawn as pipelines draw it."""

    def __init__(self, labels, weights, noise=0.):
        self.labels, self.weights, self.noise = labels, weights, noise
        self.seen = []

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        self.seen.append(index)
        sample = PoseDataSample()
        draws = random.random() + np.random.rand() + torch.rand(()).item()
        labels = self.labels[index][None] + self.noise * draws
        sample.gt_instance_labels = InstanceData(
            keypoint_labels=torch.from_numpy(labels).float(),
            keypoint_weights=torch.from_numpy(self.weights[index][None]).float())
        return {'inputs': None, 'data_samples': sample}


@pytest.fixture
def labels():
    return np.random.default_rng(0).uniform(-0.2, 1.2, (40, 6, 2))


def test_only_annotated_landmarks_count(labels):
    weights = np.random.default_rng(1).integers(0, 2, (40, 6))
    weights[:, 4] = 0
    labels[weights == 0] = np.nan
    got = compute_mean_shape(Labels(labels, weights))
    expected = np.nanmean(labels[:, [0, 1, 2, 3, 5]], axis=0)
    np.testing.assert_allclose(got[[0, 1, 2, 3, 5]], expected, rtol=1e-5)
    np.testing.assert_allclose(got[4], expected.mean(0), rtol=1e-5)
    assert got.dtype == np.float32


@pytest.mark.parametrize('num_samples, count', [(1, 1), (7, 7), (40, 40), (99, 40),
                                                (None, 40)])
def test_looks_at_evenly_spaced_items(labels, num_samples, count):
    dataset = Labels(labels, np.ones((40, 6)))
    compute_mean_shape(dataset, num_samples)
    assert len(set(dataset.seen)) == len(dataset.seen) == count
    if count > 1:
        assert (dataset.seen[0], dataset.seen[-1]) == (0, 39)
        assert np.ptp(np.diff(dataset.seen)) <= 1


def test_repeats_itself_and_leaves_random_states_alone(labels):
    dataset = Labels(labels, np.ones((40, 6)), noise=0.1)

    def seed():
        random.seed(11)
        np.random.seed(12)
        torch.manual_seed(13)

    def draw():
        return random.random(), np.random.rand(), torch.rand(()).item()

    seed()
    expected = draw()
    seed()
    first = compute_mean_shape(dataset)
    assert draw() == expected
    np.testing.assert_array_equal(first, compute_mean_shape(dataset))
    assert (first != compute_mean_shape(dataset, seed=1)).any()


@pytest.mark.parametrize('count, weight, message', [
    (0, 1, 'the data set is empty'), (40, 0, 'none of the 40 items')])
def test_nothing_to_average(labels, count, weight, message):
    with pytest.raises(ValueError, match=message):
        compute_mean_shape(Labels(labels[:count], np.full((count, 6), weight)))


def test_items_of_different_numbers_of_landmarks():
    labels = [np.zeros((6, 2)), np.zeros((5, 2))]
    with pytest.raises(ValueError, match='item 1 .* 5 landmarks.* have 6'):
        compute_mean_shape(Labels(labels, [np.ones(6), np.ones(5)]))
