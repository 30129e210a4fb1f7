"""A batch on the device is what the per-sample transforms make of each face."""

import random
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.dataset import pseudo_collate
from mmengine.logging import MessageHub
from mmengine.registry import init_default_scope
from mmpose.datasets.transforms import PackPoseInputs
from mmpose.registry import MODELS, TRANSFORMS
from synchronisation import no_synchronisation

from mmwing.datasets.canvases import CanvasFace
from mmwing.datasets.transforms import PackCanvas, face_affine, occlusion
from mmwing.datasets.wrappers import CanvasDataset
from mmwing.models.data_preprocessors import (
    BatchPipeline,
    FaceAugmentor,
    face_augmentor,
)
from mmwing.models.heads import DirectRegressionHead

FLIP = [1, 0, 3, 2, 4]
NORMAL = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375],
              bgr_to_rgb=True)


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmpose')


def by_tensors(augmentor):
    """An augmentor that crops on the CPU as it does on a GPU."""
    class ByTensors(FaceAugmentor):
        _with_opencv = False

    augmentor.__class__ = ByTensors
    return augmentor


#: FaceAugmentor as it is on a CPU, and as on a GPU.
both_ways = pytest.mark.parametrize('way', [lambda own: own, by_tensors],
                                    ids=['OpenCV', 'tensors'])


def pipeline(size=(33, 33), box=None, context=None, pixels=(), codec=None):
    return [
        *([dict(type='mmwing.RandomFaceBox', **(box or {}))]),
        *([dict(type='mmwing.FaceContext', factor=context)] if context else []),
        dict(type='mmwing.FaceAffine', input_size=size),
        *pixels,
        dict(type='GenerateTarget', encoder=codec or dict(
            type='mmwing.DirectRegressionLabel', input_size=size))]


COLOR = dict(type='mmwing.RandomColor', prob=0.9)
BLUR = dict(type='mmwing.RandomGaussianBlur', sigma=(0.6, 1.5), prob=0.7)
PATCHES = dict(type='mmwing.RandomOcclusion', prob=0.9, max_patches=3)


def sample(rng, canvas_size, index=0, mirror=True):
    """What CanvasDataset and GetBBoxCenterScale make of a face in a larger photo."""
    coarse = rng.integers(0, (60, 150, 256), (9, 8, 3), np.uint8)
    canvas = cv2.resize(coarse, (canvas_size, canvas_size),
                        interpolation=cv2.INTER_CUBIC)
    scale = rng.uniform(0.4, 1)
    shift = rng.uniform(-90, 10, 2)
    side = canvas_size / scale * 0.45
    centre = (canvas_size / 2 + rng.uniform(-3, 3, 2) - shift) / scale
    points = centre + rng.uniform(-0.6, 0.6, (5, 2)) * side
    return dict(
        img=canvas,
        canvas_matrix=np.array([[scale, 0, shift[0]], [0, scale, shift[1]]]),
        canvas_index=index, canvas_size=canvas_size, ori_shape=(4000, 4001), id=index,
        img_id=index, img_path=f'{index}.jpg', flip_indices=FLIP if mirror else None,
        bbox=np.array([[*(centre - side / 2), *(centre + side / 2)]], np.float32),
        bbox_score=np.ones(1, np.float32),
        bbox_center=centre[None].astype(np.float32),
        bbox_scale=(side * rng.uniform(0.8, 1, (1, 2))).astype(np.float32),
        keypoints=points[None].astype(np.float32),
        keypoints_visible=rng.integers(0, 2, (1, 5)).astype(np.float32))


def batch_of(samples, reach=0.5):
    return pseudo_collate([PackCanvas(reach)(dict(each)) for each in samples])


def one_by_one(steps, sample, index, draws, monkeypatch):
    """The per-sample transforms with the numbers that the batch has drawn."""
    box, pixels = draws
    # The canvases of this test end within their photos, where crops may not.
    monkeypatch.setattr(face_affine, 'check_covered', lambda *arguments: None)
    results, number = dict(sample), iter(pixels)
    for config in steps:
        step = TRANSFORMS.build(config)
        name = type(step).__name__
        if name == 'RandomFaceBox':
            step._get_transform_params = lambda count: (
                box.offset[index:index + 1].numpy(),
                box.scale[index].reshape(1, 1).numpy(), box.degrees[index:index + 1])
            step._choose_flip = lambda: bool(box.mirrored[index])
        elif name == 'RandomColor':
            drawn = [each[index] for each in next(number)]
            values = [float(each) for each in drawn[1:4]] + [drawn[4].numpy()]
            step._draw = lambda drawn=drawn, values=values: (
                tuple(values) if drawn[0] else None)
        elif name == 'RandomGaussianBlur':
            sigma = float(next(number)[index])
            step._draw = lambda sigma=sigma: sigma or None
        elif name == 'RandomOcclusion':
            drawn = next(number)
            patches, contents = [], []
            for p in range(drawn.used.shape[1]):
                if not drawn.used[index, p]:
                    continue
                (w, h), (x, y), (x2, y2) = (
                    each[index, p].int().tolist()
                    for each in (drawn.sides, drawn.corner, drawn.other))
                fill = step.fills[int(drawn.fill[index, p])]
                patches.append((x, y, w, h, x2, y2, fill))
                if fill == 'color':
                    contents.append(drawn.color[index, p].numpy())
                elif fill == 'noise':
                    contents.append(drawn.noise[index, :, y:y + h, x:x + w]
                                    .permute(1, 2, 0).numpy())
            step._draw = lambda height, width, patches=patches: patches
            contents = iter(contents)
            monkeypatch.setattr(occlusion.np.random, 'randint',
                                lambda *args, contents=contents: next(contents))
        results = step(results)
    monkeypatch.undo()
    return results


@both_ways
@given(seed=st.integers(0, 10**6), width=st.integers(9, 70), height=st.integers(9, 70),
       canvas=st.integers(40, 170), context=st.sampled_from([None, 1.3]),
       mirror=st.booleans(), distribution=st.sampled_from(['uniform', 'truncnorm']),
       pixels=st.sampled_from([(), (COLOR, ), (BLUR, ), (PATCHES, ),
                               (COLOR, PATCHES, BLUR), (BLUR, PATCHES)]))
@settings(max_examples=20, deadline=None)
def test_the_same_draws_give_the_same_samples(way, seed, width, height, canvas,
                                              context, mirror, distribution, pixels):
    rng = np.random.default_rng(seed)
    steps = pipeline((width, height), dict(
        rotation=40, jitter=0.1, flip_prob=0.5 if mirror else 0,
        distribution=distribution), context, pixels)
    samples = [sample(rng, canvas, index, mirror) for index in range(4)]
    augmentor = way(FaceAugmentor(steps))
    draws = augmentor.pipeline.draw(4, torch.Generator().manual_seed(seed))
    with pytest.MonkeyPatch.context() as patch:
        augmentor.pipeline.draw = lambda count, generator: draws
        ours = augmentor(batch_of(samples), training=True)
        for index, each in enumerate(samples):
            theirs = one_by_one(steps, each, index, draws, patch)
            _assert_same(ours, index, theirs, augmentor.pipeline)


def _assert_same(ours, index, theirs, batch):
    picture = ours['inputs'][index].permute(1, 2, 0).numpy()
    off = np.abs(picture - theirs['img'].astype(float))
    # Rounded after each transform there, here once at most; OpenCV rounds places.
    assert off.mean() < 0.6 and np.percentile(off, 99) < 2
    labels = ours['data_samples'].keypoint_labels[index].numpy()
    np.testing.assert_allclose(labels * batch.size, theirs['transformed_keypoints'][0],
                               atol=1e-3 * max(1, *batch.size) / 8)
    np.testing.assert_array_equal(ours['data_samples'].keypoint_weights[index],
                                  theirs['keypoint_weights'][0])
    packed, mine = PackPoseInputs()(theirs)['data_samples'], ours['data_samples'][index]
    for key in ('keypoint_labels', 'keypoint_weights'):
        own, other = (each.gt_instance_labels[key] for each in (mine, packed))
        assert own.shape == other.shape
    for key in ('bboxes', 'bbox_scores', 'keypoints', 'keypoints_visible',
                'bbox_scales'):
        np.testing.assert_allclose(mine.gt_instances[key], packed.gt_instances[key],
                                   rtol=1e-4, atol=2e-3, err_msg=key)
    for key in ('input_size', 'id', 'img_path', 'flip_indices', 'flip'):
        assert mine.metainfo[key] == packed.metainfo[key], key
    for key in ('input_center', 'input_scale'):
        np.testing.assert_allclose(mine.metainfo[key], packed.metainfo[key], rtol=1e-4)


@both_ways
def test_a_test_batch_is_that_of_the_evaluation_pipeline(tmp_path, way):
    host = [dict(type='mmwing.LoadCachedImage'), dict(type='GetBBoxCenterScale')]
    device = pipeline((40, 40), context=1.2)
    arguments = dict(
        dataset=dict(type='mmwing.SyntheticFaceDataset', num_samples=3, image_size=128,
                     bbox_scale=1.), size=96, context=1.6, cache_dir=tmp_path)
    ours = CanvasDataset(pipeline=[*host, dict(type='mmwing.PackCanvas')], **arguments)
    theirs = CanvasDataset(pipeline=[*host, *device[1:3], dict(type='PackPoseInputs')],
                           **arguments)
    augmentor = way(FaceAugmentor(device, **NORMAL))
    a = augmentor(pseudo_collate([ours[index] for index in range(3)]))
    b = augmentor(pseudo_collate([theirs[index] for index in range(3)]))
    assert (a['inputs'] - b['inputs']).abs().mean() < 0.5 / 57
    for mine, other in zip(a['data_samples'], b['data_samples'], strict=True):
        for key in ('bboxes', 'bbox_scores', 'keypoints', 'keypoints_visible',
                    'bbox_scales'):
            np.testing.assert_allclose(mine.gt_instances[key], other.gt_instances[key])
        for key in ('input_center', 'input_scale'):
            np.testing.assert_allclose(mine.metainfo[key], other.metainfo[key],
                                       rtol=1e-6)
        for key in ('ori_shape', 'img_shape', 'id', 'input_size', 'img_path',
                    'batch_input_shape', 'pad_shape'):
            np.testing.assert_equal(mine.metainfo[key], other.metainfo[key])


@pytest.fixture
def batch():
    rng = np.random.default_rng(1)
    return batch_of([sample(rng, 80, index) for index in range(6)], 0.5)


ALL = (COLOR, PATCHES, BLUR)


def test_channels_and_scale_are_those_of_mmpose(batch):
    steps = pipeline(box=dict(rotation=0, jitter=0, flip_prob=0))
    plain = FaceAugmentor(steps)(batch, training=True)['inputs']
    stock = MODELS.build(dict(type='PoseDataPreprocessor', **NORMAL))
    ours = FaceAugmentor(steps, **NORMAL)(batch, training=True)['inputs']
    theirs = stock(dict(inputs=plain, data_samples=[]))['inputs']
    torch.testing.assert_close(ours, theirs)


@both_ways
def test_autocast_changes_neither_labels_nor_pixels(batch, way):
    """MMEngine prepares a batch inside the autocast context of the step."""
    steps = pipeline((128, 128), dict(rotation=40, jitter=0.1), pixels=ALL)
    plain, autocast = (way(FaceAugmentor(steps, seed=0)) for _ in range(2))
    expected = plain(batch, training=True)
    with torch.autocast('cpu', torch.bfloat16):
        found = autocast(batch, training=True)
    torch.testing.assert_close(found['inputs'], expected['inputs'], rtol=0, atol=1e-3)
    torch.testing.assert_close(found['data_samples'].keypoint_labels * 128,
                               expected['data_samples'].keypoint_labels * 128,
                               rtol=0, atol=1e-4)


def test_draws_depend_on_seed_iteration_and_process_alone(batch, monkeypatch):
    hub = MessageHub.get_current_instance()

    def at(iteration, seed=3, rank=0):
        hub.update_info_dict(dict(iter=iteration, seed=seed))
        monkeypatch.setattr(face_augmentor, 'get_rank', lambda: rank)
        augmentor = FaceAugmentor(pipeline(pixels=ALL))
        random.seed(iteration + rank)
        torch.manual_seed(iteration + 7 * rank)
        return augmentor(batch, training=True)['inputs']

    first = at(5)
    torch.testing.assert_close(at(5), first, rtol=0, atol=0)
    for other in (at(6), at(5, seed=4), at(5, rank=1)):
        assert (other - first).abs().mean() > 1
    hub.pop_info('iter')
    own = FaceAugmentor(pipeline(), seed=3)
    assert not own(batch, training=True)['inputs'].equal(
        own(batch, training=True)['inputs'])


@pytest.mark.parametrize('distribution', ['uniform', 'truncnorm'])
def test_draws_are_spread_as_those_of_the_transform(distribution):
    steps = pipeline(box=dict(rotation=30, jitter=0.1, flip_prob=0.25,
                              distribution=distribution),
                     pixels=(dict(COLOR, prob=0.3, grey_prob=0.2), PATCHES, BLUR))
    draws, pixels = BatchPipeline(steps).draw(8000, torch.Generator().manual_seed(0))
    box = TRANSFORMS.build(steps[0])
    np.random.seed(0)
    offset, scale, degrees = box._get_transform_params(8000)
    for ours, theirs in ((draws.offset, offset), (draws.scale, scale[:, 0]),
                         (draws.degrees, degrees)):
        assert abs(ours.mean() - theirs.mean()) < 0.05 * theirs.std()
        assert abs(ours.std() / theirs.std() - 1) < 0.04
        assert ours.abs().max() <= np.abs(theirs).max() * 1.02
    assert abs(draws.mirrored.float().mean() - 0.25) < 0.02
    color, patches, blur = pixels
    assert abs(color.changed.float().mean() - 0.3) < 0.02
    assert abs((color.saturation == 0).float().mean() - 0.2) < 0.02
    assert abs(patches.used.any(1).float().mean() - 0.9) < 0.02
    assert abs(patches.used.sum(1).float().mean() - 0.9 * 2) < 0.05
    assert set(patches.fill.unique().tolist()) == {0, 1, 2}
    assert abs((blur > 0).float().mean() - 0.7) < 0.02
    assert blur[blur > 0].min() >= 0.6 and blur.max() <= 1.5


def test_a_patch_stays_inside():
    steps = pipeline((11, 11), pixels=(dict(PATCHES, size=(0.5, 1)), ))
    _, (draw, ) = BatchPipeline(steps).draw(500, torch.Generator().manual_seed(0))
    for corner in (draw.corner, draw.other):
        assert corner.min() >= 0 and (corner + draw.sides).max() <= 11


def test_nothing_is_copied_to_the_host(batch, monkeypatch):
    """What comes from the host does so by one place, which waits for nothing."""
    augmentor = by_tensors(FaceAugmentor(pipeline(pixels=ALL), **NORMAL))
    from_host = augmentor._to_device
    monkeypatch.setattr(augmentor, '_to_device', from_host)
    sent = []

    def remember(array):
        sent.append(from_host(array))
        return sent[-1]

    monkeypatch.setattr(augmentor, '_to_device', remember)
    expected = augmentor(batch, training=True)
    given = iter(sent)
    monkeypatch.setattr(augmentor, '_to_device', lambda array: next(given))
    augmentor._calls = 0
    with no_synchronisation():
        again = augmentor(batch, training=True)
    torch.testing.assert_close(again['inputs'], expected['inputs'])


def test_batches_of_other_pipelines_pass_as_in_mmpose():
    stock = MODELS.build(dict(type='PoseDataPreprocessor', **NORMAL))
    cropped = PackPoseInputs()(dict(img=np.full((33, 33, 3), 7, np.uint8)))
    ours = FaceAugmentor(pipeline(), **NORMAL)(pseudo_collate([cropped]))
    torch.testing.assert_close(ours['inputs'],
                               stock(pseudo_collate([cropped]))['inputs'])


def test_canvases_on_the_device_are_those_handed_over(tmp_path):
    painted = dict(type='mmwing.SyntheticFaceDataset', num_samples=5, image_size=64)
    steps = [dict(type='mmwing.LoadCachedImage'), dict(type='GetBBoxCenterScale'),
             dict(type='mmwing.PackCanvas')]
    arguments = painted, steps, 48, 2., tmp_path
    handed, kept = (CanvasDataset(*arguments, resident=resident)
                    for resident in (False, True))
    order = [3, 0, 4, 3]
    pictures = [FaceAugmentor(pipeline(), seed=0)(
        pseudo_collate([dataset[index] for index in order]), training=True)['inputs']
        for dataset in (handed, kept)]
    torch.testing.assert_close(*pictures, rtol=0, atol=0)
    assert 'inputs' not in kept[0]

    content = bytearray(kept.store.file.read_bytes())
    content[-5] ^= 1
    kept.store.file.write_bytes(content)
    with pytest.raises(ValueError, match='is damaged at canvas 4: delete it'):
        FaceAugmentor(pipeline())(pseudo_collate([kept[0]]), training=True)


def test_a_device_without_room_for_the_canvases(tmp_path, monkeypatch):
    augmentor = FaceAugmentor(pipeline())
    monkeypatch.setattr(FaceAugmentor, 'device', SimpleNamespace(type='cuda'))
    monkeypatch.setattr(torch.cuda, 'mem_get_info', lambda device: (5000, 10_000))
    monkeypatch.setattr(face_augmentor, 'read_canvases',
                        lambda path: np.zeros((1, 40, 40, 3), np.uint8))
    with pytest.raises(ValueError, match=r'4\.8e-06 GB, of which the device has 5e-06 '
                       'GB free: set resident=False'):
        augmentor._upload('canvases.npy')


def test_a_head_takes_the_batch_as_it_takes_samples(batch):
    augmentor = FaceAugmentor(pipeline())
    prepared = augmentor(batch, training=True)
    head = DirectRegressionHead(4, 5, decoder=dict(
        type='mmwing.DirectRegressionLabel', input_size=(33, 33)))
    features = (torch.randn(6, 4), )
    together = head.loss(features, prepared['data_samples'])
    one_by_one = head.loss(features, list(prepared['data_samples']))
    assert together.keys() == one_by_one.keys()
    for key, value in together.items():
        torch.testing.assert_close(value, one_by_one[key])


def test_visible_weights_beside_visible():
    face = dict(sample(np.random.default_rng(0), 50))
    face['keypoints_visible'] = np.dstack([face['keypoints_visible'], np.zeros((1, 5))])
    packed = PackCanvas()(face)['data_samples']
    assert isinstance(packed, CanvasFace)
    np.testing.assert_array_equal(packed.visible, face['keypoints_visible'][0, :, 0])


@pytest.mark.parametrize(('steps', 'message'), [
    ([dict(type='RandomFlip'), *pipeline()], 'in this order.* got .*RandomFlip'),
    (pipeline(pixels=[dict(type='PhotometricDistortion')]), 'in this order'),
    (pipeline()[:-1], 'in this order'), (pipeline()[::-1], 'in this order'),
    (pipeline(codec=dict(type='MSRAHeatmap', input_size=(33, 33), sigma=2,
                         heatmap_size=(16, 16))), 'MSRAHeatmap encodes no coordinates'),
    ([*pipeline()[:-1], dict(pipeline()[-1], use_dataset_keypoint_weights=True)],
     'use_dataset_keypoint_weights')])
def test_what_has_no_counterpart_is_named(steps, message):
    with pytest.raises(ValueError, match=message):
        FaceAugmentor(steps)


@pytest.mark.parametrize('argument', [
    dict(pad_size_divisor=32),
    dict(batch_augments=[dict(type='BatchSyncRandomResize', random_size_range=(64, 96),
                              interval=10)])])
def test_arguments_that_a_batch_of_canvases_would_ignore(argument):
    name, = argument
    with pytest.raises(ValueError, match=f'{name} has no counterpart on the device'):
        FaceAugmentor(pipeline(), **argument)


def test_faces_that_differ_in_landmarks(batch):
    batch['data_samples'][2].keypoints = np.zeros((4, 2), np.float32)
    batch['data_samples'][2].visible = np.zeros(4, np.float32)
    with pytest.raises(ValueError, match=r'\[4, 5\] landmarks'):
        FaceAugmentor(pipeline())(batch, training=True)


def test_a_mirror_needs_pairs(batch):
    for face in batch['data_samples']:
        face.info['flip_indices'] = None
    with pytest.raises(KeyError, match='flip_indices'):
        FaceAugmentor(pipeline())(batch, training=True)
    for face in batch['data_samples']:
        face.info['flip_indices'] = [0, 1]
    with pytest.raises(ValueError, match='annotated with 5 landmarks, but .* 2'):
        FaceAugmentor(pipeline())(batch, training=True)


def test_a_canvas_that_shows_too_little():
    face = dict(sample(np.random.default_rng(0), 50), ori_shape=(10_000, 10_000))
    with pytest.raises(ValueError, match='does not show all that its crop may'):
        PackCanvas(reach=3.)(face)
    with pytest.raises(ValueError, match='one finite box of positive size'):
        PackCanvas()(dict(face, bbox_scale=np.zeros((1, 2))))
    with pytest.raises(ValueError, match='reach must be positive'):
        PackCanvas(reach=0)


def test_the_reach_holds_every_crop():
    steps = pipeline((40, 40), dict(rotation=25, jitter=0.08), 1.4)
    batch = BatchPipeline(steps)
    from mmwing.models.data_preprocessors.face_boxes import warp_of
    draws, _ = batch.draw(20_000, torch.Generator().manual_seed(0))
    warp = warp_of(torch.zeros(20_000, 2), torch.ones(20_000, 2), draws, batch.context,
                   batch.size)
    corners = torch.tensor([[x, y] for x in (0., 40.) for y in (0., 40.)])
    from mmwing.geometry import transform_points
    farthest = transform_points(warp.source, corners.expand(20_000, 4, 2)).abs().max()
    assert 0.9 * batch.reach < farthest <= batch.reach
