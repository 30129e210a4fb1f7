"""Build a runner from a config, on GPUs or CPUs."""

from __future__ import annotations

from mmengine.config import Config
from mmengine.runner import Runner

from mmwing import stack

from .distributed import init_cpu_distributed
from .mmdet_names import replace_mmdet_names
from .units import give_losses_their_units

#: The options of ``--launcher``, as MMPose's tools have them.
LAUNCHERS = ('none', 'pytorch', 'slurm', 'mpi')


def build_runner(cfg: Config) -> Runner:
    """A :class:`mmengine.runner.Runner` for ``cfg``, on GPUs or CPUs.

    A loss of mmwing's in a head of MMPose's gets its unit from the codec, see
    :func:`mmwing.config.give_losses_their_units`. Without MMDetection, the classes that
    RTMPose configs take from there are taken from MMPose and mmwing. Checkpoints hold
    the config as data, see :class:`mmwing.CheckpointConfigHook`.
    """
    give_losses_their_units(cfg)
    if 'mmdet' in stack.offered:
        replace_mmdet_names(cfg)
    # MMPose's tools do the same: old configs keep the preprocessor outside.
    if 'preprocess_cfg' in cfg:
        cfg.model.setdefault('data_preprocessor', cfg.preprocess_cfg)
    cfg.default_hooks = {**(cfg.get('default_hooks') or {}),
                         'checkpoint_config': {'type': 'mmwing.CheckpointConfigHook'}}
    init_cpu_distributed(cfg)
    return Runner.from_cfg(cfg)
