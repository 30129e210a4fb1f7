"""The command `mmwing`: one entry for every program, quick help, near misses."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from programs import run_program

import mmwing
from mmwing import cli

ROOT = Path(mmwing.__file__).resolve().parent.parent
CONFIG = 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64'
TOOLS = Path(mmwing.tool_path('train.py')).parent


def run(*arguments: str, path: str = '', **kwargs) -> subprocess.CompletedProcess:
    """`python -m mmwing ARGUMENTS`, with a folder in front of Python's path."""
    folders = (path, str(ROOT), os.environ.get('PYTHONPATH'))
    path = os.pathsep.join(filter(None, folders))
    return subprocess.run([sys.executable, '-m', 'mmwing', *arguments], text=True,
                          capture_output=True, timeout=300,
                          env={**os.environ, 'PYTHONPATH': path}, **kwargs)


def test_every_program_has_a_command():
    programs = {path.name for path in TOOLS.glob('*.py')} - {'test_matrix.py'}
    assert {program for program, _ in cli.PROGRAMS.values()} == programs


def pages() -> list[Path]:
    """README, CONTRIBUTING and docs, where this is a checkout."""
    return [page for page in (ROOT / 'README.md', ROOT / 'CONTRIBUTING.md',
                              *(ROOT / 'docs').glob('*.md')) if page.is_file()]


def test_commands_in_the_documentation_exist():
    found = set()
    for page in pages():
        text = page.read_text(encoding='utf-8')
        for code in re.findall(r'```.*?```|`[^`]+`', text, re.DOTALL):
            found |= set(re.findall(r'(?<!from )\bmmwing ([a-z][a-z-]*)', code))
    assert found <= {*cli.PROGRAMS, 'configs', 'doctor'}


def test_help_lists_every_command_with_a_line(capsys):
    assert cli.main(['--help']) == 0
    lines = capsys.readouterr().out.splitlines()
    for command in [*cli.PROGRAMS, 'configs', 'doctor']:
        line, = (line for line in lines if line.split()[:1] == [command])
        assert len(line.split()) > 2 and len(line) < 80


def test_help_and_configs_import_neither_torch_nor_numpy():
    code = ('import sys; sys.argv[0] = "mmwing"; import mmwing.cli as cli; '
            'cli.main(["--help"]); cli.main(["configs"]); cli.main(["--version"]); '
            'print({"torch", "numpy", "mmengine"} & set(sys.modules))')
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True,
                          cwd=ROOT)
    assert done.stdout.splitlines()[-1] == 'set()', done.stderr


@pytest.mark.parametrize('options', [(), ('-u', ), ('-X', 'dev')])
def test_python_m_mmwing_is_the_command(options):
    done = subprocess.run([sys.executable, *options, '-m', 'mmwing', '--version'],
                          capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == f'mmwing {mmwing.__version__}\n', done.stderr


@pytest.mark.parametrize(('command', 'near'), [
    ('trian', 'train'), ('compare-loss', 'compare-losses'), ('doctr', 'doctor')])
def test_an_unknown_command_suggests_the_nearest(command, near, capsys):
    assert cli.main([command]) == 2
    captured = capsys.readouterr()
    assert f'{command!r}; the nearest: {near}' in captured.err and not captured.out


def test_no_command_at_all_is_a_wrong_use(capsys):
    assert cli.main([]) == 2
    assert 'usage: mmwing COMMAND' in capsys.readouterr().err


def test_a_program_runs_under_the_name_of_its_command(tmp_path):
    done = run('swap', '--help', cwd=tmp_path)
    assert done.returncode == 0 and done.stdout.startswith('usage: mmwing swap ')
    done = run_program('mmwing', 'swap', CONFIG, '--loss', 'L1Loss', '--out', 'new.py',
                       cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert 'mmwing.L1Loss' in (tmp_path / 'new.py').read_text(encoding='utf-8')
    done = run_program('mmwing', 'swap', 'nothing.py', '--loss', 'L1Loss', cwd=tmp_path)
    assert done.returncode == 1 and done.stderr.startswith('error: ')


def test_a_program_that_returns_a_status_ends_with_it(tmp_path):
    done = run_program('mmwing', 'prepare', 'wflw', 'nowhere', 'out', cwd=tmp_path)
    assert done.returncode == 1 and 'nowhere' in done.stderr


def test_ctrl_c_while_everything_is_loaded_is_one_word(monkeypatch, capsys):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr('mmwing._load', interrupted)
    assert cli.main(['check']) == 130
    assert capsys.readouterr().err == 'interrupted\n'


def test_a_damaged_image_is_one_line(tmp_path):
    Image.new('RGB', (50, 50)).save(tmp_path / 'a.bmp')
    (tmp_path / 'a.bmp').write_bytes((tmp_path / 'a.bmp').read_bytes()[:-99])
    (tmp_path / 'a.csv').write_text('image,x0,y0,x1,y1\na.bmp,1,2,30,4\n')
    done = run('check', 'a.csv', cwd=tmp_path)
    assert done.returncode == 1 and done.stderr == ''
    assert done.stdout.count('a.bmp cannot be decoded: it is truncated') == 1


# ------------------------------------------------------------------- configs


def test_configs_are_listed_and_filtered(capsys):
    assert cli.main(['configs']) == 0
    assert capsys.readouterr().out.split() == mmwing.list_configs()
    for pattern in ('wflw', '*_wflw-*'):
        assert cli.main(['configs', pattern]) == 0
        found = capsys.readouterr().out.split()
        assert found == [name for name in mmwing.list_configs() if 'wflw' in name]


@pytest.mark.parametrize('suffix', ['', '.py'])
def test_a_full_name_prints_the_path(suffix, capsys):
    assert cli.main(['configs', CONFIG + suffix]) == 0
    assert capsys.readouterr().out == f'{mmwing.config_path(CONFIG)}\n'


def test_a_pattern_without_a_match_names_the_nearest():
    assert 'the nearest: td-reg_cnn6_wing' in cli.main(['configs', 'td-reg_cnn6_wnig'])


@pytest.mark.parametrize('arguments', [['a', 'b'], ['--all']])
def test_configs_refuses_what_it_does_not_know(arguments, capsys):
    assert cli.main(['configs', *arguments]) == 2
    assert 'usage: mmwing configs' in capsys.readouterr().err


def test_a_reader_that_ends_early_is_no_error():
    reader = subprocess.Popen(
        [sys.executable, '-m', 'mmwing', 'configs'], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, cwd=ROOT)
    reader.stdout.close()
    assert reader.wait(60) == 1 and reader.stderr.read() == b''
    reader.stderr.close()


# -------------------------------------------------------------------- doctor


@pytest.mark.parametrize(('package', 'content', 'message'), [
    ('mmpose', 'raise RuntimeError("torn")', 'RuntimeError: torn'),
    ('torch', 'raise OSError("libc is too old")', 'OSError: libc is too old'),
    ('numpy', 'raise ImportError("numpy is broken")', 'numpy is broken')])
def test_the_doctor_speaks_when_nothing_else_works(package, content, message, tmp_path):
    (tmp_path / package).mkdir()
    (tmp_path / package / '__init__.py').write_text(content)
    done = run('doctor', path=str(tmp_path))
    assert done.returncode == 1, done.stderr
    line, = (x for x in done.stdout.splitlines() if x.startswith(f'{package} ')
             and 'broken' in x)
    assert message in line
    assert 'pip install' in done.stdout and 'Traceback' not in done.stderr
    # A program says in short what the doctor says at length.
    done = run('train', CONFIG, path=str(tmp_path), cwd=tmp_path)
    assert done.returncode == 1 and 'mmwing doctor' in done.stderr
    assert message in done.stderr and 'Traceback' not in done.stderr


def test_the_doctor_takes_no_arguments(capsys):
    assert cli.main(['doctor', 'please']) == 2
    assert 'usage: mmwing doctor' in capsys.readouterr().err
    assert cli.main(['doctor', '--help']) == 0
    assert 'usage: mmwing doctor' in capsys.readouterr().out


@pytest.mark.parametrize('name', sorted({name for name, _ in cli.PROGRAMS.values()}))
def test_examples_of_the_help_keep_their_lines(name):
    """A backslash that Python takes away joins two lines of an example."""
    doc = (TOOLS / name).read_text(encoding='utf-8').split('"""')[1]
    assert not re.search(r'(?<!\\)\\\n', doc)
