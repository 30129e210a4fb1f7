"""The looks of a test are those of the command, or of the config."""

import pytest
from mmengine.config import Config

from mmwing.config.looks import set_looks


@pytest.mark.parametrize(('of_config', 'asked', 'looks'), [
    ({}, None, None), ({'looks': 1}, None, None), (None, 2, 2), ({'looks': 2}, None, 2),
    ({'looks': 2}, 3, 3), ({'looks': 2}, 1, None)])
def test_the_command_goes_before_the_config(of_config, asked, looks):
    cfg = Config(dict(model=dict(test_cfg=of_config), test_cfg=dict(fp16=True)))
    set_looks(cfg, asked)
    assert cfg.test_cfg == (dict(fp16=True) if looks is None else dict(
        fp16=True, type='mmwing.LooksTestLoop', looks=looks))


@pytest.mark.parametrize('looks', [0, -1, 1.5, True, '2'])
def test_looks_are_a_whole_number(looks):
    with pytest.raises(ValueError, match=f'looks must be a whole .*got {looks!r}'):
        set_looks(Config(dict(model=dict(test_cfg=dict(looks=looks)), test_cfg={})))
