"""Which trainings keep a record."""

import copy

import pytest

from mmwing.config import load_config
from mmwing.config.run_record import keep_record

CNN6 = 'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64'


def test_a_training_with_our_metric_keeps_a_record():
    cfg = load_config(CNN6)
    before = list(cfg.custom_hooks)
    keep_record(cfg, config='mine', options=None)
    *others, hook = cfg.custom_hooks
    assert others == before
    assert hook == {'type': 'mmwing.RunRecordHook', 'provenance': {'config': 'mine'}}
    again = copy.deepcopy(cfg)
    keep_record(again, config='other')
    assert again.to_dict() == cfg.to_dict()


@pytest.mark.parametrize('change', [
    {'val_evaluator': {'type': 'NME', 'norm_mode': 'keypoint_distance'}},
    {'val_evaluator': None, 'val_dataloader': None, 'val_cfg': None}])
def test_what_cannot_be_recorded_stays(change):
    cfg = load_config(CNN6)
    for key, value in change.items():
        cfg[key] = value
    before = copy.deepcopy(cfg).to_dict()
    keep_record(cfg, config='mine')
    assert cfg.to_dict() == before
