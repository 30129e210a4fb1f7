"""Pretrained weights that cannot be reached, or do not exist, end with one message."""

from urllib.error import URLError

import pytest
from mmengine.runner import CheckpointLoader


@pytest.mark.parametrize(('name', 'address'), [
    ('torchvision://resnet50', 'https://download.pytorch.org/models/resnet50'),
    ('open-mmlab://msra/hrnetv2_w18', 'https://'),
    ('https://example.org/weights.pth', '')])
def test_weights_out_of_reach_end_with_one_message(name, address, tmp_path,
                                                   monkeypatch):
    def fail(url, path):
        raise URLError('no route to host')

    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    monkeypatch.setattr('torch.hub.download_url_to_file', fail)
    with pytest.raises(FileNotFoundError) as caught:
        CheckpointLoader.load_checkpoint(name)
    message = str(caught.value)
    assert f'{name}{" (" if address else ""}{address}' in message
    assert 'no route to host' in message
    assert '--cfg-options model.backbone.init_cfg=None' in message
    assert not list(tmp_path.rglob('*.pth'))


def test_unknown_weights_of_a_zoo_are_named():
    with pytest.raises(ValueError, match="'torchvision://resnet51' are unknown.*"
                                         'nearest: .*resnet50'):
        CheckpointLoader.load_checkpoint('torchvision://resnet51')
