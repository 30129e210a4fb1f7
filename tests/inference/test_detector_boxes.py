"""The map from detector boxes to training boxes is found again, and measured."""

import numpy as np
import pytest

import mmwing
from mmwing.config import load_config
from mmwing.files import write_json
from mmwing.inference.detector_boxes import (
    BoxRelation,
    describe_relation,
    measure_detector,
    named_map,
    training_boxes,
)
from mmwing.runtime.boxes import LANDMARK_BOX
from mmwing.runtime.detectors import BoxMap

CONFIG = 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64'
OPTIONS = {'train_dataloader.dataset.num_samples': 40}


class OffsetDetector:
    """Knows where the faces are, and draws its boxes otherwise, with some noise."""

    def __init__(self, cfg):
        self.boxes = [box for _, box, _ in training_boxes(cfg, 'train')]
        self.random = np.random.default_rng(0)
        self.calls = 0

    def detect(self, rgb):
        box = self.boxes[self.calls]
        self.calls += 1
        if self.calls == 3:
            return np.empty((0, 4)), np.empty(0)
        side = (box[2] - box[0]) / 0.8
        centre = (box[:2] + box[2:]) / 2 - np.array([0.05, 0.1]) * side
        centre += self.random.normal(0, 0.02, 2) * side
        half = side / 2 * np.array([0.8, 1.25])  # taller than wide, same area
        found = np.concatenate([centre - half, centre + half])
        return np.stack([found + 500, found]), np.array([0.9, 0.8])


@pytest.fixture(scope='module')
def relation():
    cfg = load_config(CONFIG, OPTIONS)
    return measure_detector(OffsetDetector(cfg), training_boxes(cfg, 'train'))


def test_training_boxes_are_those_of_the_crop():
    cfg = load_config(CONFIG, OPTIONS)
    pairs = list(training_boxes(cfg, 'train', number=3))
    dataset = mmwing.registry.DATASETS.build(
        {**cfg.train_dataloader.dataset, 'pipeline': []})
    for (image, box, image_id), index in zip(pairs, (0, 19, 39), strict=True):
        info = dataset.get_data_info(index)
        np.testing.assert_array_equal(image, info['img'])
        np.testing.assert_allclose(box, info['bbox'][0], rtol=1e-5)
        assert image_id == info['img_id']


def test_the_map_is_found_again(relation):
    box_map = relation.fit()
    np.testing.assert_allclose(box_map.shift, (0.05, 0.1), atol=0.01)
    assert box_map.scale == pytest.approx(0.8, abs=0.005)
    assert relation.found.sum() == 39 and relation.others == 39


def test_a_map_names_the_data_and_the_boxes_that_it_was_fitted_to(relation):
    cfg = load_config(CONFIG, OPTIONS)
    assert named_map(relation.fit(), cfg, 'train') == BoxMap(
        relation.fit().shift, relation.fit().scale, '300w', LANDMARK_BOX)
    cfg.train_dataloader.dataset.bbox_scale = 1.25
    other = named_map(relation.fit(), cfg, 'train')
    assert other.boxes == '1.25 times the landmark box'
    assert named_map(relation.fit(), cfg, 'val').boxes == LANDMARK_BOX


def test_what_the_map_leaves_is_the_noise(relation):
    errors = relation.errors(relation.fit())
    assert errors.shape == (39, 4)
    np.testing.assert_allclose(errors[:, :2].std(0), 0.02 / 0.8, rtol=0.4)
    np.testing.assert_allclose(errors[:, 2], 1, atol=0.01)
    assert errors[:, 3].min() > 0.8
    text = describe_relation(relation, relation.fit())
    assert '39 of 40 faces found, 39 other boxes' in text


def test_the_boxes_can_be_tested_with(relation, tmp_path):
    """Mapped, in the form that a test reads, one for each face that was found."""
    write_json(tmp_path / 'boxes.json', relation.detections(relation.fit()))
    boxes = mmwing.BoxFromFile(tmp_path / 'boxes.json')
    found = [boxes.find(dict(id=0, img_id=image, bbox=box[None])) for image, box in zip(
        relation.images, relation.trained, strict=True)]
    assert [box is None for box in found].count(True) == 1 and found[2] is None
    for index in (0, 1, 3):
        np.testing.assert_allclose(
            found[index], relation.fit()(relation.detected[index:index + 1])[0],
            rtol=1e-5)


def test_no_face_found():
    relation = BoxRelation(np.full((3, 4), np.nan), np.ones((3, 4)), 0, [1, 2, 3])
    with pytest.raises(ValueError, match='none of the 3 faces'):
        relation.fit()


def test_configs_that_do_not_crop_by_boxes():
    cfg = load_config(CONFIG, OPTIONS)
    cfg.train_dataloader.dataset.pipeline = [dict(type='PackPoseInputs')]
    with pytest.raises(ValueError, match='no GetBBoxCenterScale'):
        next(training_boxes(cfg, 'train'))
    cfg.val_dataloader = None
    with pytest.raises(ValueError, match='no val_dataloader'):
        next(training_boxes(cfg, 'val'))
