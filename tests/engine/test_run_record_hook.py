"""The record that a training keeps, over interruptions."""

import os
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config

from mmwing.config import build_runner, load_config
from mmwing.engine import RunRecordHook
from mmwing.engine.hooks import run_record_hook
from mmwing.engine.hooks.run_record_hook import BEFORE_DEVICE
from mmwing.evaluation import RunRecord, read_record, write_record
from mmwing.evaluation.run import Training

CNN6 = 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64'
OPTIONS = {
    'train_dataloader.dataset.num_samples': 16, 'train_dataloader.batch_size': 8,
    'train_dataloader.num_workers': 0, 'train_dataloader.persistent_workers': False,
    'val_dataloader.dataset.num_samples': 4, 'val_dataloader.num_workers': 0,
    'val_dataloader.persistent_workers': False, 'train_cfg.val_interval': 1,
    'model.backbone.widen_factor': 0.125, 'model.head.in_channels': 256,
    'model.head.hidden_channels': 16, 'randomness.seed': 5}


def make_runner(tmp_path, epochs=2, **options):
    cfg = load_config(CNN6, {**OPTIONS, 'train_cfg.max_epochs': epochs})
    cfg.merge_from_dict(options)
    cfg.work_dir = str(tmp_path / 'work')
    cfg.custom_hooks = [*(cfg.get('custom_hooks') or []), {
        'type': 'mmwing.RunRecordHook', 'checksum': True,
        'provenance': {'options': {'a.b': 1}}}]
    return build_runner(cfg)


def test_the_record_is_that_of_the_metric(tmp_path):
    runner = make_runner(tmp_path)
    runner.train()
    record = read_record(tmp_path / 'work')
    metric, = runner.val_evaluator.metrics
    assert list(record.names) == list(metric.record.names) and len(record) == 4
    assert record.nme == pytest.approx(metric.record.nme, rel=1e-5)
    assert record.landmarks.shape == (4, 68)
    source = record.provenance
    assert (source.config, source.loss, source.seed) == (CNN6, 'WingLoss', 5)
    assert source.options == {'a.b': 1} and source.date and source.versions['torch']
    training = record.training
    assert training.finished and (training.epochs, training.iters) == (2, 0)
    assert training.lr == runner.cfg.optim_wrapper.optimizer.lr
    assert [(point['epoch'], point['iter']) for point in training.curve] == [
        (1, 2), (2, 4)]
    assert record.learning_curve()[-1][1] == pytest.approx(record.nme, rel=1e-5)
    assert len(training.batches) == 2 and len(set(training.batches)) == 2
    assert training.cpu_seconds > 0
    runner.val()  # is no part of the training
    assert read_record(tmp_path / 'work').training == training


def test_a_resumed_training_is_one_record(tmp_path):
    """As if it had not stopped; the pictures of its epochs are those of one run."""
    make_runner(tmp_path).train()
    before = read_record(tmp_path / 'work')
    runner = make_runner(tmp_path, epochs=3, resume=True)
    runner.train()
    record = read_record(tmp_path / 'work')
    assert [point['epoch'] for point in record.training.curve] == [1, 2, 3]
    assert record.training.curve[:2] == before.training.curve
    assert record.training.batches[:2] == before.training.batches
    assert len(record.training.batches) == 3
    assert record.training.cpu_seconds > before.training.cpu_seconds
    # Its file is lost: what the first two epochs saw is not known.
    (tmp_path / 'work/run.json').unlink()
    make_runner(tmp_path, epochs=4, resume=True).train()
    assert read_record(tmp_path / 'work').training.batches[:3] == [None] * 3


def test_a_validation_alone_writes_nothing(tmp_path):
    runner = make_runner(tmp_path, **{'model.head.mean_shape': None})
    runner.val()
    assert not (tmp_path / 'work/run.json').exists()


def test_another_metric_cannot_be_recorded(tmp_path):
    runner = make_runner(tmp_path, val_evaluator=dict(
        _delete_=True, type='PCKAccuracy'))
    with pytest.raises(ValueError, match="needs a mmwing.Face.*'PCKAccuracy'"):
        runner.train()


def test_iterations_are_counted_where_the_config_counts_them(tmp_path):
    runner = make_runner(tmp_path, train_cfg=dict(
        _delete_=True, type='IterBasedTrainLoop', max_iters=3, val_interval=2),
        param_scheduler=[])
    runner.train()
    record = read_record(tmp_path / 'work')
    assert (record.training.epochs, record.training.iters) == (0, 3)
    assert [step for step, _ in record.learning_curve()] == [2, 3]


def test_a_validation_that_a_kill_came_before_is_made_good(tmp_path):
    """The checkpoint was written, its figures were not."""
    make_runner(tmp_path).train()
    whole = read_record(tmp_path / 'work')
    write_record(replace(whole, training=replace(
        whole.training, curve=whole.training.curve[:1], finished=False)),
        tmp_path / 'work' / 'run.json')
    make_runner(tmp_path, epochs=3, resume=True).train()
    curve = read_record(tmp_path / 'work').training.curve
    assert curve[:2] == whole.training.curve
    assert [point['epoch'] for point in curve] == [1, 2, 3]


@pytest.mark.parametrize('resident', [True, False])
def test_where_the_device_augments_the_faces_before_are_summed(resident, tmp_path):
    """Batches hold no pixels, or canvases, which are the same however they are cut."""
    runner = make_runner(tmp_path, augment_on_device=dict(resident=resident))
    runner.train()
    found = read_record(tmp_path / 'work').training.batches
    assert all(each.startswith(BEFORE_DEVICE) for each in found)
    assert len(found) == len(set(found)) == 2  # they are shuffled


def test_the_checksum_sees_landmarks_that_the_device_gets(tmp_path):
    """Label noise is drawn on the host; the canvas does not show it."""
    runner = make_runner(tmp_path, augment_on_device=dict(resident=True))
    hook = RunRecordHook(checksum=True)
    batch = next(iter(runner.train_dataloader))

    def checksum():
        hook.before_train_epoch(SimpleNamespace(
            iter=0, epoch=0, train_loop=SimpleNamespace(dataloader=())))
        hook.before_train_iter(runner, 0, batch)
        return hook._checksum

    before = checksum()
    assert checksum() == before
    face = batch['data_samples'][0]
    batch['data_samples'][0] = replace(face, keypoints=face.keypoints + 1)
    assert checksum() != before


def fake_runner(tmp_path, iteration=0):
    loop = SimpleNamespace(max_epochs=2, dataloader=(), val_begin=9, val_interval=1)
    return SimpleNamespace(
        work_dir=str(tmp_path), iter=iteration, epoch=0, train_loop=loop, val_loop=loop,
        cfg=Config(dict(optim_wrapper={})))


def test_an_epoch_of_which_nothing_was_summed_is_not_known(tmp_path):
    hook, runner = RunRecordHook(checksum=True), fake_runner(tmp_path)
    hook.before_train(runner)
    for batch in ({'other': torch.zeros(1)}, {'inputs': [torch.zeros(1)]}):
        hook.before_train_epoch(runner)
        hook.before_train_iter(runner, 0, batch)
        hook.after_train_epoch(runner)
    first, second = read_record(tmp_path).training.batches
    assert first is None and second is not None


def test_a_training_without_validation_is_refused_at_once(tmp_path):
    runner = make_runner(tmp_path, val_cfg=None, val_dataloader=None,
                         val_evaluator=None)
    with pytest.raises(ValueError, match='none .*by --no-validate.*custom_hooks'):
        runner.train()
    assert runner.iter == 0


def record_on_rank(rank, world, folder):
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        'gloo', init_method=f'file://{folder}/store', rank=rank, world_size=world)
    times = iter([100., 110. + 10 * rank])
    run_record_hook.time = SimpleNamespace(process_time=lambda: next(times))
    hook, runner = RunRecordHook(), fake_runner(folder, iteration=1)
    hook.before_train(runner)
    hook.after_train_epoch(runner)
    torch.distributed.barrier()
    os._exit(0)


def test_the_time_of_all_processes_counts(tmp_path):
    """And that of those before the training was resumed once."""
    write_record(RunRecord((), {}, (), training=Training(cpu_seconds=5.)),
                 tmp_path / 'run.json')
    torch.multiprocessing.start_processes(
        record_on_rank, args=(2, tmp_path), nprocs=2, start_method='fork')
    assert read_record(tmp_path).training.cpu_seconds == 5 + 10 + 20
