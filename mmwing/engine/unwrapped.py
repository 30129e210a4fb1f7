"""The model of a runner, in one process or several."""

from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import nn


def unwrapped_model(runner: Runner) -> nn.Module:
    """The model itself, without what makes several processes of it."""
    return runner.model.module if is_model_wrapper(runner.model) else runner.model
