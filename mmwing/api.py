"""The public names of mmwing, by kind: what ``mmwing.X`` is in Python and in configs.

``import mmwing`` takes everything from here. A class that a config can name is
registered where it is defined and exported once, in this list.
"""

from mmwing import functional
from mmwing.codecs import DirectRegressionLabel
from mmwing.config import load_config, swap_loss
from mmwing.datasets.face import FaceLandmarkDataset, SyntheticFaceDataset
from mmwing.datasets.samplers import WholeBatchSampler
from mmwing.datasets.transforms import (
    BackgroundBox,
    BoxError,
    BoxFromFile,
    FaceAffine,
    FaceContext,
    KeepLandmarks,
    LabelNoise,
    LoadCachedImage,
    PackCanvas,
    RandomColor,
    RandomFaceBox,
    RandomGaussianBlur,
    RandomOcclusion,
    RemoveLabelOffset,
)
from mmwing.datasets.wrappers import CanvasDataset, PoseBalancedDataset, SubsetDataset
from mmwing.engine import (
    BFloat16OptimWrapper,
    ChannelsLastHook,
    CheckpointConfigHook,
    CompileHook,
    EpochSeedHook,
    LooksTestLoop,
    LossAnnealingHook,
    LossSwitchHook,
    MeanShapeHook,
    PipelineSwitchHook,
    RunRecordHook,
)
from mmwing.evaluation import ConfidenceMetric, FaceAlignmentMetric
from mmwing.evaluation.functional import auc, ced, failure_rate, nme
from mmwing.inference import (
    Face,
    FaceLandmarker,
    FaceTracker,
    HeadPose,
    head_pose,
    list_models,
)
from mmwing.models.backbones import WingCNN
from mmwing.models.data_preprocessors import FaceAugmentor
from mmwing.models.heads import DirectRegressionHead, LocalRefinementHead
from mmwing.models.losses import (
    AdaptiveWingLoss,
    GeneralRobustLoss,
    HeatmapWingLoss,
    L1Loss,
    L2Loss,
    RectifiedWingLoss,
    SmoothL1Loss,
    SoftWingLoss,
    WingLoss,
)
from mmwing.models.pose_estimators import CascadeEstimator
from mmwing.resources import config_path, list_configs, tool_path

__all__ = [
    # Losses on coordinates, in pixels of the network input.
    'GeneralRobustLoss', 'L1Loss', 'L2Loss', 'RectifiedWingLoss', 'SmoothL1Loss',
    'SoftWingLoss', 'WingLoss',
    # Losses on heat maps.
    'AdaptiveWingLoss', 'HeatmapWingLoss',
    # Models: heads, backbone, pose estimator, preprocessor; and the codec of the heads.
    'CascadeEstimator', 'DirectRegressionHead', 'DirectRegressionLabel',
    'FaceAugmentor', 'LocalRefinementHead', 'WingCNN',
    # Data sets and their wrappers, and the sampler of evaluations.
    'CanvasDataset', 'FaceLandmarkDataset', 'PoseBalancedDataset', 'SubsetDataset',
    'SyntheticFaceDataset', 'WholeBatchSampler',
    # Transforms of the pipelines.
    'BackgroundBox', 'BoxError', 'BoxFromFile', 'FaceAffine', 'FaceContext',
    'KeepLandmarks', 'LabelNoise', 'LoadCachedImage', 'PackCanvas', 'RandomColor',
    'RandomFaceBox', 'RandomGaussianBlur', 'RandomOcclusion', 'RemoveLabelOffset',
    # Hooks, optimiser wrapper and the loop of a test.
    'BFloat16OptimWrapper', 'ChannelsLastHook', 'CheckpointConfigHook', 'CompileHook',
    'EpochSeedHook', 'LooksTestLoop', 'LossAnnealingHook', 'LossSwitchHook',
    'MeanShapeHook', 'PipelineSwitchHook', 'RunRecordHook',
    # Evaluation: the metrics of a config, and figures of plain arrays.
    'ConfidenceMetric', 'FaceAlignmentMetric', 'auc', 'ced', 'failure_rate', 'nme',
    # Use of trained models.
    'Face', 'FaceLandmarker', 'FaceTracker', 'HeadPose', 'head_pose', 'list_models',
    # Penalties and figures as plain functions.
    'functional',
    # Configs and programs.
    'config_path', 'list_configs', 'load_config', 'swap_loss', 'tool_path',
]
