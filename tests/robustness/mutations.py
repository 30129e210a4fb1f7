"""Break the heart of the package by hand, one place at a time: do its tests notice?

    python tests/robustness/mutations.py [WORD]

applies each mutation of the table below (those whose file or text has WORD in it) to a
temporary copy of the package, runs the fast tests of that part until one fails, and
prints which mutations were killed and which survived. Ends with status 1 if one does.
What all runs import is imported once; each is a fork of that process.
"""

import os
import resource
import shutil
import signal
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: Seconds of CPU after which a run counts as killed: the mutation makes it endless.
LIMIT = 300

_LOSSES = 'tests/models/losses/'
#: File -> the tests that are to notice. Compiling takes long and notices nothing else.
TESTS = {
    'models/losses/penalties.py': [f'{_LOSSES}test_regression.py',
                                   f'{_LOSSES}test_penalties.py'],
    'models/losses/regression.py': [f'{_LOSSES}test_regression.py',
                                    f'{_LOSSES}test_base.py'],
    'models/losses/base.py': [f'{_LOSSES}test_base.py', f'{_LOSSES}test_regression.py'],
    'functional.py': ['tests/test_api.py::'
                      'test_the_functions_are_those_that_losses_and_metric_call'],
    'evaluation/normalizers.py': ['tests/evaluation/test_normalizers.py',
                                  'tests/evaluation/test_functional.py',
                                  'tests/evaluation/test_metrics.py'],
    'evaluation/functional.py': ['tests/evaluation/test_functional.py',
                                 'tests/evaluation/test_metrics.py'],
}

#: File -> (the text, what takes its place).
MUTATIONS = {
    'models/losses/penalties.py': [
        ('return (0.5 * residual) * residual', 'return (0.6 * residual) * residual'),
        ('return residual.abs()\n\n\ndef smooth', 'return residual\n\n\ndef smooth'),
        ('inner * (inner / (2 * beta))', 'inner * (inner / beta)'),
        ('size - 0.5 * beta)', 'size - beta)'),
        ('inner = size.clamp(max=omega)\n', 'inner = size.clamp(max=2 * omega)\n'),
        ('inner.div_(epsilon).log1p_()', 'inner.div_(epsilon).add_(0.1).log1p_()'),
        ('.mul_(omega).add_(beyond)', '.mul_(omega).sub_(beyond)'),
        ('slope = omega / (residual.abs() + epsilon)',
         'slope = omega / (residual.abs() + 2 * epsilon)'),
        ('F.threshold(slope, knot, 1.0)', 'F.threshold(slope, knot, 0.9)'),
        ('1.0) * residual.sign()', '1.0)'),
        ('omega - omega * math.log1p((omega - r) / epsilon)',
         'omega - omega * math.log1p(omega / epsilon)'),
        ('beyond = (size - r).clamp(min=0)', 'beyond = (size - r)'),
        ('offset = omega1 - omega2 * math', 'offset = omega1 + omega2 * math'),
        ('torch.where(size < omega1, size,', 'torch.where(size > omega1, size,'),
        ('return l2(residual / c)', 'return l2(residual)'),
        ('(residual / (c * math.sqrt(2)))', '(residual / c)'),
        ('return (b / alpha) * torch', 'return (b * alpha) * torch'),
        ('if alpha < -1 / tiny:', 'if alpha < -1:'),
        ('2 * torch.log(size.clamp(min=1.0))', 'torch.log(size.clamp(min=1.0))'),
        ('size.clamp(max=1e8)**2', 'size**2'),
        ('raised = (inner / epsilon).log_()', 'raised = inner.log()'),
        ('alpha - target.clamp(0, 1)\n    size', 'alpha - target\n    size'),
        ('.mul_(power).mul_(omega)\n', '.mul_(omega)\n'),
        ('inner = size.clamp(max=theta)', 'inner = size'),
        ('.mul_(omega).add_(size.sub_', '.mul_(omega).sub_(size.sub_'),
        ('slope.mul_(residual.sign())', 'slope'),
        ('slope_part.copy_(results[1])', 'slope_part.zero_()'),
        ('value_part.copy_(results[0])', 'value_part.zero_()'),
        ('if torch.is_grad_enabled():', 'if False:'),
        ('ratio**(power - 1) / (', 'ratio**power / ('),
        ('x.movedim(dim, 0)', 'x'),
    ],
    'models/losses/regression.py': [
        ('omega: float = 10.0, epsilon: float = 2.0,\n                 **kwargs',
         'omega: float = 10.0, epsilon: float = 1.0,\n                 **kwargs'),
        ('penalties.rectified_wing(residual, self.r, self.omega',
         'penalties.rectified_wing(residual, 0, self.omega'),
        ('and 0 <= r < omega', 'and 0 <= r'),
        ('penalty = penalty + 0 * residual', 'pass'),
        ("lengths = ('omega1', 'omega2', 'epsilon')",
         "lengths = ('omega1', 'epsilon')"),
        ("if alpha == '-inf'", "if alpha == 'inf'"),
        ('if not 0.1 <= slope <= 100', 'if not 0.1 <= slope'),
        ('omega1: float = 2.0, omega2', 'omega1: float = 1.0, omega2'),
        ("check_positive('SmoothL1Loss', beta=beta)", 'pass'),
    ],
    'models/losses/base.py': [
        ('residual = output - target\n', 'residual = (output - target).detach()\n'),
        ('residual[..., 1] * height', 'residual[..., 1] * width'),
        ('dtype = torch.promote_types(output.dtype, torch.float32)',
         'dtype = output.dtype'),
        ('            loss = loss * weight\n', '            pass\n'),
        ('missing = target.isnan()', 'missing = target.isinf()'),
        ('weight = weight * known', 'pass'),
        ('return target.masked_fill(missing, 0), weight', 'return target, weight'),
        ('(target.abs() >= TAME)', '(target.abs() >= 2e38)'),
        ('if output.shape != target.shape:', 'if output.ndim != target.ndim:'),
        ('* width / DEFAULT_WIDTH', '* DEFAULT_WIDTH / width'),
        ('0 < spread < NORMALISED_SPREAD', '0 < spread < 0.1'),
        ('spread > PIXEL_SPREAD', 'spread > 1e9'),
        ('and 0 < value < math.inf', 'and value < math.inf'),
    ],
    'functional.py': [
        ('    l1,\n    l2,', '    l2,\n    l2 as l1,'),
        ('import auc, ced, failure_rate, nme', 'import ced, failure_rate, nme\n'
         'from mmwing.evaluation.functional import nme as auc'),
    ],
    'evaluation/normalizers.py': [
        ('target[:, first].mean(1) - target[:, second].mean(1)',
         'target[:, first[0]] - target[:, second[0]]'),
        ('np.where(known.all(1), distance', 'np.where(known.any(1), distance'),
        ('known &= check_visible(visible, target)\n', 'pass\n'),
        ('return np.maximum(width, height)', 'return np.minimum(width, height)'),
        ('return np.hypot(width, height)', 'return width + height'),
        ('np.sqrt(np.maximum(width, 0) * np.maximum(height, 0))',
         'np.maximum(width, 0) * np.maximum(height, 0)'),
        ('boxes[~known.any(1)] = np.nan', 'pass'),
        ('return visible > 0', 'return visible >= 0'),
        ('if boxes.shape != (len(target), 4):', 'if boxes.shape[1] != 4:'),
        ("width, height = boxes[:, 2] - boxes[:, 0]", "width, height = boxes[:, 2]"),
    ],
    'evaluation/functional.py': [
        ('errors[~np.isfinite(pred).all(-1)] = np.inf', 'pass'),
        ('errors[~known] = np.nan', 'errors[~known] = 0'),
        ('np.where(known, errors, 0).sum(1)', 'np.nansum(errors[:, 1:], 1)'),
        ('(count[usable] * lengths[usable])', '(errors.shape[1] * lengths[usable])'),
        ('& (lengths > 0) & (count > 0)', '& (count > 0)'),
        ('errors > thr)', 'errors >= thr)'),
        ('np.maximum(0, 1 - np.asarray', 'np.abs(1 - np.asarray'),
        ('share = np.arange(1, len(errors) + 1)', 'share = np.arange(len(errors))'),
        ('scaled = errors[usable] / lengths[usable, None]',
         'scaled = errors[usable] / lengths[usable].mean()'),
        ('for column in errors.T', 'for column in errors.T[::-1]'),
        ('if (errors < 0).any():', 'if (errors < -1).any():'),
        ('not 0 < thr < np.inf', 'not 0 <= thr < np.inf'),
    ],
}


def preload() -> None:
    """Import what takes long and is not mutated, with the stand-ins of the stack."""
    sys.dont_write_bytecode = True
    sys.path[:0] = [str(ROOT), str(ROOT / 'tests')]
    sys.argv[0] = 'mmwing'  # as the command, the package imports little by itself
    import_module('mmwing.stack').prepare()
    for name in ('mmpose.apis', 'mmpose.datasets', 'mmpose.models', 'scipy.stats',
                 'matplotlib.pyplot', 'hypothesis', 'torch._dynamo'):
        import_module(name)
    for name in [name for name in sys.modules if name.split('.')[0] == 'mmwing']:
        del sys.modules[name]
    sys.path.remove(str(ROOT))


def run_tests(copy: Path, tests: list[str], log: Path) -> int:
    """Exit status of pytest with a copy of the package, in a fork of this process."""
    child = os.fork()
    if child:
        status = os.waitpid(child, 0)[1]
        if os.WIFSIGNALED(status):
            return 1 if os.WTERMSIG(status) == signal.SIGXCPU else -1
        return os.waitstatus_to_exitcode(status)
    status = -1
    try:
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT + 5))
        sys.argv[0] = __file__
        sys.path.insert(0, str(copy))
        os.chdir(ROOT)
        status = int(pytest.main(['-x', '-q', '-p', 'no:cacheprovider', '-k',
                                  'not compile', *tests]))
    finally:
        os._exit(status & 0xff)


def main() -> None:
    word = sys.argv[1] if len(sys.argv) > 1 else ''
    preload()
    outcomes = {'killed': 0, 'survived': 0}
    with tempfile.TemporaryDirectory() as folder:
        copy, log = Path(folder) / 'copy', Path(folder) / 'log'
        shutil.copytree(ROOT / 'mmwing', copy / 'mmwing',
                        ignore=shutil.ignore_patterns('__pycache__'))
        for name, mutations in MUTATIONS.items():
            chosen = [each for each in mutations if word in f'{name} {each[0]}']
            if chosen and run_tests(copy, TESTS[name], log):
                sys.exit(f'the tests of {name} fail without a mutation:\n'
                         + log.read_text()[-3000:])
            path = copy / 'mmwing' / name
            text = path.read_text(encoding='utf-8')
            for old, new in chosen:
                if text.count(old) != 1:
                    sys.exit(f'{name} has {old!r} {text.count(old)} times, not once')
                path.write_text(text.replace(old, new), encoding='utf-8')
                status = run_tests(copy, TESTS[name], log)
                if status not in (0, 1):
                    sys.exit(f'{name}, {old!r}: the tests did not run:\n'
                             + log.read_text()[-3000:])
                outcome = 'killed' if status else 'survived'
                outcomes[outcome] += 1
                print(f'{outcome:8} {name}: {old!r} -> {new!r}', flush=True)
            path.write_text(text, encoding='utf-8')
    print(f'{sum(outcomes.values())} mutations, {outcomes["killed"]} killed, '
          f'{outcomes["survived"]} survived')
    sys.exit(1 if outcomes['survived'] or not outcomes['killed'] else 0)


if __name__ == '__main__':
    main()
