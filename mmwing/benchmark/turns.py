"""Measure several ways to do the same in turn, and put them into a table."""

from __future__ import annotations

import platform
import resource
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import torch

_PACKAGES = ('mmwing', 'mmpose', 'mmengine', 'torch', 'numpy', 'opencv-python',
             'opencv-python-headless')


def take_turns(ways: Mapping[str, Callable[[], float]],
               rounds: int) -> dict[str, np.ndarray]:
    """Measure each way once a round, so that a busy machine is busy for all of them.

    Every second round goes in the reverse order: who comes first finds other caches.

    Args:
        ways: By name; each returns what it has measured, a time or a rate.
        rounds: How often; one more round warms up.

    Returns:
        By the same names, what came out in each round (rounds, ).

    Raises:
        ValueError: If there is nothing to measure or ``rounds`` is not positive.
    """
    if not ways or rounds < 1:
        raise ValueError('ways must not be empty and rounds at least 1, got '
                         f'{list(ways)} and {rounds}')
    measured: dict[str, list[float]] = {name: [] for name in ways}
    for index in range(rounds + 1):
        for name in list(ways)[::1 if index % 2 else -1]:
            value = ways[name]()
            if index:
                measured[name].append(value)
    return {name: np.array(values) for name, values in measured.items()}


@dataclass(frozen=True)
class Table:
    """A part of the benchmark.

    Attributes:
        title: What was measured.
        header: Of the columns.
        rows: Their cells.
        data: The same as numbers, for JSON.
    """

    title: str
    header: list[str]
    rows: list[list[str]]
    data: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [self.header, ['---'] * len(self.header), *self.rows]
        return '\n'.join([f'**{self.title}**', '', *(
            f'| {" | ".join(cells)} |' for cells in lines)])


def compared(title: str, unit: str, measured: Mapping[str, np.ndarray],
             more: Mapping[str, Mapping[str, float]] | None = None) -> Table:
    """What :func:`take_turns` measured, with ratios to the first way, round by round.

    Args:
        title: Of the table.
        unit: Of the numbers.
        measured: Name of each way to its numbers (rounds, ).
        more: Further columns: their name to the number of each way.
    """
    reference = next(iter(measured))
    rows, data = [], {}
    for name, values in measured.items():
        ratios = values / measured[reference]
        data[name] = {unit: _quartiles(values), 'ratio': _quartiles(ratios),
                      **{column: cells[name] for column, cells in (more or {}).items()}}
        rows.append([name, _cell(values), '1' if name == reference else _cell(ratios),
                     *(f'{cells[name]:.3g}' for cells in (more or {}).values())])
    return Table(title, ['', f'{unit}, median [quartiles]', f'ratio to {reference}',
                         *(more or {})], rows, data)


def _quartiles(values: np.ndarray) -> list[float]:
    return [float(f'{value:.5g}') for value in np.percentile(values, [25, 50, 75])]


def _cell(values: np.ndarray) -> str:
    low, median, high = np.percentile(values, [25, 50, 75])
    return f'{_short(median)} [{_short(low)}, {_short(high)}]'


def _short(value: float) -> str:
    """Three digits, without an exponent."""
    return f'{value:.0f}' if abs(value) >= 100 else f'{value:.3g}'


def can_compile(device: str) -> bool:
    """Whether ``torch.compile`` has what it needs: on a CPU a C++ compiler."""
    return torch.device(device).type != 'cpu' or shutil.which('g++') is not None


def wait_for(device: str) -> None:
    """Wait until a GPU has done what it was given; a CPU has."""
    if torch.device(device).type == 'cuda':
        torch.cuda.synchronize(device)


def milliseconds(step: Callable[[], object], device: str = 'cpu') -> float:
    """Of the clock, that a step takes on a device."""
    wait_for(device)
    start = time.perf_counter()
    step()
    wait_for(device)
    return 1000 * (time.perf_counter() - start)


def peak_megabytes() -> float:
    """Most memory that this process has held.

    Linux counts a process's own apart from that of the process which started it.
    """
    status = Path('/proc/self/status')
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith('VmHWM'):
                return int(line.split()[1]) / 1024
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held / (2**20 if sys.platform == 'darwin' else 2**10)


def machine(device: str = 'cpu') -> dict[str, Any]:
    """What a benchmark ran on: processor, threads, versions, and the GPU if it is one.

    Args:
        device: Where the tensors were.
    """
    found = {'processor': _processor(), 'threads': torch.get_num_threads(),
             'python': platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    if torch.device(device).type == 'cuda':
        found['gpu'] = torch.cuda.get_device_name(device)
    return found


def _processor() -> str:
    info = Path('/proc/cpuinfo')
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(':')[2].strip() for line in lines
             if line.startswith('model name')]
    flags = next((line.split() for line in lines if line.startswith('flags')), [])
    widest = next((name for name in ('amx_bf16', 'avx512f', 'avx2') if name in flags),
                  '')
    name = names[0] if names else platform.processor() or platform.machine()
    return ', '.join(filter(None, [name, widest, f'{len(names) or "?"} cores']))
