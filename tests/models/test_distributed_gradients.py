"""Two processes with half of the batch each have the gradients of one."""

import os

import pytest
import torch
from mmengine.dist import get_dist_info
from torch.nn.parallel import DistributedDataParallel

from mmwing import WingCNN, WingLoss

FACES = 8


class Network(torch.nn.Module):
    """From images to landmarks (N, 5, 2), without batch normalisation."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = WingCNN(widen_factor=0.125)
        self.linear = torch.nn.Linear(256, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        features, = self.backbone(images)
        return self.linear(features.flatten(1)).unflatten(1, (5, 2))


def gradients(reduction: str, weighted: bool) -> dict[str, torch.Tensor]:
    """Of the parameters, from this process's share of the faces."""
    torch.manual_seed(0)
    network = Network()
    network.backbone.init_weights()
    loss = WingLoss(input_size=(64, 64), reduction=reduction)
    images, target = torch.randn(FACES, 3, 64, 64), torch.rand(FACES, 5, 2)
    weight = torch.ones(FACES, 5)
    if weighted:  # landmarks that count less or not at all, all in one process
        weight[0, 1:], weight[1, 2:] = 0, 0.5
    rank, world_size = get_dist_info()
    model = DistributedDataParallel(network) if world_size > 1 else network
    share = slice(rank * FACES // world_size, (rank + 1) * FACES // world_size)
    loss(model(images[share]), target[share], weight[share]).backward()
    return {name: parameter.grad for name, parameter in network.named_parameters()}


def _run_rank(rank: int, folder: str, cases: list) -> None:
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        'gloo', init_method=f'file://{folder}/rendezvous', rank=rank, world_size=2)
    found = [gradients(*case) for case in cases]
    if rank == 0:
        torch.save(found, f'{folder}/found.pth')
    torch.distributed.barrier()
    os._exit(0)  # without clearing up: DDP may wait for gloo with the GIL held


def test_two_processes_have_the_gradients_of_one(tmp_path):
    cases = [('batch_mean', False), ('batch_mean', True), ('mean', False)]
    torch.multiprocessing.start_processes(
        _run_rank, (str(tmp_path), cases), 2, start_method='fork')
    for case, found in zip(cases, torch.load(tmp_path / 'found.pth'), strict=True):
        expected = gradients(*case)
        assert expected.keys() == found.keys() and len(found) > 8
        for name, gradient in expected.items():
            scale = gradient.abs().max()
            assert scale > 0
            torch.testing.assert_close(found[name], gradient, rtol=0,
                                       atol=1e-5 * float(scale))


@pytest.mark.parametrize('reduction', ['sum', 'mean'])
def test_what_depends_on_the_split_is_what_the_docs_say(reduction):
    """`sum` is half as large, `mean` of uneven weights is weighted otherwise."""
    torch.manual_seed(0)
    output = torch.rand(4, 5, 2, requires_grad=True)
    target, weight = torch.rand(4, 5, 2), torch.ones(4, 5)
    weight[0] = 0
    loss = WingLoss(input_size=(64, 64), reduction=reduction)
    whole, = torch.autograd.grad(loss(output, target, weight), output)
    halves = sum(loss(output[half], target[half], weight[half])
                 for half in (slice(0, 2), slice(2, 4))) / 2  # as DDP averages
    split, = torch.autograd.grad(halves, output)
    assert not torch.allclose(whole, split, rtol=1e-3)
