"""Build a runner from a config, on GPUs or CPUs."""

from __future__ import annotations

from mmengine.config import Config
from mmengine.runner import Runner

from mmwing import stack

from .agreement import check_agreement
from .checkpoint import resume_latest
from .checks import check_losses
from .device_path import augment_on_device
from .distributed import init_cpu_distributed, share_whole_batches
from .imports import add_import
from .mmdet_names import replace_mmdet_names

#: The options of ``--launcher``, as MMPose's tools have them.
LAUNCHERS = ('none', 'pytorch', 'slurm', 'mpi')


def build_runner(cfg: Config) -> Runner:
    """A :class:`mmengine.runner.Runner` for ``cfg``, on GPUs or CPUs.

    First the places of the config that must agree are compared
    (:func:`.agreement.check_agreement`) and the losses of mmwing's are checked against
    head and data (:func:`mmwing.config.check_losses`); where there are any, the config
    that the run saves imports mmwing, so that MMPose's scripts can read it. Without
    MMDetection, what RTMPose configs take from there is taken from MMPose and mmwing.
    Several processes evaluate in the batches of a single one, so that the figures are
    the same. Checkpoints hold the config as data, see
    :class:`mmwing.CheckpointConfigHook`.
    """
    check_agreement(cfg)
    if check_losses(cfg):
        add_import(cfg)
    augment_on_device(cfg)
    if 'mmdet' in stack.offered:
        replace_mmdet_names(cfg)
    # MMPose's tools do the same: old configs keep the preprocessor outside.
    if 'preprocess_cfg' in cfg:
        cfg.model.setdefault('data_preprocessor', cfg.preprocess_cfg)
    cfg.default_hooks = {**(cfg.get('default_hooks') or {}),
                         'checkpoint_config': {'type': 'mmwing.CheckpointConfigHook'}}
    if cfg.get('resume') and cfg.get('load_from') is None:
        resume_latest(cfg)
    share_whole_batches(cfg)
    init_cpu_distributed(cfg)
    return Runner.from_cfg(cfg)
