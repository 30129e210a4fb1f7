from types import SimpleNamespace

import numpy as np
import pytest
from mmengine.config import Config

from mmwing.evaluation import FaceAlignmentMetric
from mmwing.evaluation.runner_report import (
    DatasetImages,
    add_face_metric,
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


@pytest.mark.parametrize(('evaluator', 'expected'), [
    ({'type': 'NME'}, ['NME', 'mmwing.FaceAlignmentMetric']),
    ([{'type': 'mmwing.FaceAlignmentMetric'}], ['mmwing.FaceAlignmentMetric']),
])
def test_metric_is_added_only_where_it_is_missing(evaluator, expected):
    cfg = Config({'test_evaluator': evaluator})
    add_face_metric(cfg)
    assert [entry['type'] for entry in cfg.test_evaluator] == expected


def make_runner(*metrics):
    return SimpleNamespace(test_evaluator=SimpleNamespace(metrics=list(metrics)),
                           test_dataloader=SimpleNamespace(dataset=PaintedFaces()))


def test_report_of_a_runner(make_faces, tmp_path):
    metric = FaceAlignmentMetric()
    runner = make_runner(object(), metric)
    write_runner_report(runner, tmp_path / 'run')  # another process than the main one
    assert not (tmp_path / 'run').exists()
    metric.faces = make_faces()
    write_runner_report(runner, tmp_path / 'run', title='of a test')
    assert 'of a test' in (tmp_path / 'run/report.html').read_text()


def test_runner_without_the_metric(tmp_path):
    with pytest.raises(ValueError, match='FaceAlignmentMetric'):
        write_runner_report(make_runner(), tmp_path)
