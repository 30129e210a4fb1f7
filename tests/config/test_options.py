"""What ``--cfg-options`` may say, and what it is told otherwise."""

import argparse

import pytest

from mmwing.config import ConfigOptions, load_config, merge_options

CONFIG = 'td-reg_cnn6_wing_1xb16-200e_300w-64x64'


def parse(*arguments: str) -> dict:
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=ConfigOptions)
    return parser.parse_args(['--cfg-options', *arguments]).cfg_options


def test_options_are_read_as_mmengine_reads_them():
    assert parse('a.b=[1,2]', 'c=None', 'd=x=y') == {'a.b': [1, 2], 'c': None,
                                                     'd': 'x=y'}


@pytest.mark.parametrize(('option', 'message'), [
    ('foo', "--cfg-options takes KEY=VALUE, such as optim_wrapper.optimizer.lr=1e-3; "
     "got 'foo'"),
    ('=3', "got '=3'"),
    ('a=[1,(2]', '--cfg-options: Imbalanced brackets'),
])
def test_what_is_no_option_is_told(option, message, capsys):
    with pytest.raises(SystemExit):
        parse(option)
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(('option', 'message'), [
    ('optim_wraper.optimizer.lr', "no 'optim_wraper'.*the nearest: optim_wrapper"),
    ('qqqqqqq', "no 'qqqqqqq', and training and test read nothing of that name$"),
    ('custom_hooks.9.momentum', 'cannot be set: Index 9 exceeds'),
    ('custom_hooks.x.momentum', 'cannot be set: list indices must be integers'),
    ('model.head.type.x', "option 'model.head.type.x' cannot be set"),
    ('model', 'its model must be a dict, got 1'),
])
def test_an_option_that_nothing_would_read_is_refused(option, message):
    with pytest.raises(ValueError, match=message):
        load_config(CONFIG, {option: 1})


@pytest.mark.parametrize('options', [{1: 2}, {'model.a': 1, None: 2}, ['work_dir'], 3])
def test_options_that_are_no_dict_of_texts_are_named(options):
    with pytest.raises(TypeError, match='cfg_options must be a dict of dotted keys'):
        load_config(CONFIG, options)


@pytest.mark.parametrize('option', [
    'work_dir', 'resume', 'load_from', 'auto_scale_lr.enable', 'custom_imports.imports',
    'model.test_cfg.looks', 'param_scheduler.1.end', 'log_level', 'compile',
    'find_unused_parameters', 'model_wrapper_cfg.type', 'sync_bn', 'preprocess_cfg.a',
    'activation_checkpointing', 'efficient_conv_bn_eval'])
def test_what_the_runner_reads_may_be_new(option):
    cfg = load_config(CONFIG)
    merge_options(cfg, {option: 7})
    value = cfg
    for key in option.split('.'):
        value = value[int(key) if key.isdecimal() else key]
    assert value == 7
