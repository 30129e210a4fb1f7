import os
import pickle

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.registry import DefaultScope
from mmpose.evaluation.functional import keypoint_nme

import mmwing
from mmwing.evaluation.metrics import FaceAlignmentMetric
from mmwing.registry import METRICS


def samples_of(faces):
    """Data samples as MMPose's top-down estimators return them."""
    return [
        {'pred_instances': {'keypoints': faces.pred[index:index + 1]},
         'gt_instances': {
             'keypoints': faces.gt[index:index + 1],
             'keypoints_visible': faces.visible[index:index + 1].astype(float),
             'bboxes': faces.boxes[index:index + 1]},
         'img_path': faces.image_paths[index], 'id': index,
         'box_size': float(faces.items['box_size'][index]),
         'subsets': ['common'] if faces.subsets['common'][index] else [],
         'raw_ann_info': {'attributes': {
             'challenging': int(faces.subsets['challenging'][index]), 'blur': 0}}}
        for index in range(len(faces))]


def settings():
    return {'type': 'mmwing.FaceAlignmentMetric',
            'normalizer': ('inter_ocular', 'item:box_size'), 'thr': (0.08, 0.1),
            'statistics': ('median', 'p90', 'pooled'), 'subsets': 'all',
            'num_bootstrap': 50}


def evaluate(samples, batch_size=7):
    metric = METRICS.build(settings())
    for start in range(0, len(samples), batch_size):
        metric.process(None, samples[start:start + batch_size])
    return metric.evaluate(len(samples))


def test_keys_of_the_plain_metric(make_faces):
    samples = samples_of(make_faces())
    metric = FaceAlignmentMetric()
    metric.process(None, samples)
    figures = metric.evaluate(len(samples))
    assert {'NME', 'FR@0.1', 'AUC@0.1', 'num_faces', 'num_unusable'} == set(figures)
    assert all(0 <= figures[key] <= 1 for key in ('NME', 'FR@0.1', 'AUC@0.1'))


def test_pooled_mean_is_mmposes(make_faces):
    faces = make_faces()
    length = np.linalg.norm(faces.gt[:, 36] - faces.gt[:, 45], axis=1)
    usable = faces.visible[:, 36] & faces.visible[:, 45]
    expected = keypoint_nme(
        faces.pred[usable].astype(np.float32), faces.gt[usable].astype(np.float32),
        faces.visible[usable], np.tile(length[usable, None], 2))
    metric = FaceAlignmentMetric(statistics=['pooled'])
    metric.process(None, samples_of(faces))
    assert metric.evaluate(20)['NME_pooled'] == pytest.approx(expected, rel=1e-5)


def test_batch_size_and_order_do_not_matter(make_faces):
    samples = samples_of(make_faces(31))
    expected = evaluate(samples)
    assert evaluate(samples, batch_size=1) == expected
    shuffled = [samples[i] for i in np.random.default_rng(5).permutation(31)]
    assert evaluate(shuffled) == expected


def test_subsets_are_read_from_samples_and_annotations(make_faces):
    figures = evaluate(samples_of(make_faces(30)))
    assert figures['inter_ocular/common/num_faces'] == 20
    assert figures['inter_ocular/challenging/num_faces'] == 10
    assert not any('blur' in key for key in figures)


def _run_rank(rank, world_size, directory):
    os.chdir(directory)
    torch.distributed.init_process_group(
        'gloo', init_method=f'file://{directory}/rendezvous', rank=rank,
        world_size=world_size)
    with open('shares.pickle', 'rb') as file:
        share, size = pickle.load(file)[rank]
    metric = METRICS.build(settings())
    for start in range(0, len(share), 3):
        metric.process(None, share[start:start + 3])
    figures = metric.evaluate(size)
    with open(f'figures_{rank}.pickle', 'wb') as file:
        pickle.dump(figures, file)
    torch.distributed.destroy_process_group()


def interleaved(samples, world_size):
    """MMEngine's sampler: rank r has r, r + W, ..., padded to equal lengths."""
    size = -(-len(samples) // world_size) * world_size
    padded = (samples * 2)[:size]
    return [padded[rank::world_size] for rank in range(world_size)]


def uneven(samples, world_size):
    """Blocks of different lengths, and a copy of a face in the middle of one."""
    cuts = [len(samples) * (rank + 1) ** 2 // world_size ** 2
            for rank in range(world_size)]
    shares = np.split(np.arange(len(samples)), cuts[:-1])
    blocks = [[samples[index] for index in share] for share in shares]
    blocks[-1].insert(1, samples[0])
    return blocks


@pytest.mark.parametrize(('world_size', 'split'), [
    (2, interleaved), (3, interleaved), (3, uneven)])
def test_processes_agree_with_one(world_size, split, make_faces, tmp_path):
    samples = samples_of(make_faces(23))
    shares = [(share, len(samples)) for share in split(samples, world_size)]
    (tmp_path / 'shares.pickle').write_bytes(pickle.dumps(shares))
    torch.multiprocessing.start_processes(
        _run_rank, (world_size, str(tmp_path)), world_size, start_method='fork')
    expected = evaluate(samples)
    for rank in range(world_size):
        figures = pickle.loads((tmp_path / f'figures_{rank}.pickle').read_bytes())
        assert figures == expected


def test_a_config_finds_it_in_mmposes_scope(make_faces):
    samples = samples_of(make_faces())
    with DefaultScope.overwrite_default_scope('mmpose'):  # as the Runner does
        evaluator = Evaluator([settings()])
    evaluator.dataset_meta = {'dataset_name': 'mine'}
    figures = evaluator.offline_evaluate(samples, chunk_size=4)
    assert figures['inter_ocular/num_faces'] == 20
    assert mmwing.evaluation.FaceAlignmentMetric is FaceAlignmentMetric


def test_model_for_other_landmarks_is_named(make_faces):
    sample = samples_of(make_faces(1))[0]
    sample['pred_instances']['keypoints'] = np.zeros((1, 98, 2))
    with pytest.raises(ValueError, match='img_00000.jpg.*same landmarks'):
        FaceAlignmentMetric().process(None, [sample])


def test_no_result_is_an_error():
    with pytest.raises(ValueError, match='no face to evaluate'):
        FaceAlignmentMetric().evaluate(0)


def test_own_points(make_faces):
    samples = samples_of(make_faces(num_keypoints=6))
    metric = FaceAlignmentMetric(keypoint_indices=(0, 3))
    metric.process(None, samples)
    assert metric.evaluate(20)['NME'] > 0
    with pytest.raises(ValueError, match='must be a dict'):
        FaceAlignmentMetric(normalizer=['a', 'b'], keypoint_indices=(0, 3))


def test_unusable_faces_are_logged(make_faces, caplog):
    from mmengine.logging import MMLogger
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    samples = samples_of(make_faces(30))
    metric = FaceAlignmentMetric(subsets=['common'])
    metric.process(None, samples)
    figures = metric.evaluate(30)
    logger.removeHandler(caplog.handler)
    count, of_common = figures['num_unusable'], figures['common/num_unusable']
    assert count > of_common > 0
    assert f' num_unusable: {count} of 30 faces' in caplog.text
    assert f'common/num_unusable: {of_common} of 20 faces' in caplog.text


@pytest.mark.parametrize(('arguments', 'error', 'message'), [
    ({'thr': '0.1'}, ValueError, "thr must be .* a number such as 0.1.*got '0.1'"),
    ({'normalizer': None}, ValueError, 'unknown normalizer None'),
    ({'groups': 'no'}, TypeError, "groups must be True or False, got 'no'"),
    ({'landmarks': 'yes'}, TypeError, 'landmarks must be True or False'),
    ({'num_bootstrap': 1.5}, ValueError, 'num_bootstrap must be a whole number'),
])
def test_arguments_are_checked_before_the_test(arguments, error, message):
    with pytest.raises(error, match=message):
        FaceAlignmentMetric(**arguments)


def test_a_face_whose_item_is_null_is_unusable(make_faces):
    samples = samples_of(make_faces(8))
    samples[3]['box_size'] = None
    metric = FaceAlignmentMetric('item:box_size')
    metric.process(None, samples)
    assert metric.evaluate(8)['num_unusable'] == 1


@pytest.mark.parametrize('value', ['large', [], [None], {}])
def test_an_item_that_is_no_number_is_named(make_faces, value):
    samples = samples_of(make_faces(8))
    samples[3]['box_size'] = value
    with pytest.raises(ValueError, match=(
            "img_00003.jpg#3 must hold a number as 'box_size'")):
        FaceAlignmentMetric('item:box_size').process(None, samples)
