import csv
from types import SimpleNamespace

import pytest
from mmengine.registry import init_default_scope

from mmwing.config.box_sensitivity import (
    evaluate_box_errors,
    write_box_sensitivity,
)


class Runner:
    """Its error is the shift of the boxes that its dataloader asks for."""

    cfg = SimpleNamespace(test_dataloader={
        'dataset': {'type': 'A', 'pipeline': [
            {'type': 'LoadImage'}, {'type': 'GetBBoxCenterScale'}]}})
    seed = 0

    def __init__(self):
        self.test_dataloader = SimpleNamespace(dataset=SimpleNamespace(pipeline=None))
        self.test_loop = SimpleNamespace(dataloader=None)

    def build_dataloader(self, config, seed):
        return config

    def test(self):
        # The annotations are those of the runner's data set, the pipeline is not.
        assert self.test_dataloader.dataset.pipeline is None
        shift = self.test_loop.dataloader['dataset'].pipeline.transforms[2].shift
        return {'NME': 0.04 + shift, 'FR@0.1': shift}


def test_levels_are_tested_and_written(tmp_path):
    init_default_scope('mmpose')
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
