"""Importing mmwing first prepares the stack, whatever a test module imports."""

import mmwing  # noqa: F401
