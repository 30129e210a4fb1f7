"""mmwing: Wing loss and direct landmark regression for MMPose, in pixels.

Importing the package prepares the OpenMMLab stack (see :mod:`mmwing.stack`) and
registers everything under the scope ``mmwing``.
"""

import sys as _sys

from mmwing import stack
from mmwing.version import __version__

# `python -m mmwing` imports the package before it runs the doctor, which has to
# speak when nothing else works.
_doctor = _sys.orig_argv[1:3] == ['-m', 'mmwing']

try:
    stack.prepare()

    # Registration happens on import, hence after the stack is prepared.
    from mmwing import codecs, datasets, engine, evaluation, models
    from mmwing.config import config_path, list_configs, tool_path
    from mmwing.inference import Face, FaceLandmarker, list_models
except Exception as error:
    if not _doctor:
        raise ImportError(
            f'mmwing cannot be imported: {type(error).__name__}: {error}\n'
            '`python -m mmwing` says what is missing and how to mend it') from error

__all__ = ['Face', 'FaceLandmarker', '__version__', 'codecs', 'config_path',
           'datasets', 'engine', 'evaluation', 'list_configs', 'list_models', 'models',
           'stack', 'tool_path']
