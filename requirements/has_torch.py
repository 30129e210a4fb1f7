"""Exit with 0, printing the version, when this Python has a torch that will do."""

import sys

try:
    import torch
except ImportError:
    sys.exit(1)
major, minor = (int(part) for part in torch.__version__.split('.')[:2])
if not (2, 6) <= (major, minor) < (3, 0):
    sys.exit(1)
print(torch.__version__)
