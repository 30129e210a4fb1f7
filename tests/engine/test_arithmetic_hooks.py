"""Channels last and compiled networks train as they do without."""

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
        hook.before_train(SimpleNamespace(model=model))
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
