"""Plans, budgets, and files of results."""

import importlib.util
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config

from mmwing.comparison import (
    Budget,
    Study,
    Variant,
    choose_lrs,
    plan_finals,
    plan_tuning,
    read_results,
    results_path,
    run_jobs,
    run_stage,
    tunings,
    write_results,
)
from mmwing.comparison.jobs import Job, job_environment, visible_gpus
from mmwing.comparison.results import add_result
from mmwing.comparison.study import config_hash
from mmwing.config import load_config
from mmwing.evaluation import RunRecord, write_record
from mmwing.evaluation.run import Training
from mmwing.resources import config_path, tool_path

CNN6 = 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64'


def test_results_come_back_as_they_were(make_result, tmp_path):
    """In one file, faces by name, sorted by run, whatever order they came in."""
    errors = [math.nan, math.inf, 0.1, 0.25]
    first = make_result('no blur', 1, errors=errors, words=['a.b=1'], run_hash='x',
                        names=['d', 'c', 'b', 'a'], note='a note')
    others = [make_result(), make_result(stage='tune')]
    write_results([first, *others], tmp_path / 'study.jsonl')
    found = read_results(tmp_path / 'study.jsonl')
    assert [result.name for result in found] == [
        'final_WingLoss_lr0.001_seed0', 'final_no_blur_lr0.001_seed1',
        'tune_WingLoss_lr0.001_seed0']
    np.testing.assert_array_equal(found[1].errors, errors[::-1])
    assert list(found[1].record.names) == ['a', 'b', 'c', 'd']
    assert found[1].record.provenance == first.record.provenance
    assert found[1].curve == first.curve == [(1, 0.09), (2, 0.05)]
    assert found[1].training.batches == ['aa', '01'] and found[1].training.epochs == 2
    assert (found[1].note, found[1].run_hash, found[1].config_hash) == (
        'a note', 'x', '0' * 12)
    assert found[1].variant.options == {'a.b': 1}
    lines = (tmp_path / 'study.jsonl').read_text().splitlines()
    assert len(lines) == 2 + 3  # each set of faces once
    write_results(found[::-1], tmp_path / 'again.jsonl')
    assert (tmp_path / 'again.jsonl').read_text().splitlines() == lines


def test_a_result_takes_the_place_of_its_like(make_result, tmp_path):
    path = tmp_path / 'study.jsonl'
    add_result(make_result(), path)
    add_result(make_result('L1Loss'), path)
    add_result(make_result(errors=[0.5]), path)
    assert [result.nme for result in read_results(path)][1] == 0.5
    assert len(read_results(path)) == 2
    assert [each.name for each in tmp_path.iterdir()] == ['study.jsonl']


def make_study(tmp_path, small, **kwargs):
    return Study(CNN6, tmp_path / 'work', tmp_path / 'study.jsonl', 2, small, **kwargs)


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
        cfg.pop('run_hash')
    second['model']['test_cfg']['flip_test'] = True
    assert first == second


def test_runs_that_choose_are_shorter(tmp_path, small):
    losses = [Variant.parse('WingLoss'), Variant.parse('L1Loss')]
    plan = plan_tuning(make_study(tmp_path, small), losses, [1e-3, 2e-3], 0,
                       {'val_dataloader.dataset.seed': 7}, epochs=3)
    assert [(result.stage, result.loss, result.lr) for _, result in plan] == [
        ('tune', loss, lr) for lr in (1e-3, 2e-3) for loss in ('WingLoss', 'L1Loss')]
    assert {job.cfg.val_dataloader.dataset.seed for job, _ in plan} == {7}
    assert {job.cfg.train_cfg.max_epochs for job, _ in plan} == {3}


def test_runs_that_choose_are_shorter_where_iterations_are_counted(tmp_path):
    painted = f'{CNN6}.py'
    (tmp_path / 'iterations.py').write_text(
        f"""_base_ = {config_path(CNN6)!r}
train_cfg = dict(_delete_=True, by_epoch=False, max_iters=40, val_interval=20)
param_scheduler = [dict(type='ExponentialLR', gamma=0.9, by_epoch=False)]
""")
    losses = [Variant.parse('WingLoss'), Variant.labelled(
        'other', [f'config:{tmp_path}/iterations.py'])]
    study = Study(f'{tmp_path}/iterations.py', tmp_path, tmp_path / 'r.jsonl', iters=20)
    tuning = plan_tuning(study, losses, [1e-3], 0, {}, iters=10)
    finals = plan_finals(study, losses, {'WingLoss': 1e-3, 'other': 1e-3}, [0])
    for plan, iters in ((tuning, 10), (finals, 20)):
        for job, result in plan:
            assert job.cfg.train_cfg.max_iters == result.training.iters == iters
            assert job.cfg.param_scheduler[0].gamma**iters == pytest.approx(0.9**40)
    with pytest.raises(ValueError, match='counts iters'):
        plan_tuning(study, losses, [1e-3], 0, {}, epochs=1)
    other = Variant.labelled('epochs', [f'config:{painted}'])
    with pytest.raises(ValueError, match='counts epochs'):
        plan_tuning(study, [other], [1e-3], 0, {}, iters=10)


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
    assert job.cfg.train_cfg.max_epochs == 2 == result.training.epochs


def test_a_result_of_something_else_is_not_taken(tmp_path, small, make_result):
    def plan(value):
        return plan_finals(make_study(tmp_path, small), [Variant.labelled(
            'x', [f'model.head.dropout={value}'])], {'x': None}, [0])

    (_, expected), = plan(0.1)
    write_results([replace(expected, record=replace(
        make_result().record, provenance=expected.record.provenance,
        training=expected.training))], tmp_path / 'study.jsonl')
    plan(0.1)
    with pytest.raises(ValueError, match='call the variant otherwise'):
        plan(0.2)


def test_the_best_learning_rate_is_chosen(make_result):
    results = [make_result(stage='tune', lr=lr, shift=shift)
               for lr, shift in ((1e-4, 0.02), (1e-3, 0.), (1e-2, math.inf))]
    assert choose_lrs(results) == {'WingLoss': 1e-3}
    with pytest.raises(ValueError, match='no finite NME'):
        choose_lrs(results[2:])


@pytest.mark.parametrize('other', [dict(seed=1), dict(config_hash='1' * 12)])
def test_runs_of_another_length_or_seed_do_not_choose(make_result, other):
    results = [make_result(stage='tune', shift=0.02), make_result(),
               make_result(stage='tune', lr=2e-3, **other)]
    with pytest.raises(ValueError, match='must be of one tuning.*0{12}, seed 0 and'):
        choose_lrs(results)
    assert [choose_lrs(each) for each in tunings(results)] == [
        {'WingLoss': 1e-3}, {'WingLoss': 2e-3}]


def test_what_a_training_starts_from_is_compared_and_where_it_lies_is_not(
        tmp_path, small):
    def hashes(**options):
        study = make_study(tmp_path, {**small, **options})
        (_, result), = plan_finals(study, [Variant.parse('L1Loss')], {'L1Loss': None},
                                   [0])
        return result.config_hash, result.run_hash

    found = [hashes(load_from=path) for path in (
        '/here/a/epoch_9.pth', 'there/a/epoch_9.pth', 'there/b/epoch_9.pth')]
    assert found[0] == found[1]
    assert len({each for each, _ in [hashes(), *found]}) == 3
    assert len({each for _, each in [hashes(), *found]}) == 3
    assert hashes(load_from=None) == hashes()


def test_the_record_of_another_run_is_not_taken(tmp_path, small, make_result,
                                                monkeypatch):
    """Of a study with other settings, in the same work dir."""
    study = make_study(tmp_path, small)
    losses, lrs = [Variant.parse('WingLoss')], {'WingLoss': 1e-3}
    (other, _), = plan_finals(make_study(
        tmp_path, {**small, 'model.head.dropout': 0.1}), losses, lrs, [0])
    plan = plan_finals(study, losses, lrs, [0])
    assert plan[0][0].work_dir == other.work_dir

    def run_jobs(jobs, at_once, finish, *more):
        write_record(make_result().record, other.record)
        other.cfg.dump(other.config)
        finish(jobs[0])

    monkeypatch.setattr('mmwing.comparison.study.run_jobs', run_jobs)
    with pytest.raises(ValueError, match='holds another run than final WingLoss'):
        run_stage(study, plan, 1, say=str)
    assert not study.results.exists()


def test_checkpoints_of_another_run_are_left(make_result, tmp_path):
    result = make_result(stage='tune')
    study = Study(CNN6, tmp_path, tmp_path / 'study.jsonl')
    add_result(result, study.results)
    job = Job('tune', Config(dict(run_hash='a')), tmp_path / result.name)
    job.work_dir.mkdir()
    Config(dict(run_hash='b')).dump(job.config)
    (job.work_dir / 'epoch_2.pth').touch()
    assert run_stage(study, [(job, result)], 1) == 0
    assert (job.work_dir / 'epoch_2.pth').exists()


def test_painted_faces_are_compared_with_those_of_the_same_painter(monkeypatch):
    painted, photos = (load_config(name) for name in (
        CNN6, 'td-reg_cnn6_wing_1xb16-200e_300w-64x64'))
    before = config_hash(painted), config_hash(photos)
    monkeypatch.setattr('mmwing.comparison.study.painter_digest', lambda: 'another')
    assert config_hash(painted) != before[0] and config_hash(photos) == before[1]


def test_the_budget_counts_finished_and_begun_runs_once(make_result, tmp_path):
    results, work = tmp_path / 'study.jsonl', tmp_path / 'work'
    finished = make_result()
    write_results([finished], results)
    for name, seconds in ((finished.name, 1700.), ('begun', 900.),
                          ('of another study', 9000.)):
        write_record(RunRecord((), {}, (), training=Training(cpu_seconds=seconds)),
                     work / name / 'run.json')
    names = ['begun', finished.name, 'not begun']
    assert Budget(0.8, results, work).used(names) == pytest.approx(0.75)
    assert Budget(0.8, results, work).counting(names)()
    assert not Budget(0.7, results, work).counting(names)()


def test_only_what_has_no_result_is_run(tmp_path, small, make_result, monkeypatch):
    study = make_study(tmp_path, small)
    plan = plan_finals(study, [Variant.parse('WingLoss'), Variant.parse('L1Loss')],
                       {'WingLoss': 1e-3, 'L1Loss': 1e-3}, [0])
    record = replace(make_result().record, provenance=plan[0][1].record.provenance)
    write_results([replace(plan[0][1], record=record)], study.results)
    started = []

    def run_jobs(jobs, at_once, finish, *more):
        for job in jobs:
            started.append(job.name)
            write_record(replace(record, training=replace(
                record.training, finished=len(started) > 1)), job.record)
            finish(job)
        return []

    monkeypatch.setattr('mmwing.comparison.study.run_jobs', run_jobs)
    with pytest.raises(ValueError, match='L1Loss, lr 0.001, seed 0 ended early'):
        run_stage(study, plan, 1, say=str)
    said = []
    assert run_stage(study, plan, 1, say=said.append) == 0
    assert said == ['1 of 2 runs have a result already']
    assert started == ['final L1Loss, lr 0.001, seed 0'] * 2
    assert [result.loss for result in read_results(study.results)] == [
        'L1Loss', 'WingLoss']


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


@pytest.mark.parametrize('named, gpus', [
    ('0,2', ['0', '2']), ('', []), ('-1', []), ('1,-1,2', ['1'])])
def test_gpus_that_are_hidden_do_not_count(named, gpus, monkeypatch):
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', named)
    assert visible_gpus() == gpus


@pytest.mark.parametrize('kwargs', [dict(at_once=0), dict(at_once=1, processes=0)])
def test_impossible_numbers_of_runs(kwargs):
    with pytest.raises(ValueError, match='must be positive'):
        run_jobs([], finish=str, **kwargs)


def test_results_that_are_none_are_named(make_result, tmp_path):
    path = tmp_path / 'study.jsonl'
    with pytest.raises(FileNotFoundError, match='no result of a study'):
        read_results(path)
    write_results([make_result()], path)
    lines = path.read_text().splitlines()
    for number, text, message in (
            (1, '{', 'line 1'), (1, lines[0].replace('000.jpg', 'x.jpg'), 'digest'),
            (2, '{}', 'line 2'), (2, '[]', 'line 2'),
            (2, lines[1].replace('"final"', '"last"'), 'stage must be one of'),
            (2, lines[1].replace('mmwing run 1', 'mmwing run 7'), "'mmwing run 7'")):
        path.write_text('\n'.join([*lines[:number - 1], text, *lines[number:]]))
        with pytest.raises(ValueError, match=f'study.jsonl, line {number}.*{message}|'
                                             f'{message}.*no result'):
            read_results(path)


def test_results_of_an_earlier_version_are_called_so(tmp_path):
    (tmp_path / 'study').mkdir()
    (tmp_path / 'study/final_WingLoss_lr0.001_seed0.json').write_text('{}')
    with pytest.raises(ValueError, match='study holds results of an earlier version'):
        read_results(tmp_path / 'study.jsonl')


@pytest.mark.parametrize('name', ['a/st.1', 'a/st.1.md', 'a/st.1.jsonl'])
def test_a_study_is_found_by_its_file_or_table(name):
    assert results_path(name) == Path('a/st.1.jsonl')


def test_a_last_line_that_was_cut_off_is_left_out(make_result, tmp_path):
    path = tmp_path / 'study.jsonl'
    write_results([make_result(), make_result('L1Loss')], path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    with pytest.warns(UserWarning, match='study.jsonl: the last line is cut off'):
        found = read_results(path)
    assert len(found) == 1
    with pytest.warns(UserWarning):
        add_result(next(each for each in (make_result(), make_result('L1Loss'))
                        if each.name != found[0].name), path)
    assert path.read_bytes() == whole
    path.write_bytes(whole[:-1])  # only its end of line
    assert len(read_results(path)) == 2
    lines = whole.splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1][:-40] + b'\n' + lines[2])
    with pytest.raises(ValueError, match='line 2: no result'):
        read_results(path)


def test_a_run_that_is_there_twice_is_refused(make_result, tmp_path):
    path = tmp_path / 'study.jsonl'
    write_results([make_result(), make_result(shift=0.1)], path)
    with pytest.raises(ValueError, match='line 3: .*_seed0 is there twice'):
        read_results(path)


def test_two_checkpoints_are_kept_and_the_digests_are_as_before(small, tmp_path):
    """Studies of earlier versions, which kept one, go on."""
    study = Study(CNN6, tmp_path, tmp_path / 'study.jsonl', 2, small)
    (job, result), = plan_finals(study, [Variant.parse('WingLoss')],
                                 {'WingLoss': None}, [0])
    assert job.cfg.default_hooks.checkpoint.max_keep_ckpts == 2
    assert study.base().default_hooks.checkpoint.max_keep_ckpts == 1
    assert result.config_hash == config_hash(study.base())


def test_a_kill_between_result_and_tidying_is_made_good(make_result, tmp_path):
    result = make_result(stage='tune')
    study = Study(CNN6, tmp_path, tmp_path / 'study.jsonl')
    add_result(result, study.results)
    job = Job('tune', load_config(CNN6), tmp_path / result.name)
    job.work_dir.mkdir()
    (job.work_dir / 'epoch_2.pth').touch()
    assert run_stage(study, [(job, result)], 1) == 0
    assert not list(job.work_dir.iterdir())


def test_the_tool_chooses_among_the_runs_of_this_tuning(tmp_path, small, make_result,
                                                        monkeypatch):
    """Not among those of other seeds and rates that the file has besides."""
    spec = importlib.util.spec_from_file_location(
        'tool', tool_path('compare_losses.py'))
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    out = tmp_path / 'study.jsonl'
    add_result(make_result(stage='tune', lr=9., seed=1, shift=-0.02), out)
    add_result(make_result(stage='tune', lr=9., shift=-0.02), out)
    final = []

    def run_stage(study, plan, *how):
        for _, result in plan:
            if result.stage == 'tune':
                record = make_result(shift=result.lr).record
                add_result(replace(result, record=replace(
                    record, training=replace(record.training, lr=result.lr))), out)
            else:
                final.append(result.lr)
        return 0

    monkeypatch.setattr(tool, 'run_stage', run_stage)
    monkeypatch.setattr('sys.argv', [
        'compare_losses', CNN6, '--losses', 'WingLoss', '--tune-lrs', '1e-3', '2e-3',
        '--tune-epochs', '2', '--work-dir', str(tmp_path), '--cfg-options',
        *(f'{key}={value}' for key, value in small.items())])
    assert tool.train(tool.parse_args(), out) == 0
    assert final == [1e-3]
