"""Importing mmwing first prepares the stack, whatever a test module imports."""

import os

if 'PYTEST_XDIST_WORKER' in os.environ:
    # Processes that share the cores take one each, and so does what they start. PyTorch
    # reads it on import, hence before mmwing.
    os.environ.setdefault('OMP_NUM_THREADS', '1')

import mmwing  # noqa: E402, F401, I001

from plain_configs import leave_configs_plain  # noqa: E402

leave_configs_plain()
