# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""What processes cost: processor time, memory, and the GPU's where there is one."""

from __future__ import annotations

from collections.abc import Mapping
import os
from pathlib import Path
import shutil
import subprocess
import time

_TICKS_PER_S = os.sysconf('SC_CLK_TCK')
_GPU_QUERY = ('nvidia-smi', '--query-gpu=utilization.gpu,memory.used',
              '--format=csv,noheader,nounits')


class ProcessUsage:
    """Measures processes from its making on (Linux)."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        """Take the processes by name; of several names of one the last."""
        self._pids = {pid: name for name, pid in pids.items()}
        self._begin_s = time.monotonic()
        self._before_s = {pid: _processor_s(pid) for pid in self._pids}

    def processor_percent(self) -> dict[str, float]:
        """Return the processor time of each since the beginning, 100 for one core."""
        elapsed_s = time.monotonic() - self._begin_s
        return {name: round(100.0 * (_processor_s(pid) - self._before_s[pid]) / elapsed_s, 1)
                for pid, name in self._pids.items()}

    def memory_mb(self) -> dict[str, float]:
        """Return what each holds in memory that is its own, or that it wrote to [MB]."""
        return {name: round(memory_mb(pid), 1) for pid, name in self._pids.items()}


def gpu_usage() -> tuple[float, float] | None:
    """Return use [%] and memory [MB] of the first GPU now, None without one."""
    if shutil.which(_GPU_QUERY[0]) is None:
        return None
    told = subprocess.run(_GPU_QUERY, capture_output=True, text=True, check=False)
    try:
        percent, memory_mb = told.stdout.splitlines()[0].split(',')
        return float(percent), float(memory_mb)
    except (IndexError, ValueError):
        return None


def _processor_s(pid: int) -> float:
    # The name, in parentheses, may hold anything.
    fields = Path(f'/proc/{pid}/stat').read_text(encoding='utf-8').rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def memory_mb(pid: int) -> float:
    """Return the memory of a process that is its own or that it wrote to [MB]."""
    for line in Path(f'/proc/{pid}/status').read_text(encoding='utf-8').splitlines():
        if line.startswith('RssAnon:'):
            return int(line.split()[1]) / 1024.0
    return 0.0
