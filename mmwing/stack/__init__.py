"""Make OpenMMLab's last releases import and load today.

:func:`prepare` runs once, when ``mmwing`` is imported. It changes nothing that works.
Nothing here imports torch or OpenMMLab before that.
"""

import functools

from .annotations import read_annotations_by_name
from .checkpoints import (
    TRUST_VARIABLE,
    load_checkpoint_file,
    register_local_loader,
    strip_code_on_load,
    trust_checkpoint,
)
from .drawing import mend_drawing
from .pretrained import register_download_loaders, zoo_url
from .reading import refuse_pipes_and_devices
from .saving import write_whole_files
from .stand_ins import STAND_INS, StandIn, offer_stand_ins, offered


@functools.cache
def prepare() -> None:
    """Offer stand-ins for missing modules and mend reading, checkpoints and drawing.

    Idempotent. Must run before the first import of ``mmpose.models``,
    ``mmpose.datasets`` or ``mmpose.visualization``; ``import mmwing`` does.
    """
    offer_stand_ins()
    read_annotations_by_name()
    register_local_loader()
    register_download_loaders()
    strip_code_on_load()
    write_whole_files()
    refuse_pipes_and_devices()
    mend_drawing()


__all__ = ['STAND_INS', 'TRUST_VARIABLE', 'StandIn', 'load_checkpoint_file', 'offered',
           'prepare', 'trust_checkpoint', 'zoo_url']
