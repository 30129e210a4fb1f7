"""bfloat16 in the forward pass, float32 in all that is kept."""

import pytest
import torch
from small_training import make, paint


@pytest.fixture(scope='module')
def faces():
    return paint()


def test_the_forward_pass_runs_in_bfloat16_and_nothing_else(faces):
    model, wrapper, batch = make(faces, 'mmwing.BFloat16OptimWrapper')
    maps, coordinates, gradients = [], [], []
    model.backbone.register_forward_hook(lambda *x: maps.append(x[2][0].dtype))
    model.head.loss_module.register_forward_hook(
        lambda _, inputs, loss: coordinates.append((inputs[0].dtype, loss.dtype)))
    for weight in model.parameters():
        weight.register_post_accumulate_grad_hook(
            lambda weight: gradients.append(weight.grad.dtype))
    log = model.train_step(batch, wrapper)
    assert maps == [torch.bfloat16]
    # A coordinate in bfloat16 would be off by half a pixel at 256 pixels.
    assert coordinates == [(torch.float32, torch.float32)]
    assert log['loss'].dtype == torch.float32
    weights = list(model.parameters())
    assert len(gradients) == len(weights) and set(gradients) == {torch.float32}
    assert {weight.dtype for weight in weights} == {torch.float32}
    moments = [state[key] for state in wrapper.optimizer.state.values()
               for key in ('exp_avg', 'exp_avg_sq')]
    assert len(moments) == 2 * len(weights)
    assert {moment.dtype for moment in moments} == {torch.float32}


def test_evaluation_stays_float32(faces):
    model, wrapper, batch = make(faces, 'mmwing.BFloat16OptimWrapper')
    model.train_step(batch, wrapper)
    maps = []
    model.backbone.register_forward_hook(lambda *x: maps.append(x[2][0].dtype))
    with torch.no_grad():
        model.eval().val_step(batch)
    assert set(maps) == {torch.float32}


def test_it_learns_as_float32_does(faces):
    losses = {}
    for wrapper in ('OptimWrapper', 'mmwing.BFloat16OptimWrapper'):
        model, optimizer, batch = make(faces, wrapper)
        losses[wrapper] = [
            model.train_step(batch, optimizer)['loss'].item() for _ in range(20)]
    plain, bfloat16 = losses.values()
    # The same start, but for rounding, which Adam's first steps then spread.
    assert bfloat16[0] != plain[0]
    assert bfloat16[0] == pytest.approx(plain[0], rel=0.02)
    assert plain[-1] < 0.8 * plain[0] and bfloat16[-1] < 0.8 * bfloat16[0]
