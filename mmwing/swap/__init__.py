"""Another loss for a config of MMPose's: rewriting it, or as it is, with units."""

from .mmdet_names import replace_mmdet_names
from .rewrite import HEADS, Change, Swap, swap_loss
from .units import give_losses_their_units

__all__ = ['HEADS', 'Change', 'Swap', 'give_losses_their_units',
           'replace_mmdet_names', 'swap_loss']
