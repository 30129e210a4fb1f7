import copy
import json
from types import SimpleNamespace

import numpy as np
import pytest
from mmengine.config import Config

from mmwing.evaluation import FaceAlignmentMetric, Protocol, RunRecord, read_record
from mmwing.evaluation.report import write_report
from mmwing.evaluation.runner_report import (
    DatasetImages,
    add_face_metric,
    check_report,
    name_subsets,
    write_runner_report,
)
from mmwing.registry import METRICS


class PaintedFaces:
    """A data set whose images are no files."""

    def __len__(self):
        return 3

    def get_data_info(self, index):
        return {'img_path': f'painted/{index}',
                'img': np.full((4, 4, 3), index, np.uint8)}


def test_images_come_from_the_data_set_when_there_is_no_file():
    images = DatasetImages(PaintedFaces())
    assert (images('painted/2') == 2).all()
    assert images('painted/7') is None


def test_images_come_from_files(tmp_path):
    import cv2
    cv2.imwrite(str(tmp_path / 'a.png'), np.full((4, 4, 3), 9, np.uint8))
    assert (DatasetImages(None)(str(tmp_path / 'a.png')) == 9).all()


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


def make_runner(*metrics):
    return SimpleNamespace(
        test_evaluator=SimpleNamespace(metrics=list(metrics)),
        test_dataloader=SimpleNamespace(dataset=PaintedFaces()),
        cfg=Config({'model': {'head': {'loss': {'type': 'mmwing.WingLoss'}}},
                    'test_dataloader': {'dataset': {'ann_file': 'valid.json'}}}))


def test_report_of_a_runner(make_faces, tmp_path):
    metric = FaceAlignmentMetric()
    runner = make_runner(object(), metric)
    write_runner_report(runner, tmp_path / 'run')  # another process than the main one
    assert not (tmp_path / 'run').exists()
    metric.faces = make_faces()
    metric.record = RunRecord.of_faces(metric.faces, metric.protocol)
    write_runner_report(runner, tmp_path / 'run', config='of_a_test')
    assert 'of_a_test' in (tmp_path / 'run/report.html').read_text()
    source = read_record(tmp_path / 'run').provenance
    assert (source.config, source.loss, source.split) == (
        'of_a_test', 'WingLoss', 'valid.json')
    assert source.date.endswith('UTC') and 'torch' in source.versions


def test_runner_without_the_metric(tmp_path):
    with pytest.raises(ValueError, match='FaceAlignmentMetric'):
        write_runner_report(make_runner(), tmp_path)


def test_what_the_report_would_fail_on_is_refused_before_the_test(make_faces,
                                                                  tmp_path):
    write_report(make_faces(), tmp_path / 'other', Protocol(('box_width',)))
    by_box = make_runner(FaceAlignmentMetric(normalizer='box_width'))
    check_report(by_box, tmp_path / 'run', [tmp_path / 'other'])
    assert not (tmp_path / 'run').exists()
    with pytest.raises(FileNotFoundError, match='no record of a run'):
        check_report(by_box, tmp_path / 'run', [tmp_path / 'nowhere'])
    with pytest.raises(ValueError, match="no normalizer 'inter_ocular'"):
        check_report(make_runner(FaceAlignmentMetric()), tmp_path / 'run',
                     [tmp_path / 'other'])
    with pytest.raises(ValueError, match='FaceAlignmentMetric'):
        check_report(make_runner(), tmp_path / 'run')
    (tmp_path / 'other/mine.txt').write_text('keep')
    with pytest.raises(ValueError, match='mine.txt'):
        check_report(by_box, tmp_path / 'other')
