import json

import numpy as np
import pytest

from mmwing.config.boxes import count_without_box, with_box_error, with_box_file


def loader(dataset=None):
    pipeline = [{'type': 'LoadImage'}, {'type': 'GetBBoxCenterScale'},
                {'type': 'TopdownAffine'}]
    return {'batch_size': 2,
            'dataset': dataset or {'type': 'A', 'pipeline': pipeline}}


def types(pipeline):
    return [step['type'] for step in pipeline]


def test_error_comes_behind_the_box_and_the_config_stays():
    plain = loader()
    changed = with_box_error(plain, 0.1, seed=4)
    assert types(changed['dataset']['pipeline']) == [
        'LoadImage', 'GetBBoxCenterScale', 'mmwing.BoxError', 'TopdownAffine']
    step = changed['dataset']['pipeline'][2]
    assert (step['shift'], step['scale'], step['seed']) == (0.1, 0.1, 4)
    assert plain == loader()


def test_file_comes_before_the_box_and_an_error_behind_both():
    changed = with_box_error(with_box_file(loader(), 'boxes.json', 'keep'), 0.1)
    assert types(changed['dataset']['pipeline']) == [
        'LoadImage', 'mmwing.BoxFromFile', 'GetBBoxCenterScale', 'mmwing.BoxError',
        'TopdownAffine']
    assert changed['dataset']['pipeline'][1] == {
        'type': 'mmwing.BoxFromFile', 'bbox_file': 'boxes.json', 'missing': 'keep'}


def test_wrapped_data_sets_are_reached():
    inner = loader()['dataset']
    changed = with_box_error(loader({'type': 'Concat', 'datasets': [
        {'type': 'mmwing.SubsetDataset', 'dataset': inner}, inner]}), 0.1, 0)
    first, second = changed['dataset']['datasets']
    for pipeline in (first['dataset']['pipeline'], second['pipeline']):
        assert types(pipeline).count('mmwing.BoxError') == 1


def test_pipeline_without_box():
    bare = loader({'type': 'A', 'pipeline': [{'type': 'LoadImage'}]})
    for change in (lambda: with_box_error(bare, 0.1),
                   lambda: with_box_file(bare, 'boxes.json')):
        with pytest.raises(ValueError, match='no pipeline.*GetBBoxCenterScale'):
            change()


class Faces:
    """Four faces with the ids 10 to 13."""

    def __len__(self):
        return 4

    def get_data_info(self, index):
        return {'id': 10 + index, 'img_id': index,
                'bbox': np.array([[0, 0, 9, 9]], np.float32)}


def test_faces_without_a_box_are_counted(tmp_path):
    path = tmp_path / 'boxes.json'
    path.write_text(json.dumps({'annotations': [
        {'id': identity, 'detector_bbox': [1, 1, 5, 5]} for identity in (10, 13)]}))
    assert count_without_box(Faces(), path, 'keep') == 2
    with pytest.raises(ValueError, match='no box for 2 of 4 faces.*id 11'):
        count_without_box(Faces(), path)
    path.write_text(json.dumps([{'image_id': index, 'bbox': [1, 1, 5, 5]}
                                for index in range(4)]))
    assert count_without_box(Faces(), path) == 0
