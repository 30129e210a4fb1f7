"""The command ``mmwing``: the programs of ``tools/``, the configs and the doctor.

Only the standard library is imported until a program runs, so that help comes at once
and the doctor speaks whatever is broken.
"""

from __future__ import annotations

import difflib
import fnmatch
import importlib.util
import os
import signal
import sys
from collections.abc import Callable

from mmwing.resources import config_path, list_configs, tool_path
from mmwing.version import __version__

#: Command -> program in ``tools/`` and what it does, in the order of ``mmwing --help``.
PROGRAMS: dict[str, tuple[str, str]] = {
    'train': ('train.py', 'train a model'),
    'test': ('test.py', 'test a model and write a report'),
    'predict': ('predict.py', 'find the landmarks of faces in images and videos'),
    'calibrate': ('calibrate_confidence.py',
                  "measure a model's confidence and put it right"),
    'demo': ('demo.py', 'open a local page that finds landmarks'),
    'publish': ('publish_model.py', 'make a slim file of a trained model'),
    'export': ('export_model.py', 'write a trained model as ONNX'),
    'swap': ('swap_loss.py', 'give a config another loss'),
    'prepare': ('prepare_dataset.py',
                'convert a data set from the form of its authors'),
    'check': ('check_dataset.py', 'check your own landmark files'),
    'browse': ('browse_dataset.py', 'draw the crops that a config feeds the network'),
    'mean-shape': ('compute_mean_shape.py', 'compute the mean shape of a training set'),
    'label-offset': ('measure_label_offset.py',
                     'estimate the horizontal label offset of a data set'),
    'fit-detector': ('fit_detector_box.py',
                     "map a detector's boxes to those of a data set"),
    'baselines': ('shape_baselines.py', 'test the mean shape, as a baseline'),
    'compare': ('compare_runs.py', 'compare the reports of several tests'),
    'compare-losses': ('compare_losses.py',
                       'train a config with several losses and compare them'),
    'plot-curves': ('plot_learning_curves.py', 'draw the learning curves of trainings'),
    'plot-losses': ('plot_losses.py', 'draw the losses and their gradients'),
    'plot-poses': ('plot_pose_balance.py',
                   'draw the head poses before and after balancing'),
    'benchmark': ('benchmark.py', 'time losses, data, trainings and evaluations'),
    'benchmark-tracking': ('benchmark_tracking.py',
                           'measure jitter and lag of landmarks in videos'),
    'benchmark-export': ('benchmark_export.py', 'time a model in PyTorch and as ONNX'),
}


def _run_program(command: str, arguments: list[str]) -> int | str | None:
    """Run the program of a command in this process, as if called by that name."""
    # OpenCV prints several lines for each damaged image; ours name the file.
    os.environ.setdefault('OPENCV_LOG_LEVEL', 'SILENT')
    os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')
    import mmwing

    try:
        path = tool_path(PROGRAMS[command][0])
        mmwing._load()
    except (ImportError, OSError, ValueError) as error:
        return f'error: {error}'
    spec = importlib.util.spec_from_file_location(
        f'mmwing_{command.replace("-", "_")}', path)
    assert spec is not None and spec.loader is not None  # it is a .py file
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    sys.argv = [f'mmwing {command}', *arguments]
    return program.main()


def _configs(arguments: list[str]) -> int | str:
    """List the configs, or print the path of one."""
    usage = ('usage: mmwing configs [NAME | PATTERN]\n\n'
             'Without an argument all configs are listed, with a PATTERN (part of a '
             'name; * and ?\nmatch anything) those that match it. The full NAME of a '
             'config prints its path.')
    if arguments in (['-h'], ['--help']):
        print(usage)
        return 0
    if len(arguments) > 1 or arguments and arguments[0].startswith('-'):
        return _misused(f'{usage}\n\nerror: one name or pattern is expected, got: '
                        f'{" ".join(arguments)}')
    names = list_configs()
    pattern = arguments[0].removesuffix('.py') if arguments else '*'
    if pattern in names:
        print(config_path(pattern))
        return 0
    found = [name for name in names if fnmatch.fnmatch(name, f'*{pattern}*')]
    try:
        print('\n'.join(found) if found else config_path(pattern))
    except ValueError as error:  # it names the nearest
        return f'error: {error}'
    return 0


def _doctor(arguments: list[str]) -> int:
    """Report what works, what stands in and what is broken."""
    usage = 'usage: mmwing doctor'
    if arguments in (['-h'], ['--help']):
        print(f'{usage}\n\n{_doctor.__doc__}')
        return 0
    if arguments:
        return _misused(usage)
    from mmwing.stack import doctor

    return doctor.main()


#: Commands that are no program of ``tools/``.
_BUILT_IN: dict[str, tuple[Callable[[list[str]], int | str], str]] = {
    'configs': (_configs, 'list the configs that mmwing ships, or find one'),
    'doctor': (_doctor, 'say what works here and how to fix what does not'),
}


def _misused(message: str) -> int:
    """Report a wrong use, as argparse does."""
    print(message, file=sys.stderr)
    return 2


def _help() -> str:
    rows = [(name, line) for name, (_, line) in [*PROGRAMS.items(), *_BUILT_IN.items()]]
    width = max(len(name) for name, _ in rows)
    return '\n'.join([
        'usage: mmwing COMMAND [ARGUMENT ...]', '',
        'Wing loss and direct face landmark regression for MMPose, in pixels.', '',
        'commands:', *(f'  {name:<{width}}  {line}' for name, line in rows), '',
        '`mmwing COMMAND --help` explains a command.'])


def _dispatch(command: str, rest: list[str]) -> int | str | None:
    if command in ('-h', '--help'):
        print(_help())
        return 0
    if command == '--version':
        print(f'mmwing {__version__}')
        return 0
    if command in PROGRAMS:
        return _run_program(command, rest)
    if command in _BUILT_IN:
        return _BUILT_IN[command][0](rest)
    if not command:
        return _misused(_help())
    near = difflib.get_close_matches(command, [*PROGRAMS, *_BUILT_IN], n=3)
    return _misused(f'error: mmwing has no command {command!r}'
                    + (f'; the nearest: {", ".join(near)}' if near else '')
                    + '. `mmwing --help` lists all')


def main(arguments: list[str] | None = None) -> int | str | None:
    """Run the command line ``mmwing ARGUMENTS``.

    Args:
        arguments: What follows ``mmwing``; by default what the process was given.

    Returns:
        What :func:`sys.exit` takes: the exit status, or a message for status 1.
    """
    command, *rest = (sys.argv[1:] if arguments is None else arguments) or ['']
    try:
        status = _dispatch(command, rest)
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:  # while PyTorch and MMPose are loaded
        if os.environ.get('MMWING_DEBUG'):
            raise
        print('interrupted', file=sys.stderr)
        return 128 + signal.SIGINT
    except BrokenPipeError:  # `mmwing configs | head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
