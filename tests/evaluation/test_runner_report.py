from types import SimpleNamespace

import numpy as np
import pytest
from mmengine.config import Config

from mmwing.evaluation import FaceAlignmentMetric, Protocol, RunRecord, read_record
from mmwing.evaluation.report import write_report
from mmwing.evaluation.runner_report import (
    DatasetImages,
    check_report,
    write_runner_report,
)


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
