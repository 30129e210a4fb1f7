"""The examples in the docstrings of public names run, and say what comes out."""

import doctest
import inspect

import pytest
from mmpose.models.heads.base_head import BaseHead

import mmwing
from mmwing.models.losses import ResidualLoss
from mmwing.registry import METRICS, MODELS

PUBLIC = [name for name in mmwing.__all__ if '>>>' in (
    inspect.getdoc(getattr(mmwing, name)) or '')]
#: Help on these ends with an example.
WITH_EXAMPLE = [name for name, cls in MODELS.module_dict.items()
                if issubclass(cls, (ResidualLoss, BaseHead))]
WITH_EXAMPLE += METRICS.module_dict


@pytest.mark.parametrize('name', WITH_EXAMPLE)
def test_help_ends_with_an_example(name):
    text = inspect.getdoc(getattr(mmwing, name))
    assert '>>>' in text[text.rindex('\n\n'):]


@pytest.mark.parametrize('name', PUBLIC)
def test_the_example_runs(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # for what an example writes
    value = getattr(mmwing, name)
    finder = doctest.DocTestFinder(recurse=False)
    example, = finder.find(value, name, globs={}, module=inspect.getmodule(value))
    report: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=report.append)
    assert not report, ''.join(report)
