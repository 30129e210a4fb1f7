"""The record that a training keeps, over interruptions."""

from dataclasses import replace

import pytest

from mmwing.config import build_runner, load_config
from mmwing.evaluation import read_record, write_record

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
