import copy
import json

import pytest
from mmengine.config import Config

from mmwing.config.face_metric import add_face_metric, name_subsets
from mmwing.registry import METRICS


@pytest.mark.parametrize(('evaluator', 'normalizer'), [
    ({'type': 'NME', 'norm_mode': 'keypoint_distance'}, 'inter_ocular'),
    ({'type': 'NME', 'norm_mode': 'use_norm_item', 'norm_item': 'bbox_size'},
     'box_longer_side'),
    ([{'type': 'PCK'}, {'type': 'NME', 'norm_mode': 'use_norm_item',
                        'norm_item': 'box_size'}], 'item:box_size'),
])
def test_metric_is_added_where_it_is_missing(evaluator, normalizer):
    cfg = Config({'test_evaluator': evaluator})
    add_face_metric(cfg)
    *given, added = cfg.test_evaluator
    assert given == (evaluator if isinstance(evaluator, list) else [evaluator])
    metric = METRICS.build(dict(added))
    assert metric.protocol.normalizers == (normalizer,)
    # MMEngine refuses two metrics with one key, and MMPose's has no prefix.
    assert metric.prefix == 'face'


def test_metric_that_is_there_stays_alone():
    cfg = Config({'test_evaluator': [{'type': 'mmwing.FaceAlignmentMetric'}]})
    add_face_metric(cfg)
    assert cfg.test_evaluator == [{'type': 'mmwing.FaceAlignmentMetric'}]


def face_config(root, fields, **dataset):
    (root / 'faces.json').write_text(json.dumps({'annotations': [
        {'id': 0}, {'id': 1, **fields}]}))
    return Config({'test_dataloader': {'dataset': {
        'type': 'WFLWDataset', 'data_root': str(root), 'ann_file': 'faces.json',
        'pipeline': [{'type': 'LoadImage'}, {'type': 'PackPoseInputs'}], **dataset}}})


def test_subsets_of_the_annotations_are_named(tmp_path):
    cfg = face_config(tmp_path, {'subsets': ['pose']})
    plain = cfg.test_dataloader.dataset
    name_subsets(cfg)
    assert cfg.test_dataloader.dataset == {'type': 'mmwing.SubsetDataset',
                                           'dataset': plain}
    again = copy.deepcopy(cfg)
    name_subsets(again)
    assert again.to_dict() == cfg.to_dict()


@pytest.mark.parametrize('change', [
    {'ann_file': 'nowhere.json'},
    {'bbox_file': 'boxes.json'},
    {'pipeline': [{'type': 'PackPoseInputs', 'meta_keys': ['img_id']}]}])
def test_data_sets_that_cannot_name_subsets_stay(tmp_path, change):
    cfg = face_config(tmp_path, {'subsets': ['pose']}, **change)
    before = copy.deepcopy(cfg)
    name_subsets(cfg)
    assert cfg.to_dict() == before.to_dict()
    cfg = face_config(tmp_path, {})
    name_subsets(cfg)
    assert cfg.test_dataloader.dataset.type == 'WFLWDataset'
