"""mmwing's registries, children of MMPose's with the scope ``mmwing``.

A config with ``default_scope = 'mmpose'`` names what is registered here as
``mmwing.X``; everything of MMPose's keeps its bare name.
"""

from mmengine.registry import Registry
from mmpose import registry as mmpose_registry

#: What configs of earlier versions name -> its name now.
RENAMED = {'PoseSubset': 'SubsetDataset'}


class _Registry(Registry):
    """A registry that answers a former name with the present one."""

    def get(self, key: str) -> type | None:
        """As in MMEngine.

        Raises:
            KeyError: If the name is a former one.
        """
        found = super().get(key)
        name = RENAMED.get(key.removeprefix('mmwing.'))
        if found is None and name:
            raise KeyError(f'{key} has been renamed: write mmwing.{name}')
        return found


def _child(name: str, parent: Registry, location: str) -> Registry:
    return _Registry(name, parent=parent, scope='mmwing', locations=[location])


MODELS = _child('model', mmpose_registry.MODELS, 'mmwing.models')
DATASETS = _child('dataset', mmpose_registry.DATASETS, 'mmwing.datasets')
TRANSFORMS = _child('transform', mmpose_registry.TRANSFORMS,
                    'mmwing.datasets.transforms')
DATA_SAMPLERS = _child('data sampler', mmpose_registry.DATA_SAMPLERS,
                       'mmwing.datasets.samplers')
METRICS = _child('metric', mmpose_registry.METRICS, 'mmwing.evaluation')
OPTIM_WRAPPERS = _child('optim_wrapper', mmpose_registry.OPTIM_WRAPPERS,
                        'mmwing.engine')
LOOPS = _child('loop', mmpose_registry.LOOPS, 'mmwing.engine')
HOOKS = _child('hook', mmpose_registry.HOOKS, 'mmwing.engine')
KEYPOINT_CODECS = _child('codec', mmpose_registry.KEYPOINT_CODECS, 'mmwing.codecs')
