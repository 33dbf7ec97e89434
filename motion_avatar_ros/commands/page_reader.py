# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
Somebody who has the page open, as far as the node that serves it can tell; shows nothing.

Run by `benchmark end-to-end` with the page's address.
"""

from __future__ import annotations

import sys

import viser
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol


def main(page: str) -> int:
    """Read until the server closes."""
    protocol = Subprotocol(f'viser-v{viser.__version__}')
    try:
        with connect(page.replace('http', 'ws', 1), subprotocols=[protocol], max_size=None,
                     origin=Origin(page.rstrip('/'))) as connection:
            for _ in connection:
                pass
    except (ConnectionClosed, KeyboardInterrupt):
        pass
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
