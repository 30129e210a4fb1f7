"""Plans, budgets, and files of results."""

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest

from mmwing.comparison import (
    Budget,
    Study,
    Variant,
    choose_lrs,
    plan_finals,
    read_results,
    run_jobs,
    set_epochs,
    set_iters,
    write_result,
)
from mmwing.comparison.jobs import job_environment
from mmwing.comparison.study import config_hash
from mmwing.config import load_config
from mmwing.resources import config_path

CNN6 = 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64'
PAPER = 'td-reg_cnn6_wing_1xb8-120k_300w-64x64'


def test_a_result_comes_back_as_it_was(make_result, tmp_path):
    result = make_result(loss='no blur', words=['a.b=1'], run_hash='x')
    result.errors[:2] = math.nan, math.inf
    write_result(result, tmp_path / 'one.json')
    found, = read_results(tmp_path)
    np.testing.assert_array_equal(found.errors, result.errors)
    assert {**vars(found), 'errors': 0} == {**vars(result), 'errors': 0}
    assert found.variant.options == {'a.b': 1}


def test_a_result_of_an_older_version_can_be_read(make_result, tmp_path):
    write_result(make_result(), tmp_path / 'one.json')
    content = json.loads((tmp_path / 'one.json').read_text())
    for key in ('iters', 'words', 'run_hash'):
        del content[key]
    (tmp_path / 'one.json').write_text(json.dumps(content))
    assert str(read_results(tmp_path)[0].variant) == 'WingLoss'


def test_a_longer_schedule_reaches_the_same_end():
    cfg = load_config(CNN6)
    set_epochs(cfg, 48)
    assert cfg.train_cfg.max_epochs == 48
    assert (cfg.param_scheduler[1].end, cfg.param_scheduler[1].T_max) == (48, 47)
    assert cfg.param_scheduler[0].end == 1
    with pytest.raises(ValueError, match='--epochs'):
        set_iters(cfg, 100)


def test_a_shorter_training_by_iterations_decays_as_far():
    cfg = load_config(PAPER)
    set_iters(cfg, 1000)
    assert cfg.param_scheduler[0].gamma**1000 == pytest.approx(0.01)
    assert cfg.train_cfg.max_iters == 1000 == cfg.train_cfg.val_interval
    with pytest.raises(ValueError, match='--iters'):
        set_epochs(cfg, 2)


def make_study(tmp_path, small, **kwargs):
    return Study(CNN6, tmp_path / 'work', tmp_path / 'results', 2, small, **kwargs)


def test_the_config_is_named_so_that_another_reader_can_give_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    copy = tmp_path / 'mine' / f'{CNN6}.py'
    copy.parent.mkdir()
    copy.write_text(Path(config_path(CNN6)).read_text(encoding='utf-8'))

    def name(config):
        return Study(str(config), tmp_path, tmp_path).name

    assert name(CNN6) == name(config_path(CNN6)) == CNN6
    assert name(copy) == f'mine/{CNN6}.py'
    assert name('mmpose::some.py') == 'mmpose::some.py'
    (tmp_path / 'other').mkdir()
    monkeypatch.chdir(tmp_path / 'other')
    assert name(copy) == f'{CNN6}.py'  # no paths of a machine in committed results


def test_runs_of_a_stage_differ_in_what_is_compared_alone(tmp_path, small):
    variants = [Variant.parse('WingLoss'), Variant.labelled(
        'no flip test', ['model.test_cfg.flip_test=False'])]
    lrs = {'WingLoss': 1e-3, 'no flip test': None}
    plan = plan_finals(make_study(tmp_path, small), variants, lrs, [0, 1])
    # Seed by seed, so that a budget that runs out leaves whole seeds.
    assert [(result.loss, result.seed) for _, result in plan] == [
        ('WingLoss', 0), ('no flip test', 0), ('WingLoss', 1), ('no flip test', 1)]
    assert len({result.config_hash for _, result in plan}) == 1
    assert len({result.run_hash for _, result in plan}) == 4
    first, second = (job.cfg.to_dict() for job, _ in plan[:2])
    for cfg in (first, second):
        cfg['custom_hooks'].pop()
    second['model']['test_cfg']['flip_test'] = True
    assert first == second


def test_the_kernel_of_the_optimiser_is_no_part_of_what_is_compared(small):
    cfg = load_config(CNN6, small)
    fused = config_hash(cfg)
    del cfg.optim_wrapper.optimizer['fused']
    assert config_hash(cfg) == fused
    cfg.optim_wrapper.optimizer.type = 'SGD'
    assert config_hash(cfg) != fused


def test_a_variant_may_train_another_config(tmp_path, small):
    other = tmp_path / 'l1.py'
    other.write_text(f'_base_ = [{config_path(CNN6)!r}]\n'
                     "model = dict(head=dict(loss=dict(type='mmwing.L1Loss')))\n")
    variant = Variant.labelled('L1', [f'config:{other}'])
    (job, result), = plan_finals(make_study(tmp_path, small), [variant],
                                 {'L1': None}, [0])
    assert job.cfg.model.head.loss.type == 'mmwing.L1Loss'
    assert job.cfg.train_cfg.max_epochs == 2 == result.epochs


def test_a_result_of_something_else_is_not_taken(tmp_path, small, make_result):
    def plan(value):
        return plan_finals(make_study(tmp_path, small), [Variant.labelled(
            'x', [f'model.head.dropout={value}'])], {'x': None}, [0])

    (job, expected), = plan(0.1)
    write_result(expected, job.result)
    plan(0.1)
    with pytest.raises(ValueError, match='call the variant otherwise'):
        plan(0.2)


def test_the_best_learning_rate_is_chosen(make_result):
    results = [make_result(stage='tune', lr=lr, shift=shift)
               for lr, shift in ((1e-4, 0.02), (1e-3, 0.), (1e-2, math.inf))]
    assert choose_lrs(results) == {'WingLoss': 1e-3}
    with pytest.raises(ValueError, match='no finite NME'):
        choose_lrs(results[2:])


def test_the_budget_counts_finished_and_begun_runs_once(make_result, tmp_path):
    results, work = tmp_path / 'results', tmp_path / 'work'
    write_result(make_result(), results / 'a.json')
    for name, seconds in (('a', 1700), ('b', 900)):
        (work / name).mkdir(parents=True)
        (work / name / 'record.json').write_text(json.dumps({'cpu_seconds': seconds}))
    budget = Budget(0.8, results, work)
    assert budget.used() == pytest.approx(0.75)
    assert budget.is_left() and not Budget(0.7, results, work).is_left()


def test_no_run_begins_without_budget(tmp_path, small):
    plan = plan_finals(make_study(tmp_path, small), [Variant.parse('WingLoss')],
                       {'WingLoss': None}, [0])
    jobs = [job for job, _ in plan]
    assert run_jobs(jobs, 1, str, lambda text: None, may_start=lambda: False) == []
    assert not (tmp_path / 'work').exists()


def test_runs_take_the_gpus_in_turn():
    def devices(slot, processes=1):
        return job_environment(slot, ['3', '5', '7', '8'], processes)[
            'CUDA_VISIBLE_DEVICES']

    assert [devices(slot) for slot in range(5)] == ['3', '5', '7', '8', '3']
    assert [devices(slot, 2) for slot in range(3)] == ['3,5', '7,8', '3,5']
    assert job_environment(0)['OMP_NUM_THREADS'] == '1'


@pytest.mark.parametrize('kwargs', [dict(at_once=0), dict(at_once=1, processes=0)])
def test_impossible_numbers_of_runs(kwargs):
    with pytest.raises(ValueError, match='must be positive'):
        run_jobs([], finish=str, **kwargs)


def test_results_that_are_none_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='no result file'):
        read_results(tmp_path)
    Path(tmp_path, 'x.json').write_text('{}')
    with pytest.raises(ValueError, match=r'x\.json is no result'):
        read_results(tmp_path)
    assert os.listdir(tmp_path) == ['x.json']
