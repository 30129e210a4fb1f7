import csv
from types import SimpleNamespace

import pytest

from mmwing.evaluation.box_sensitivity import (
    evaluate_box_errors,
    with_box_error,
    write_box_sensitivity,
)


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


def test_wrapped_data_sets_are_reached():
    inner = loader()['dataset']
    changed = with_box_error(loader({'type': 'Concat', 'datasets': [
        {'type': 'mmwing.PoseSubset', 'dataset': inner}, inner]}), 0.1, 0)
    first, second = changed['dataset']['datasets']
    for pipeline in (first['dataset']['pipeline'], second['pipeline']):
        assert types(pipeline).count('mmwing.BoxError') == 1


def test_pipeline_without_box():
    with pytest.raises(ValueError, match='no pipeline.*GetBBoxCenterScale'):
        with_box_error(loader({'type': 'A', 'pipeline': [{'type': 'LoadImage'}]}), 0.1)


class Runner:
    """Its error is the shift of the boxes that its dataloader asks for."""

    cfg = SimpleNamespace(test_dataloader=loader())
    seed = 0

    def __init__(self):
        self.test_loop = SimpleNamespace(dataloader=None)

    def build_dataloader(self, config, seed):
        return config

    def test(self):
        shift = self.test_loop.dataloader['dataset']['pipeline'][2]['shift']
        return {'NME': 0.04 + shift, 'FR@0.1': shift}


def test_levels_are_tested_and_written(tmp_path):
    figures = evaluate_box_errors(Runner(), [0.0, 0.05])
    assert figures[0.05]['NME'] == pytest.approx(0.09)
    write_box_sensitivity(figures, tmp_path / 'run')
    assert {path.name for path in (tmp_path / 'run').iterdir()} == {
        'box_jitter.csv', 'box_jitter.png'}
    with (tmp_path / 'run/box_jitter.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row['NME']) for row in rows] == pytest.approx([0.04, 0.09])
    assert [float(row['box_error']) for row in rows] == [0, 0.05]


def test_bad_levels_and_figures(tmp_path):
    with pytest.raises(ValueError, match='levels is empty'):
        evaluate_box_errors(Runner(), [])
    with pytest.raises(ValueError, match='no NME to draw'):
        write_box_sensitivity({0.0: {'PCK': 1.0}}, tmp_path)
    assert not list(tmp_path.iterdir())
