"""Channels last and compiled networks train as they do without."""

import copy
from types import SimpleNamespace

import pytest
import torch
from small_training import make, paint

from mmwing.engine import ChannelsLastHook, CompileHook


@pytest.fixture(scope='module')
def faces():
    return paint(4)


def train(faces, local, *hooks):
    """Losses of three steps, and the state afterwards."""
    torch.compiler.reset()
    model, wrapper, batch = make(faces, local=local)
    for hook in hooks:
        hook.before_train(SimpleNamespace(model=model, optim_wrapper=wrapper))
    losses = [model.train_step(batch, wrapper)['loss'].item() for _ in range(3)]
    return losses, model


@pytest.mark.parametrize('local', [False, True])
def test_channels_last_trains_as_before(faces, local):
    """Within 1e-4 of the loss: sums have another order, and Adam spreads that."""
    losses, plain = train(faces, local)
    changed, model = train(faces, local, ChannelsLastHook())
    assert changed == pytest.approx(losses, rel=1e-4)
    assert [all(weight.is_contiguous(memory_format=torch.channels_last)
                for weight in each.backbone.parameters() if weight.ndim == 4)
            for each in (plain, model)] == [False, True]
    plain.load_state_dict(model.state_dict())


@pytest.mark.parametrize('first, then', [(True, False), (False, True), (True, True)])
def test_a_run_is_resumed_with_and_without(faces, first, then):
    """Moments of Adam stay with their weights, fused or not."""
    def go_on(checkpoint, last):
        model, wrapper, batch = make(faces)
        if checkpoint:
            model.load_state_dict(checkpoint['state_dict'])
            wrapper.load_state_dict(copy.deepcopy(checkpoint['optimizer']))
        runner = SimpleNamespace(model=model, optim_wrapper=wrapper)
        if last:
            ChannelsLastHook().before_train(runner)
        for _ in range(3):
            model.train_step(batch, wrapper)
        saved = copy.deepcopy({'state_dict': model.state_dict(),
                               'optimizer': wrapper.state_dict()})
        if last:
            ChannelsLastHook().before_save_checkpoint(runner, saved)
        return saved

    weights = {}
    for name, layouts in {'plain': (False, False), 'changed': (first, then)}.items():
        saved = go_on(None, layouts[0])
        weights[name] = go_on(saved, layouts[1])['state_dict']
    for name, value in weights['plain'].items():
        if name.endswith('conv.weight'):
            moved = (value - saved['state_dict'][name]).abs().max()
            off = (weights['changed'][name] - value).abs().max()
            assert off < 0.1 * moved


@pytest.mark.parametrize('local', [False, True])
def test_each_part_compiles_to_one_graph_and_trains_as_before(faces, local):
    """The same tolerance; the graphs alone, code is the compiler's affair."""
    graphs = []

    def backend(graph, _):
        graphs.append(graph)
        return graph

    losses, plain = train(faces, local)
    compiled, model = train(faces, local, CompileHook(backend=backend))
    assert compiled == pytest.approx(losses, rel=1e-4)
    # Backbone, head and loss; the loss looks at its first batches, then no more.
    assert len(graphs) >= 3
    assert list(model.state_dict()) == list(plain.state_dict())


def test_what_breaks_a_graph_is_said(faces):
    model, wrapper, batch = make(faces)
    model.backbone.stages[0].register_forward_hook(
        lambda module, inputs, output: print(output.sum().item()))
    torch.compiler.reset()
    CompileHook(backend='eager').before_train(SimpleNamespace(model=model))
    with pytest.raises(Exception, match='item'):
        model.train_step(batch, wrapper)
