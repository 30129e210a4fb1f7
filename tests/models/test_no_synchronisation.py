"""A whole training step of each kind of model asks the device for nothing."""

import pytest
import torch
from mmpose.models.losses import SmoothL1Loss
from small_training import make, paint
from synchronisation import Synchronisation, no_synchronisation


@pytest.fixture(scope='module')
def faces():
    return paint(4)


def prepare(faces, local=False):
    """A model and a batch that is on its device.

    With MMPose's loss: on a CPU, where it costs little, ours look at each batch. That
    they do not elsewhere is tested with the losses, on the device `meta`.
    """
    model, _, batch = make(faces, local=local)
    model.head.loss_module = SmoothL1Loss(use_target_weight=True)
    return model, model.data_preprocessor(batch, True)


@pytest.mark.parametrize('local', [False, True])
def test_losses_heads_and_their_figures(faces, local):
    """What MMEngine does in a step, with an optimiser that has no clock of its own."""
    model, batch = prepare(faces, local)
    optimizer = torch.optim.SGD(model.parameters(), 1e-3)
    with no_synchronisation():
        loss, log = model.parse_losses(model(**batch, mode='loss'))
        loss.backward()
        optimizer.step()
    assert {'loss', 'acc_pose', 'error_px', 'nme_landmark_box_sqrt_area'} <= set(log)


@pytest.mark.parametrize('wait', [
    lambda loss: loss.item(), lambda loss: loss.cpu(), lambda loss: bool(loss),
    lambda loss: loss.detach().numpy(), lambda loss: loss.tolist()],
    ids=['item', 'cpu', 'bool', 'numpy', 'tolist'])
def test_a_synchronisation_is_found(faces, wait):
    model, batch = prepare(faces)
    with no_synchronisation(), pytest.raises(Synchronisation):
        wait(model(**batch, mode='loss')['loss_kpt'])
