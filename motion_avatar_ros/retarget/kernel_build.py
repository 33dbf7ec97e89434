# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""Build of the compiled part of retargeting, in place, for running from the source tree.

`colcon build` compiles the same sources by setup.py. Runs on the standard library alone: it is
part of setting up the environment.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
import shutil
import subprocess

FOLDER = Path(__file__).parent
#: As in setup.py.
FLAGS = ('-std=c11', '-O3', '-fopenmp-simd', '-Wall', '-Wextra')


class KernelBuildError(RuntimeError):
    """The compiler is missing or refused; the text says what to do."""


def build(folder: Path = FOLDER) -> bool:
    """
    Compile what changed since the last time; say whether anything did.

    Args:
        folder: That holds `kernel/`, and gets `_kernel.so`.

    Raises:
        KernelBuildError: There is no compiler, or it failed.
    """
    sources = sorted((folder / 'kernel').glob('*.[ch]'))
    digest = hashlib.sha256(repr(FLAGS).encode())
    for path in sources:
        digest.update(path.read_bytes())
    library, stamp = folder / '_kernel.so', folder / '_kernel.stamp'
    key = digest.hexdigest()
    if library.is_file() and stamp.is_file() and stamp.read_text(encoding='utf-8') == key:
        return False
    compiler = shutil.which('cc') or shutil.which('gcc') or shutil.which('clang')
    if compiler is None:
        raise KernelBuildError('robots need a compiler once: apt install gcc, then make setup')
    partial = folder / '_kernel.partial'
    command = [compiler, '-shared', '-fPIC', *FLAGS, '-o', str(partial),
               *(str(path) for path in sources if path.suffix == '.c'), '-lm']
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        raise KernelBuildError(f"'{' '.join(command)}' failed: {result.stderr[-2000:]}")
    partial.replace(library)    # whole or not at all: nodes may be running
    stamp.write_text(key, encoding='utf-8')
    return True
