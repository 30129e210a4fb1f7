"""The tools, run as a user runs them: in processes of their own, elsewhere."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import mmengine
import mmpose
import pytest
import torch
from programs import environment, free_port, run_program

import mmwing
from mmwing.evaluation import read_record

CONFIG = 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64'
STOCK_TOOLS = Path(mmpose.__file__).parent / '.mim' / 'tools'


def options(epochs: int = 1, faces: int = 16, **more) -> list[str]:
    """A training of seconds."""
    values = {
        'train_dataloader.dataset.num_samples': faces,
        'train_dataloader.batch_size': 8,
        'val_dataloader.dataset.num_samples': 6,
        'test_dataloader.dataset.num_samples': 6,
        'train_cfg.max_epochs': epochs,
        'model.backbone.widen_factor': 0.125,
        'model.head.in_channels': 256,
        'model.head.hidden_channels': 16,
    }
    for split in ('train', 'val', 'test'):
        values[f'{split}_dataloader.num_workers'] = 0
        values[f'{split}_dataloader.persistent_workers'] = False
    values.update(more)
    return ['--cfg-options', *(f'{key}={value}' for key, value in values.items())]


def checked(done: subprocess.CompletedProcess) -> subprocess.CompletedProcess:
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done


def start(*command, cwd, **variables) -> subprocess.CompletedProcess:
    """Run a command that imports everything itself."""
    return checked(subprocess.run(
        list(map(str, command)), cwd=cwd, env={**environment(), **variables},
        capture_output=True, text=True, timeout=570))


def train(*arguments, cwd, check: bool = True) -> subprocess.CompletedProcess:
    done = run_program(mmwing.tool_path('train.py'), *arguments, cwd=cwd)
    return checked(done) if check else done


def test(*arguments, cwd, check: bool = True) -> subprocess.CompletedProcess:
    done = run_program(mmwing.tool_path('test.py'), *arguments, cwd=cwd)
    return checked(done) if check else done


test.__test__ = False  # the tool of that name, not a test


@pytest.fixture(scope='module')
def trained(tmp_path_factory) -> Path:
    """A work dir with one trained epoch."""
    folder = tmp_path_factory.mktemp('trained')
    train(CONFIG, '--work-dir', 'work', *options(), cwd=folder)
    return folder


def test_training_leaves_a_checkpoint_with_the_mean_shape(trained):
    state = torch.load(trained / 'work' / 'epoch_1.pth', weights_only=False)
    mean_shape = state['state_dict']['head.mean_shape']
    assert mean_shape.shape == (68, 2)
    assert 0 < mean_shape.min() < mean_shape.max() < 1
    record = read_record(trained / 'work')
    assert record.training.finished and record.provenance.config == CONFIG
    assert 'model.backbone.widen_factor' in record.provenance.options


def test_resume_goes_on_where_training_stopped(trained, tmp_path):
    done = train(CONFIG, '--work-dir', trained / 'work', '--resume',
                 *options(epochs=2), cwd=tmp_path)
    assert 'resumed epoch: 1' in done.stdout + done.stderr
    assert (trained / 'work' / 'epoch_2.pth').is_file()


def test_the_report_is_complete(trained, tmp_path):
    test(CONFIG, trained / 'work', '--report', tmp_path / 'report', '--out',
         tmp_path / 'out.json', *options(), cwd=tmp_path)
    for name in ('report.html', 'ced.png', 'run.json', 'per_image.csv',
                 'faces_worst.jpg'):
        assert (tmp_path / 'report' / name).stat().st_size > 0
    metrics = mmengine.load(tmp_path / 'out.json')
    assert metrics['num_faces'] == 6
    assert len((tmp_path / 'report' / 'per_image.csv').read_text().splitlines()) == 7


def test_stock_tools_of_mmpose_run_our_configs(tmp_path):
    config = mmwing.config_path(CONFIG)
    start(sys.executable, STOCK_TOOLS / 'train.py', config, '--work-dir', 'work',
          *options(), cwd=tmp_path)
    done = start(sys.executable, STOCK_TOOLS / 'test.py', config, 'work/epoch_1.pth',
                 '--work-dir', 'work', *options(), cwd=tmp_path)
    assert 'NME' in done.stdout + done.stderr


@pytest.mark.parametrize('processes', [2, pytest.param(3, marks=pytest.mark.slow)])
def test_processes_on_a_cpu_give_the_same_figures_to_the_last_bit(
        processes, trained, tmp_path):
    more = options(**{'test_dataloader.dataset.num_samples': 11,
                      'test_dataloader.batch_size': 3,
                      'test_evaluator.statistics': '"median,p90,pooled"',
                      'test_evaluator.num_bootstrap': 50,
                      'test_evaluator.groups': True})
    test(CONFIG, trained / 'work', '--out', 'single.json', *more, cwd=tmp_path)
    start('bash', mmwing.tool_path('dist_test.sh'), CONFIG, trained / 'work', processes,
          '--out', 'several.json', *more, cwd=tmp_path, PORT=free_port(),
          PYTHON=sys.executable)
    one, several = (mmengine.load(tmp_path / f'{name}.json')
                    for name in ('single', 'several'))
    assert several['num_faces'] == 11
    assert several == one and {'NME_low', 'NME_p90', 'NME_eyes'} <= one.keys()
    assert not (tmp_path / '.dist_test').exists(), "MMEngine's folder is left"


def test_two_processes_on_a_cpu_train(tmp_path):
    start('bash', mmwing.tool_path('dist_train.sh'), CONFIG, '2', '--work-dir', 'work',
          *options(), cwd=tmp_path, PORT=free_port(), PYTHON=sys.executable)
    assert (tmp_path / 'work' / 'epoch_1.pth').is_file()


DEVICE = 'td-reg_cnn6-device_wing_1xb64-24e_synthetic-64x64'


@pytest.mark.slow
def test_the_device_augments_and_a_resumed_training_draws_the_same(tmp_path):
    # The same learning rate in either epoch, whatever the length of the training.
    more = {'param_scheduler': '[]'}
    whole = train(DEVICE, '--work-dir', 'runs/whole', *options(epochs=2, **more),
                  cwd=tmp_path)
    assert 'they are cut once, into' in whole.stdout + whole.stderr
    train(DEVICE, '--work-dir', 'runs/cut', *options(epochs=1, **more), cwd=tmp_path)
    again = train(DEVICE, '--work-dir', 'runs/cut', '--resume',
                  *options(epochs=2, **more), cwd=tmp_path)
    weights = [torch.load(tmp_path / 'runs' / run / 'epoch_2.pth',
                          weights_only=False)['state_dict'] for run in ('whole', 'cut')]
    for name, value in weights[0].items():
        torch.testing.assert_close(weights[1][name], value)
    assert 'resumed epoch: 1' in again.stdout + again.stderr
    # The canvases of the first training served all.
    assert 'they are cut once' not in again.stdout + again.stderr
    assert len(list((tmp_path / 'runs' / 'canvases').glob('*.npy'))) == 1
    # MMPose's own script takes the config that the run has saved.
    saved = tmp_path / 'runs' / 'whole' / f'{DEVICE}.py'
    assert 'mmwing.FaceAugmentor' in saved.read_text()
    start(sys.executable, STOCK_TOOLS / 'train.py', saved, '--work-dir', 'runs/stock',
          cwd=tmp_path)


@pytest.mark.slow
def test_two_processes_augment_on_the_device(tmp_path):
    done = start('bash', mmwing.tool_path('dist_train.sh'), DEVICE, 2, '--work-dir',
                 'runs/work', *options(), cwd=tmp_path, PORT=free_port(),
                 PYTHON=sys.executable)
    assert (tmp_path / 'runs' / 'work' / 'epoch_1.pth').is_file()
    # One of them cut the canvases and showed how far it was.
    assert done.stderr.count('16/16') == 1


def test_bfloat16_on_a_cpu_trains_and_resumes(tmp_path):
    wrapper = {'optim_wrapper.type': 'mmwing.BFloat16OptimWrapper'}
    train(CONFIG, '--work-dir', 'work', *options(**wrapper), cwd=tmp_path)
    done = train(CONFIG, '--work-dir', 'work', '--resume',
                 *options(epochs=2, **wrapper), cwd=tmp_path)
    assert 'resumed epoch: 1' in done.stdout + done.stderr
    used = (tmp_path / 'work' / f'{CONFIG}.py').read_text()
    assert "type='mmwing.BFloat16OptimWrapper'" in used
    state = torch.load(tmp_path / 'work' / 'epoch_2.pth', weights_only=False)
    for weight in state['state_dict'].values():
        assert weight.isfinite().all() and weight.dtype != torch.bfloat16


def test_a_killed_training_resumes(tmp_path):
    """Kill it in the middle of an epoch; the rest runs from the last checkpoint."""
    command = [sys.executable, mmwing.tool_path('train.py'), CONFIG, '--work-dir',
               'work', *options(epochs=3, faces=64, **{
                   'default_hooks.logger.interval': 1})]
    with subprocess.Popen(command, cwd=tmp_path, env=environment(), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as victim:
        for line in victim.stdout:
            if 'Epoch(train)' in line and '[2][3/8]' in line:
                victim.send_signal(signal.SIGKILL)
                break
    assert victim.returncode == -signal.SIGKILL
    assert not (tmp_path / 'work' / 'epoch_2.pth').exists()
    done = train(CONFIG, '--work-dir', 'work', '--resume', *options(epochs=3, faces=64),
                 cwd=tmp_path)
    log = done.stdout + done.stderr
    assert 'resumed epoch: 1' in log
    state = torch.load(tmp_path / 'work' / 'epoch_3.pth', weights_only=False)
    assert all(torch.isfinite(value).all() for value in state['state_dict'].values())


@pytest.mark.parametrize(('arguments', 'message'), [
    (['no/such/config.py'], 'no/such/config.py'),
    (['td-reg_cnn6_wnig'], 'the nearest: td-reg_cnn6_wing'),
    (['.'], 'is a folder'),
    ([CONFIG, '--cfg-options', 'model.head.loss.type=mmwing.WingLos'], 'WingLos'),
    ([CONFIG, '--cfg-options', 'model.head.loss.omega=-1'], 'omega'),
    ([CONFIG, '--cfg-options', 'model.head.loss.beta=1'], 'beta'),
    ([CONFIG, '--cfg-options', 'model.head.num_joints=98'], '98'),
    ([CONFIG, '--amp', '--cfg-options', 'optim_wrapper.type=ApexOptimWrapper'],
     'ApexOptimWrapper'),
    ([CONFIG, '--cfg-options', 'default_hooks.checkpoint.interval=1', '--resume',
      'nowhere.pth'], 'nowhere.pth'),
])
def test_bad_input_ends_with_one_message(arguments, message, tmp_path):
    extra = options()[1:] if '--cfg-options' in arguments else []
    index = (arguments.index('--cfg-options') + 1 if extra else len(arguments))
    arguments = arguments[:index] + extra + arguments[index:]
    done = train(*arguments, cwd=tmp_path, check=False)
    assert done.returncode == 1
    error = done.stderr[done.stderr.rindex('error: '):]
    assert message in error
    assert 'Traceback' not in error


def test_a_missing_data_root_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv('MMWING_300W', str(tmp_path / 'nowhere') + '/')
    done = train('td-reg_cnn6_wing_1xb16-20e_300w-64x64', cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert str(tmp_path / 'nowhere') in done.stderr and 'MMWING_300W=' in done.stderr


def test_the_wrong_checkpoint_is_named(trained, tmp_path):
    done = test(CONFIG, tmp_path, cwd=tmp_path, check=False)
    assert done.returncode == 1 and 'no checkpoint in' in done.stderr
    # Of a narrower network than the config's.
    done = test(CONFIG, trained / 'work', cwd=tmp_path, check=False)
    assert done.returncode == 1 and 'does not fit the config' in done.stderr


@pytest.mark.skipif(not os.environ.get('MMWING_300W'), reason='needs MMWING_300W')
def test_real_faces_train_for_an_epoch(tmp_path):
    train('td-reg_cnn6_wing_1xb16-20e_300w-64x64', '--cfg-options',
          'train_cfg.max_epochs=1', 'train_cfg.val_interval=1',
          'train_dataloader.num_workers=0', 'train_dataloader.persistent_workers=False',
          'val_dataloader.num_workers=0', 'val_dataloader.persistent_workers=False',
          'train_dataloader.dataset.indices=128', 'model.backbone.widen_factor=0.25',
          'model.head.in_channels=512', cwd=tmp_path)
    name = 'td-reg_cnn6_wing_1xb16-20e_300w-64x64'
    assert (tmp_path / 'work_dirs' / name / 'epoch_1.pth').is_file()
