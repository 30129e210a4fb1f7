"""Add the face metric and the names of subsets to a config that is tested."""

import os.path as osp
from collections.abc import Mapping

from mmengine.config import Config

from mmwing.evaluation import FaceAlignmentMetric
from mmwing.evaluation.normalizers import ITEM_PREFIX
from mmwing.files import hand_on_json, read_json


def add_face_metric(cfg: Config) -> None:
    """Put a FaceAlignmentMetric beside the test metrics of a config that has none.

    Its threshold is 0.1 and its normaliser inter-ocular, or the item or box that an
    ``NME`` of MMPose's in the config names. Its keys begin with ``face/``, for
    MMPose's ``NME`` has the same name.
    """
    evaluators = cfg.test_evaluator
    if isinstance(evaluators, Mapping):
        evaluators = [evaluators]
    name = FaceAlignmentMetric.__name__
    if any(evaluator['type'] in (name, f'mmwing.{name}', FaceAlignmentMetric)
           for evaluator in evaluators):
        return
    items = [evaluator['norm_item'] for evaluator in evaluators
             if evaluator.get('norm_mode') == 'use_norm_item']
    normalizer = 'inter_ocular'
    if items:
        normalizer = ('box_longer_side' if items[0] == 'bbox_size'
                      else ITEM_PREFIX + items[0])
    cfg.test_evaluator = [*evaluators, {
        'type': f'mmwing.{name}', 'normalizer': normalizer, 'prefix': 'face'}]


def name_subsets(cfg: Config) -> None:
    """Wrap the test data set in a SubsetDataset where its annotations name subsets.

    MMPose's data sets drop what ``mmwing prepare`` writes: WFLW's
    attributes, 300-W's common and challenging. A data set that is wrapped already, or
    whose pipeline does not pack the faces' ids, stays as it is.
    """
    dataset = cfg.test_dataloader.dataset
    path = osp.join(dataset.get('data_root') or '', dataset.get('ann_file') or '')
    packs = [step for step in dataset.get('pipeline', ())
             if str(step['type']).endswith('PackPoseInputs')]
    if not path.endswith('.json') or not osp.isfile(path):
        return
    if dataset.get('bbox_file') or not packs or any(
            'id' not in step.get('meta_keys', ('id',)) for step in packs):
        return
    content = read_json(path)
    hand_on_json(path, content)  # to the data set
    if any('subsets' in face for face in content.get('annotations', ())):
        cfg.test_dataloader.dataset = {'type': 'mmwing.SubsetDataset',
                                       'dataset': dataset}
