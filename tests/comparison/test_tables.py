"""Tables from result files alone."""

import shlex
from dataclasses import astuple, replace
from itertools import takewhile

import numpy as np
import pytest

from mmwing.comparison import write_overview, write_tables
from mmwing.comparison.tables import make_rows
from mmwing.engine.hooks.run_record_hook import BEFORE_DEVICE


@pytest.fixture
def results(make_result):
    return [make_result(loss, seed, shift, **more) for seed in range(3)
            for loss, shift, more in (
                ('WingLoss', 0., {}), ('L1Loss', 2e-3, {}),
                ('no blur', 0., dict(words=['a.b=1'], batches=['other'])))]


def test_rows_hold_seeds_and_paired_differences(results):
    rows = {row.loss: row for row in make_rows(results)}
    assert rows['WingLoss'].difference is None
    mean, low, high = astuple(rows['L1Loss'].difference)
    assert mean == pytest.approx(2e-3) and low <= mean <= high
    # Paired: the errors themselves scatter by 2 %, their difference not at all.
    assert high - low < 1e-9
    assert rows['L1Loss'].better == (0, 3)
    assert rows['L1Loss'].nmes.std(ddof=1) > 0


def test_the_interval_holds_what_another_seed_would_give(make_result):
    """Seeds that differ by far more than faces do make a wide interval."""
    def width(shifts):
        rows = make_rows([make_result('L1Loss', seed, shift) for seed, shift in
                          enumerate(shifts)] + [make_result(seed=s) for s in range(3)])
        difference = next(row for row in rows if row.loss == 'L1Loss').difference
        return difference.high - difference.low

    assert width([0, 0.01, 0.02]) > 0.01 > width([0.01] * 3) + 0.009


def test_the_files_are_complete_and_say_how_they_came_about(results, tmp_path):
    paths = write_tables(results, tmp_path / 'study.md')
    assert [path.name for path in paths] == [
        'study.md', 'study_ced.png', 'study_curves.png']
    assert all(path.stat().st_size for path in paths)
    text = paths[0].read_text()
    assert '| `L1Loss` |' in text and '| no blur |' in text
    assert 'except for: no blur' in text
    assert "--variant 'no blur' a.b=1" in text and '--losses WingLoss L1Loss' in text
    assert '- no blur: `a.b=1`' in text
    text = write_tables(results, tmp_path / 'study.md', 'no blur')[0].read_text()
    assert text.count("--reference 'no blur'") == 2  # to train, and the table alone
    assert '3 seeds (0, 1, 2)' in text


def test_the_runs_that_chose_rates_are_told_with_their_length(make_result, tmp_path):
    tuned = [make_result(stage='tune', lr=lr) for lr in (1e-3, 2e-3)]
    text = write_tables([make_result(), *tuned], tmp_path / 'study.md')[0].read_text()
    assert 'Chosen by the NME after 2 epochs with seed 0' in text
    assert '--epochs 2' in text and '--tune-lrs 0.001 0.002' in text
    assert '--tune-epochs 2' in text

    def by_iterations(result, iters):
        training = replace(result.training, epochs=0, iters=iters,
                           curve=[{'iter': iters, 'NME': 0.05}])
        return replace(result, record=replace(result.record, training=training))

    results = [by_iterations(make_result(), 900),
               *(by_iterations(each, 80) for each in tuned)]
    text = write_tables(results, tmp_path / 'study.md')[0].read_text()
    assert 'Chosen by the NME after 80 iterations with seed 0' in text
    assert '--iters 900' in text and '--tune-iters 80' in text
    assert 'epochs' not in text.split('```')[1]


def test_the_end_of_the_range_is_that_of_each_loss(make_result, tmp_path):
    tried = [('WingLoss', 1e-3, 0.01), ('WingLoss', 3e-3, 0.), ('L1Loss', 1e-3, 0.02),
             ('L1Loss', 3e-3, 0.), ('L1Loss', 1e-2, 0.01), ('L2Loss', 1e-3, 0.)]
    tuned = [make_result(loss, shift=shift, stage='tune', lr=lr)
             for loss, lr, shift in tried]
    text = write_tables([make_result(), *tuned], tmp_path / 'study.md')[0].read_text()
    line, = (line for line in text.splitlines() if line.startswith('At the end'))
    assert line.endswith('lie beyond: `WingLoss`.')  # of L2 one rate makes no range


def test_units_have_a_column_where_they_differ(results, make_result, tmp_path):
    text = write_tables(results, tmp_path / 'study.md')[0].read_text()
    assert '| unit |' not in text  # that of 'no blur' is not told, but no other
    results.append(make_result('mmpose:SmoothL1Loss'))
    text = write_tables(results, tmp_path / 'study.md')[0].read_text()
    assert '| unit |' in text and '| normalised |' in text


def test_the_same_results_make_the_same_files(results, tmp_path):
    once, twice = (write_tables(order, tmp_path / name / 'study.md')
                   for name, order in (('a', results), ('b', results[::-1])))
    assert once[0].read_bytes() == twice[0].read_bytes()
    assert once[1].read_bytes() == twice[1].read_bytes()


def test_other_data_in_a_seed_are_told(make_result, tmp_path):
    runs = [make_result(), make_result('L1Loss', batches=['x'])]
    text = write_tables(runs, tmp_path / 'study.md')[0].read_text()
    assert 'except for: ' in text
    # In each seed another one is odd, so that all are.
    runs = [make_result(loss, seed, batches=['x' if loss == odd else 'y'])
            for seed, odd in enumerate(('WingLoss', 'L1Loss', 'L2Loss'))
            for loss in ('WingLoss', 'L1Loss', 'L2Loss')]
    text = write_tables(runs, tmp_path / 'study.md')[0].read_text()
    assert 'did not see the same training pictures' in text


@pytest.mark.parametrize('batches', [(None,), ('aa', None), ()])
def test_nothing_is_claimed_of_batches_without_checksum(make_result, tmp_path, batches):
    runs = [make_result(loss) for loss in ('WingLoss', 'L1Loss')]
    runs = [replace(run, record=replace(run.record, training=replace(
        run.training, batches=batches))) for run in runs]
    text = write_tables(runs, tmp_path / 'study.md')[0].read_text()
    assert 'Whether the runs saw the same training pictures is not known' in text
    runs = [runs[0], make_result('L1Loss'), make_result('L2Loss')]
    text = write_tables(runs, tmp_path / 'study.md')[0].read_text()
    assert 'except for: WingLoss' in text


def test_of_the_device_path_only_what_it_was_given_is_claimed(make_result, tmp_path):
    batches = [f'{BEFORE_DEVICE}aa']
    runs = [make_result(loss, batches=batches) for loss in ('WingLoss', 'L1Loss')]
    text = write_tables(runs, tmp_path / 'study.md')[0].read_text()
    assert ('saw the same training pictures, before the device augments them, in the '
            'same order (checksums') in text
    runs = [runs[0], *(make_result(loss) for loss in ('L1Loss', 'L2Loss'))]
    text = write_tables(runs, tmp_path / 'study.md')[0].read_text()
    assert 'before the device' not in text and 'except for: WingLoss' in text


def test_the_reference_is_the_one_that_was_asked_for(make_result, tmp_path):
    """Also where a better one has no seed in common with it."""
    runs = [make_result(), make_result('L1Loss', shift=0.1),
            make_result('L2Loss', seed=7, shift=-0.01)]
    for reference, name in ((None, 'WingLoss'), ('L1Loss', 'L1Loss')):
        text = write_tables(runs, tmp_path / 'study.md', reference)[0].read_text()
        assert f'| difference to {name} |' in text
        assert f'NME less that of `{name}` on' in text
        # Of a command for each seed, and one for the table alone.
        assert text.count(f'--reference {name}') == 3


def test_runs_that_chose_otherwise_stand_apart(make_result, tmp_path):
    """Another seed or length is another table; the command has what was chosen."""
    tuned = [make_result(stage='tune', lr=lr, seed=seed,
                         shift=0. if lr == best else 0.01)
             for seed, best in ((0, 2e-3), (1, 1e-3)) for lr in (1e-3, 2e-3)]
    tuned.append(make_result(stage='tune', lr=5e-3, seed=1, shift=0.01))
    text = write_tables([make_result(), make_result(seed=1), *tuned],
                        tmp_path / 'study.md')[0].read_text()
    assert text.count('## Learning rates') == 1
    for seed, place in ((0, 2), (1, 1)):
        part = text.split(f'with seed {seed} on 50 faces')[1]
        row = next(line for line in part.splitlines() if line.startswith('| `Wing'))
        assert [cell.startswith('**') for cell in row.split(' | ')[1:3]] == [
            place == 1, place == 2]
    [command] = commands_in(text)
    assert values_of(command, '--tune-lrs') == ['0.001', '0.002', '0.005']
    assert values_of(command, '--seeds') == ['1', '0']  # it tunes with the first


def test_a_command_tunes_what_was_tuned_and_with_its_seed(make_result, tmp_path):
    tuned = [make_result(loss, stage='tune', lr=lr, shift=0. if lr == 2e-3 else 0.01)
             for loss in ('WingLoss', 'L1Loss', 'L2Loss') for lr in (1e-3, 2e-3)]
    runs = [make_result(loss, seed, lr=2e-3) for loss, seeds in (
        ('WingLoss', (0, 1)), ('L1Loss', (0, 1)), ('L2Loss', (1, 2)))
        for seed in seeds]
    runs += [make_result('SmoothL1Loss', seed, lr=1e-4) for seed in (0, 1)]
    text = write_tables([*runs, *tuned], tmp_path / 'study.md')[0].read_text()
    commands = {tuple(sorted(values_of(command, '--losses'))): command
                for command in commands_in(text)}
    assert commands.keys() == {('L1Loss', 'WingLoss'), ('L2Loss', ), ('SmoothL1Loss', )}
    assert '--tune-lrs' in commands['L1Loss', 'WingLoss']
    assert values_of(commands['L2Loss', ], '--lrs') == ['0.002']
    assert values_of(commands['SmoothL1Loss', ], '--lrs') == ['0.0001']


def commands_in(text):
    block = text.split('## How it was made')[1].split('```')[1]
    return [shlex.split(command) for command in
            block.replace('\\\n', ' ').strip().splitlines()]


def values_of(command, option):
    rest = command[command.index(option) + 1:]
    return list(takewhile(lambda word: not word.startswith('--'), rest))


def test_losses_with_fewer_seeds_have_a_command_and_a_column(make_result, tmp_path):
    runs = [*(make_result(loss, seed) for seed in (0, 1)
              for loss in ('WingLoss', 'L1Loss')), make_result('L2Loss', shift=0.01)]
    text = write_tables(runs, tmp_path / 'study.md', 'L1Loss')[0].read_text()
    assert '2 seeds (0, 1; some losses with fewer)' in text
    assert 'where there is one seed, what another would give is not in it' in text
    assert '| `L2Loss` | 0.001 | 0 |' in text and '| `L1Loss` | 0.001 | 0, 1 |' in text
    first, second = commands_in(text)
    assert set(values_of(first, '--losses')) == {'WingLoss', 'L1Loss'}
    assert values_of(first, '--seeds') == ['0', '1']
    assert values_of(second, '--losses') == ['L2Loss']
    assert values_of(second, '--seeds') == ['0']
    text = write_tables(runs[:4], tmp_path / 'study.md')[0].read_text()
    assert 'with fewer' not in text and 'one seed' not in text
    assert '| seeds |' not in text
    assert len(commands_in(text)) == 1


def test_rates_beyond_those_that_were_chosen_have_a_command(make_result, tmp_path):
    """Each run of the table is in one command, the reference in the first."""
    tuned = [make_result(loss, stage='tune', lr=lr, shift=0. if lr == best else 0.01)
             for loss, best in (('WingLoss', 2e-3), ('L1Loss', 4e-3))
             for lr in (2e-3, 4e-3)]
    runs = [make_result(lr=1e-3, shift=-0.01), make_result(lr=2e-3),
            make_result('L1Loss', lr=4e-3)]
    text = write_tables([*runs, *tuned], tmp_path / 'study.md', 'L1Loss')[0].read_text()
    first, second = commands_in(text)
    assert values_of(first, '--losses') == ['L1Loss', 'WingLoss']
    assert values_of(first, '--tune-lrs') == ['0.002', '0.004']
    assert values_of(second, '--losses') == ['WingLoss']
    assert values_of(second, '--lrs') == ['0.001']
    runs = [make_result(lr=1e-3), make_result(lr=2e-3, shift=0.01),
            make_result('L1Loss', lr=4e-3, seed=1), make_result('L1Loss', lr=4e-3)]
    text = write_tables(runs, tmp_path / 'study.md', 'L1Loss')[0].read_text()
    trained = [(loss, lr, *values_of(command, '--seeds')) for command in
               commands_in(text) for loss, lr in zip(
                   values_of(command, '--losses'), values_of(command, '--lrs'),
                   strict=True)]
    assert trained == [('L1Loss', '0.004', '0', '1'), ('WingLoss', '0.001', '0'),
                       ('WingLoss', '0.002', '0')]


@pytest.mark.parametrize('key, value', [
    ('names', ['x'] * 50), ('normalizer', 'inter_pupil'), ('config_hash', '1')])
def test_what_cannot_be_compared_is_refused(make_result, key, value):
    key_in_message = {'names': 'faces'}.get(key, key)
    with pytest.raises(ValueError, match=f'differ in {key_in_message}'):
        make_rows([make_result(), make_result('L1Loss', **{key: value})])


def test_faces_without_error_and_infinite_ones(make_result):
    errors = np.full(50, 0.05)
    errors[:2] = np.nan, np.inf
    rows = make_rows([make_result(errors=errors), make_result('L1Loss')])
    assert rows[0].loss == 'L1Loss' and np.isfinite(rows[0].nmes).all()
    assert rows[1].nmes[0] == np.inf


def test_an_overview_has_a_line_for_each_study(results, make_result, tmp_path):
    studies = {'SGD': results,
               'Adam': [make_result(), make_result('L1Loss', shift=0.1)]}
    write_overview(studies, tmp_path / 'all.md', 'WingLoss')
    lines = (tmp_path / 'all.md').read_text().splitlines()
    table = [line for line in lines if line.startswith('|')]
    assert [line.split(' | ')[0] for line in table] == [
        '| study', '|---|---|---|---|---|', '| SGD', '| Adam']
    assert '+10.00' in table[3] and '–' in table[3]
    assert (tmp_path / 'all_differences.png').stat().st_size > 5000
    assert lines[-1] == '![Differences](all_differences.png)'
    with pytest.raises(ValueError, match="study 'Adam'"):
        write_overview(studies, tmp_path / 'all.md', 'no blur')


def test_the_picture_compares_what_the_table_does(make_result, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr('mmwing.comparison.overview.draw_differences',
                        lambda *arguments: drawn.append(arguments))
    runs = [make_result(), make_result(lr=9.0, shift=0.1),
            make_result('L1Loss', shift=0.1), make_result('L1Loss', lr=9.0, shift=0.2),
            make_result('L2Loss', seed=7)]  # which has no seed in common
    write_overview({'a': runs}, tmp_path / 'all.md')
    [(studies, _, reference)] = drawn
    assert reference == 'WingLoss' and list(studies['a']) == ['L1Loss']
    assert studies['a']['L1Loss'][0] == pytest.approx(0.1)
