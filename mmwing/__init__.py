"""mmwing: Wing loss and direct landmark regression for MMPose, in pixels.

Importing the package prepares the OpenMMLab stack (see :mod:`mmwing.stack`) and
registers everything under the scope ``mmwing``.
"""

from mmwing import stack
from mmwing.version import __version__

stack.prepare()

# Registration happens on import, hence after the stack is prepared.
from mmwing import codecs, datasets, engine, evaluation, models  # noqa: E402
from mmwing.apis import config_path, list_configs, tool_path  # noqa: E402

__all__ = ['__version__', 'codecs', 'config_path', 'datasets', 'engine',
           'evaluation', 'list_configs', 'models', 'stack', 'tool_path']
