"""Replace what RTMPose configs take from MMDetection."""

from __future__ import annotations

from mmpose.registry import MODELS

from mmwing.walk import walk

#: MMDetection's name -> the same class elsewhere.
SUBSTITUTES = {
    # MMPose has its own copy, with the same defaults.
    'mmdet.YOLOXHSVRandomAug': 'YOLOXHSVRandomAug',
    'mmdet.PipelineSwitchHook': 'mmwing.PipelineSwitchHook',
}


def replace_mmdet_names(cfg: dict) -> list[str]:
    """Name what MMPose or mmwing has in place of MMDetection's classes.

    Args:
        cfg: A config, changed in place.

    Returns:
        Dotted keys of what was changed.
    """
    changed = []
    for key, config in walk(cfg):
        if config.get('type') in SUBSTITUTES:
            config['type'] = SUBSTITUTES[config['type']]
            changed.append(f'{key}.type')
        # `_scope_` sends the registry to MMDetection for a class MMPose has, too.
        if config.get('_scope_') == 'mmdet' and config.get('type') in MODELS:
            config['_scope_'] = 'mmpose'
            changed.append(f'{key}._scope_')
    return changed
