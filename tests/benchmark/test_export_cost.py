"""Times of exports: every form is measured, beside PyTorch."""

import numpy as np
import pytest

pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')

from mmwing.benchmark.export_cost import (  # noqa: E402
    PYTORCH,
    measure_export,
    measure_first_face,
)
from mmwing.config import build_runner, load_config  # noqa: E402
from mmwing.inference import load_model  # noqa: E402
from mmwing.inference.onnx import export_onnx  # noqa: E402


@pytest.mark.slow
def test_all_forms_are_timed_side_by_side(tmp_path):
    cfg = load_config('td-reg_cnn6_wing_1xb64-24e_synthetic-64x64', {
        'model.backbone.widen_factor': 0.125, 'model.head.in_channels': 256,
        'model.head.hidden_channels': 32, 'train_cfg.max_epochs': 1,
        'train_dataloader.dataset.num_samples': 8, 'train_dataloader.batch_size': 8,
        'train_dataloader.num_workers': 0,
        'train_dataloader.persistent_workers': False, 'val_dataloader': None,
        'val_evaluator': None, 'val_cfg': None})
    cfg.work_dir = str(tmp_path)
    build_runner(cfg).train()
    checkpoint = str(tmp_path / 'epoch_1.pth')
    model = load_model(checkpoint, device='cpu')
    costs = measure_export(model, (1, 3), rounds=2)
    assert list(costs) == [PYTORCH, 'ONNX', 'ONNX, --fp16']
    assert costs['ONNX'].megabytes > 1.5 * costs['ONNX, --fp16'].megabytes
    for cost in costs.values():
        assert all(cost.milliseconds[count].shape == (2, ) and (
            cost.milliseconds[count] > 0).all() for count in (1, 3))
    export_onnx(model, tmp_path / 'model.onnx')
    first = measure_first_face(checkpoint, str(tmp_path / 'model.onnx'), rounds=1)
    assert np.isfinite(list(first.values())).all()
    assert first['mmwing.runtime'] < first['mmwing']


def test_nothing_to_measure():
    with pytest.raises(ValueError, match=r'rounds at least 1, got \(1,\) and 0'):
        measure_export(None, (1, ), rounds=0)
