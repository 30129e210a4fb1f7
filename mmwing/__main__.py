"""``python -m mmwing``: the command ``mmwing``."""

import sys

from mmwing.cli import main

if __name__ == '__main__':
    sys.exit(main())
