# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""The messages that wait behind the one that a callback was given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TYPE_CHECKING

if TYPE_CHECKING:
    from rclpy.subscription import Subscription

_MOST = 200     # then it is the others' turn


def waiting_messages(subscription: Subscription) -> Iterator[Any]:
    """
    Yield what else has come; for the subscription's own callback.

    An executor of rclpy takes one message of each subscription per round, and a round takes some
    tenths of a millisecond: a topic of thousands of small messages per second would outrun it.
    Taken like this one costs some hundredths.

    Args:
        subscription: a raw one yields bytes, another one messages.
    """
    for _ in range(_MOST):
        with subscription.handle:
            taken = subscription.handle.take_message(subscription.msg_type, subscription.raw)
        if taken is None:
            return
        yield taken[0]
