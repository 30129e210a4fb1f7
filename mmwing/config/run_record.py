"""Let a training keep the record of its run in its work dir."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmengine.config import Config

from mmwing.walk import uses


def keep_record(cfg: Config, **provenance: Any) -> None:
    """Add a :class:`mmwing.RunRecordHook` to a config whose validation it can record.

    A config without ``mmwing.FaceAlignmentMetric`` in its validation, and one with such
    a hook, stay as they are.

    Args:
        cfg: Changed in place.
        provenance: What the record says of the config, such as its name.
    """
    evaluators = cfg.get('val_evaluator') or []
    if not cfg.get('val_dataloader') or not uses(
            evaluators, 'mmwing.FaceAlignmentMetric') or uses(
            cfg.get('custom_hooks') or [], 'mmwing.RunRecordHook'):
        return
    known: Mapping[str, Any] = {
        name: value for name, value in provenance.items() if value}
    cfg.custom_hooks = [*(cfg.get('custom_hooks') or []), {
        'type': 'mmwing.RunRecordHook', 'provenance': dict(known)}]
