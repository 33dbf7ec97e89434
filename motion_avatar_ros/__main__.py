# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""`python -m motion_avatar_ros <command>`."""

import sys

from motion_avatar_ros.commands.main import main

sys.exit(main())
