"""--amp: which optimiser wrapper it chooses on which hardware."""

import platform

import pytest
import torch
from mmengine.config import Config

from mmwing.config import precision, use_mixed_precision


def config(**optim_wrapper):
    return Config(dict(optim_wrapper=dict(optimizer=dict(type='AdamW'),
                                          **optim_wrapper)))


@pytest.fixture
def cpu(monkeypatch):
    """A machine without accelerator whose CPU has units for bfloat16, or has not."""
    for kind in ('cuda', 'mlu', 'musa', 'npu'):
        monkeypatch.setattr(precision, f'is_{kind}_available', lambda: False)

    def set_units(present):
        monkeypatch.setattr(precision, 'has_bfloat16_units', lambda: present)
    return set_units


def test_a_cpu_with_units_trains_in_bfloat16(cpu):
    cpu(True)
    cfg = config(type='OptimWrapper')
    use_mixed_precision(cfg)
    assert cfg.optim_wrapper.type == 'mmwing.BFloat16OptimWrapper'
    assert 'loss_scale' not in cfg.optim_wrapper


@pytest.mark.parametrize('given', [{}, dict(type='mmwing.BFloat16OptimWrapper')])
def test_a_cpu_without_units_trains_in_float32_and_says_so(cpu, given, monkeypatch):
    cpu(False)
    said = []
    monkeypatch.setattr(precision, 'print_log', lambda text, *_: said.append(text))
    cfg = config(**given)
    use_mixed_precision(cfg)
    assert cfg.optim_wrapper.type == 'OptimWrapper'
    assert len(said) == 1 and 'float32' in said[0] and '\n' not in said[0]


def test_an_accelerator_gets_the_wrapper_of_mmengine(monkeypatch):
    monkeypatch.setattr(precision, 'is_cuda_available', lambda: True)
    cfg, chosen = config(), config(loss_scale=512.)
    use_mixed_precision(cfg)
    use_mixed_precision(chosen)
    assert cfg.optim_wrapper.type == chosen.optim_wrapper.type == 'AmpOptimWrapper'
    assert cfg.optim_wrapper.loss_scale == 'dynamic'
    assert chosen.optim_wrapper.loss_scale == 512.


@pytest.mark.parametrize('units', [True, False])
def test_another_wrapper_is_refused(cpu, units):
    cpu(units)
    with pytest.raises(ValueError, match="--amp needs .* has 'ApexOptimWrapper'"):
        use_mixed_precision(config(type='ApexOptimWrapper'))


@pytest.mark.parametrize(('avx512', 'amx', 'arm', 'machine', 'expected'), [
    (False, False, True, 'x86_64', False),
    (True, False, False, 'x86_64', True),
    (False, True, False, 'AMD64', True),
    (False, False, True, 'aarch64', True),
    (True, True, False, 'arm64', False)])
def test_the_hardware_is_asked(avx512, amx, arm, machine, expected, monkeypatch):
    monkeypatch.setattr(platform, 'machine', lambda: machine)
    monkeypatch.setattr(torch.cpu, '_is_avx512_bf16_supported', lambda: avx512)
    monkeypatch.setattr(torch.cpu, '_is_amx_tile_supported', lambda: amx)
    monkeypatch.setattr(torch.backends.mkldnn, 'is_available', lambda: True)
    monkeypatch.setattr(torch.ops.mkldnn, '_is_mkldnn_bf16_supported', lambda: arm,
                        raising=False)
    assert precision.has_bfloat16_units() == expected


def test_asking_works_on_this_machine():
    assert precision.has_bfloat16_units() in (True, False)
