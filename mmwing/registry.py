"""mmwing's registries: children of MMPose's, scope ``mmwing``.

A config with ``default_scope = 'mmpose'`` names what is registered here as
``mmwing.X``; everything of MMPose's keeps its bare name.
"""

from mmengine.registry import Registry
from mmpose import registry as mmpose_registry


def _child(name: str, parent: Registry, location: str) -> Registry:
    return Registry(name, parent=parent, scope='mmwing', locations=[location])


MODELS = _child('model', mmpose_registry.MODELS, 'mmwing.models')
DATASETS = _child('dataset', mmpose_registry.DATASETS, 'mmwing.datasets')
TRANSFORMS = _child('transform', mmpose_registry.TRANSFORMS,
                    'mmwing.datasets.transforms')
METRICS = _child('metric', mmpose_registry.METRICS, 'mmwing.evaluation')
OPTIM_WRAPPERS = _child('optim_wrapper', mmpose_registry.OPTIM_WRAPPERS,
                        'mmwing.engine')
HOOKS = _child('hook', mmpose_registry.HOOKS, 'mmwing.engine')
KEYPOINT_CODECS = _child('codec', mmpose_registry.KEYPOINT_CODECS, 'mmwing.codecs')
