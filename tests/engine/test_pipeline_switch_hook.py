"""PipelineSwitchHook: when it switches, and through what."""

import logging
from types import SimpleNamespace

import pytest
from mmengine.dataset import BaseDataset, ConcatDataset, RepeatDataset
from mmengine.logging import MMLogger
from torch.utils.data import DataLoader

from mmwing.engine import PipelineSwitchHook


class Numbers(BaseDataset):
    def load_data_list(self):
        return [dict(value=value) for value in range(4)]


def make_runner(dataset, **loader):
    return SimpleNamespace(
        epoch=0, max_epochs=4, train_loop=None, logger=MMLogger.get_current_instance(),
        train_dataloader=DataLoader(dataset, collate_fn=list, **loader))


def epoch(runner):
    return [sample.get('new') for batch in runner.train_dataloader for sample in batch]


def mark(results):
    return {**results, 'new': True}


@pytest.mark.parametrize('wrap', [
    lambda dataset: dataset,
    lambda dataset: RepeatDataset(dataset, 1),
    lambda dataset: ConcatDataset([dataset, Numbers(pipeline=[])])])
@pytest.mark.parametrize('loader', [{}, dict(num_workers=1, persistent_workers=True)])
def test_switches_when_the_epoch_has_come(wrap, loader):
    runner = make_runner(wrap(Numbers(pipeline=[])), **loader)
    hook = PipelineSwitchHook(2, [mark])
    hook.before_train(runner)
    for number, expected in enumerate((None, None, True, True)):
        runner.epoch = number
        hook.before_train_epoch(runner)
        assert set(epoch(runner)) == {expected}


def test_a_resumed_run_switches_too():
    runner = make_runner(Numbers(pipeline=[]))
    runner.epoch = 7
    PipelineSwitchHook(2, [mark]).before_train_epoch(runner)
    assert epoch(runner) == [True] * 4


def test_a_data_set_without_pipeline_is_refused_before_the_training():
    hook = PipelineSwitchHook(2, [mark])
    with pytest.raises(ValueError, match='list has no pipeline'):
        hook.before_train(make_runner([1, 2]))


def test_a_switch_that_never_comes_is_told(caplog):
    runner = make_runner(Numbers(pipeline=[]))
    runner.logger = logging.getLogger('a training')
    PipelineSwitchHook(3, [mark]).before_train(runner)
    assert not caplog.records
    PipelineSwitchHook(4, [mark]).before_train(runner)
    assert 'switch_epoch=4 is beyond the 4 epochs' in caplog.text


def test_negative_epoch():
    with pytest.raises(ValueError, match='switch_epoch must not be negative, got -1'):
        PipelineSwitchHook(-1, [])
