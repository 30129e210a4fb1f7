"""MeanShapeHook inside of MMEngine's Runner."""

import logging
import os
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.model import BaseModel
from mmengine.runner import Runner
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from mmwing.engine import MeanShapeHook
from mmwing.models.heads import DirectRegressionHead

K = 6
MEAN = np.random.default_rng(0).uniform(0.2, 0.8, (K, 2)).astype(np.float32)


class Shapes(torch.utils.data.Dataset):
    """The mean shape, moved to and fro; counts how often it is asked."""

    def __init__(self, num_keypoints=K, offset=0.):
        self.num_keypoints, self.offset, self.asked = num_keypoints, offset, 0

    def __len__(self):
        return 8

    def __getitem__(self, index):
        self.asked += 1
        sample = PoseDataSample()
        shape = torch.from_numpy(MEAN) + 0.1 * (-1)**index + self.offset
        sample.gt_instance_labels = InstanceData(
            keypoint_labels=shape[None, :self.num_keypoints],
            keypoint_weights=torch.ones(1, self.num_keypoints))
        return {'inputs': torch.rand(4), 'data_samples': sample}


class Model(BaseModel):
    """A head without backbone."""

    def __init__(self, mean_shape='auto'):
        super().__init__()
        self.head = DirectRegressionHead(4, K, mean_shape=mean_shape,
                                         input_size=(64, 64))

    def forward(self, inputs, data_samples, mode='tensor'):
        return self.head.loss((torch.stack(inputs), ), data_samples)


def make_runner(work_dir, dataset, model=None, ema=False, **kwargs):
    hooks = [{'type': 'mmwing.MeanShapeHook'}]
    if ema:
        hooks.append({'type': 'EMAHook'})
    return Runner(
        model=model or Model(),
        work_dir=str(work_dir),
        train_dataloader={
            'dataset': dataset, 'batch_size': 4,
            'sampler': {'type': 'DefaultSampler', 'shuffle': True},
            'collate_fn': {'type': 'pseudo_collate'}},
        optim_wrapper={'optimizer': {'type': 'SGD', 'lr': 1e-6}},
        train_cfg={'by_epoch': True, 'max_epochs': 1},
        custom_hooks=hooks,
        default_scope='mmpose',
        experiment_name=f'{work_dir.name}{np.random.rand()}',
        **kwargs)


@pytest.mark.parametrize('ema', [False, True])
def test_fills_trains_and_stores(tmp_path, ema):
    runner = make_runner(tmp_path, Shapes(), ema=ema)
    runner.train()
    assert runner.train_dataloader.dataset.asked == 8 + 8
    np.testing.assert_allclose(runner.model.head.mean_shape, MEAN, atol=1e-6)
    checkpoint = torch.load(tmp_path / 'epoch_1.pth', weights_only=False)
    np.testing.assert_allclose(checkpoint['state_dict']['head.mean_shape'], MEAN,
                               atol=1e-6)


@pytest.mark.parametrize('how', ['resume', 'load_from'])
def test_a_checkpoint_brings_its_own(tmp_path, how):
    make_runner(tmp_path / 'first', Shapes()).train()
    path = str(tmp_path / 'first' / 'epoch_1.pth')
    checkpoint = torch.load(path, weights_only=False)
    checkpoint['state_dict']['head.mean_shape'].fill_(0.25)
    torch.save(checkpoint, path)

    runner = make_runner(tmp_path / 'second', Shapes(), load_from=path,
                         resume=how == 'resume')
    runner.train_loop._max_epochs = 2
    runner.train()
    assert (runner.model.head.mean_shape == 0.25).all()
    assert runner.train_dataloader.dataset.asked == 8 * (1 if how == 'resume' else 2)


@pytest.mark.parametrize('mean_shape', [None, MEAN + 0.1])
def test_leaves_heads_alone_that_do_not_ask(tmp_path, mean_shape):
    runner = make_runner(tmp_path, Shapes(), model=Model(mean_shape))
    before = runner.model.head.mean_shape
    runner.train()
    assert runner.train_dataloader.dataset.asked == 8
    assert runner.model.head.mean_shape is before


def test_another_number_of_landmarks_than_the_head(tmp_path):
    with pytest.raises(ValueError, match='num_joints=6, got .5, 2.'):
        make_runner(tmp_path, Shapes(num_keypoints=5)).train()


def test_bad_number_of_samples():
    with pytest.raises(ValueError, match='num_samples must be positive or None'):
        MeanShapeHook(num_samples=0)


def train_step_on_rank(rank, world, folder):
    """Ranks see different data; the mean shape must be rank 0's on all."""
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        'gloo', init_method=f'file://{folder}/store', rank=rank, world_size=world)
    dataset = Shapes(offset=0.05 * rank)
    model = torch.nn.parallel.DistributedDataParallel(Model())
    runner = SimpleNamespace(
        model=model, logger=logging.getLogger(),
        train_dataloader=SimpleNamespace(dataset=dataset))
    MeanShapeHook().before_train(runner)
    mean_shape = model.module.head.mean_shape.clone()  # before DDP shares buffers
    items = [dataset[rank], dataset[rank + 2]]
    losses = model([i['inputs'] for i in items], [i['data_samples'] for i in items])
    losses['loss_kpt'].backward()
    grad = model.module.head.fc.weight.grad
    torch.save((mean_shape, grad), folder / f'{rank}.pth')
    torch.distributed.barrier()
    # Without clearing up: as DDP lets go of gloo's group it may wait, with the GIL
    # held, for a thread that waits for the GIL.
    os._exit(0)


def test_same_on_every_rank(tmp_path):
    # Forked, because to import everything anew takes longer than the test.
    torch.multiprocessing.start_processes(
        train_step_on_rank, args=(2, tmp_path), nprocs=2, start_method='fork')
    (first, first_grad), (second, second_grad) = (
        torch.load(tmp_path / f'{rank}.pth') for rank in range(2))
    np.testing.assert_allclose(first, MEAN, atol=1e-6)
    torch.testing.assert_close(first, second, rtol=0, atol=0)
    torch.testing.assert_close(first_grad, second_grad)
    assert first_grad.any()
