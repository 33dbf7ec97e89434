# Copyright 2026 motion_avatar_ros contributors
# SPDX-License-Identifier: Apache-2.0
"""
webxr_tracker_node: head and hands of any headset that has a browser.

Serves a page; the headset that opens it and knows the token sends its poses over a WebSocket.
Each frame is published as it comes in, stamped with the time at which the headset took it. What
does not come is not published: nothing is repeated or filled in when a headset is taken off,
its page is closed, or the network stalls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import sys
import time
import traceback
from typing import Any

import numpy as np
from rclpy.clock import Clock, ClockType

from motion_avatar_ros.nodes.webxr_parameters import (
    WEBXR_PARAMETERS, server_settings, tracker_targets,
)
from motion_avatar_ros.ros.diagnostics import (
    ERROR, OK, WARN, DiagnosticsPublisher, LatencyMeter, RateMeter,
)
from motion_avatar_ros.ros.lifecycle import AvatarLifecycleNode, run
from motion_avatar_ros.ros.tracker_output import PoseOutput, TfOutput, TrackerOutput
from motion_avatar_ros.ros.webxr_server import WebXrServer
from motion_avatar_ros.ros.webxr_session import WebXrSession
from motion_avatar_ros.trackers.observation import TRACKER_NAMES
from motion_avatar_ros.trackers.tracker_playback import TrackerFrame
from motion_avatar_ros.trackers.webxr_frame import WebXrFrame

#: What is told also while it is 0; other counts join them.
_COUNTS = ('refused_tokens', 'refused_clients', 'refused_origins', 'takeovers', 'malformed',
           'frames_missed', 'frames_late', 'reference_resets')
_NS_PER_S = 1_000_000_000
_WATCH_PERIOD_S = 0.1
_READ_TOGETHER_NS = 100_000


class WebXrTrackerNode(AvatarLifecycleNode):
    """Wires the headset's page to tracker topics."""

    def __init__(self, **node_arguments: Any) -> None:
        self._server: WebXrServer | None = None
        self._output: TrackerOutput | None = None
        self._publishers_made: list[Any] = []
        self._watch_timer: Any = None
        super().__init__('webxr_tracker_node', WEBXR_PARAMETERS, **node_arguments)
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._diagnostics = DiagnosticsPublisher(self, self.get_name())
        self._diagnostics.add(self._diagnose)

    def configure(self, parameters: dict[str, Any]) -> None:
        """Make the publishers, and the certificate on first use."""
        self._settings = server_settings(parameters)
        self._silence_s: float = parameters['silence_s']
        make_output = TfOutput if parameters['output'] == 'tf' else PoseOutput
        before = set(self.publishers)
        self._output = make_output(
            self, tracker_targets(parameters), parameters['fixed_frame'])
        self._publishers_made = [p for p in self.publishers if p not in before]

    def activate(self) -> None:
        """Serve the page."""
        self._rates = {name: RateMeter() for name in TRACKER_NAMES}
        self._latency = LatencyMeter()
        self._last_stamp_ns = self._last_now_ns = 0
        self._had_headset = False
        self._said_resets = 0
        self._said = ''
        server = WebXrServer(self._settings, self._on_frame)
        server.start()
        self._server = server
        self.get_logger().info(f'page: {server.page}#token={self._settings.token}')
        self._watch_timer = self.create_timer(_WATCH_PERIOD_S, self._watch, clock=self._steady)

    def deactivate(self) -> None:
        """Stop serving."""
        if self._watch_timer is not None:
            self.destroy_timer(self._watch_timer)
            self._watch_timer = None
        if self._server is not None:
            self._server.stop()
            self._server = None

    def cleanup(self) -> None:
        """Free the publishers."""
        self._output = None
        for publisher in self._publishers_made:
            self.destroy_publisher(publisher)
        self._publishers_made = []

    def _on_frame(self, frame: WebXrFrame, taken_ns: int) -> None:
        """Publish a frame; runs in the server's thread."""
        output, server = self._output, self._server
        if output is None or server is None:
            return
        now_ns, stamp_ns = self._ros_time_ns(taken_ns)
        if now_ns >= self._last_now_ns and stamp_ns <= self._last_stamp_ns:
            server.counts['frames_not_newer'] += 1
            return
        if stamp_ns <= 0:
            return  # a simulated clock that has not begun
        self._last_now_ns, self._last_stamp_ns = now_ns, stamp_ns
        try:
            output.send(_tracker_frame(frame), stamp_ns)
        except Exception:
            if self.context.ok():
                self.get_logger().error(traceback.format_exc(), throttle_duration_sec=10.0)
            return  # else the context went down while publishing
        self._latency.add((time.monotonic_ns() - taken_ns) / _NS_PER_S)
        for name in frame.poses:
            self._rates[name].tick()

    def _ros_time_ns(self, steady_ns: int) -> tuple[int, int]:
        """Return the present and a steady time as ROS time, which may be simulated."""
        tightest = (_NS_PER_S, 0, 0)
        for _ in range(3):  # a thread may be held up between two clocks
            before_ns = time.monotonic_ns()
            now_ns = self.get_clock().now().nanoseconds
            span_ns = time.monotonic_ns() - before_ns
            tightest = min(tightest, (span_ns, now_ns, now_ns - (before_ns - steady_ns)))
            if span_ns < _READ_TOGETHER_NS:
                break
        return tightest[1], tightest[2]

    def _watch(self) -> None:
        """Tell at once when the headset comes or goes."""
        level, line, _ = self._headset_status()
        said = line if level == WARN else 'poses arrive'
        if said != self._said:
            self._said = said
            log = self.get_logger()
            log.warning(said) if level == WARN and self._had_headset else log.info(said)
            self._diagnostics.publish()
        resets = 0 if self._server is None else self._server.counts['reference_resets']
        if resets != self._said_resets:
            self._said_resets = resets
            self.get_logger().warning(
                'the headset was recentred: the floor and all trackers have jumped')

    def _headset_status(self) -> tuple[int, str, str]:
        """Return level, line and state: waiting, connected or lost."""
        server = self._server
        if server is None:
            return OK, self.state_label, 'waiting'
        session = server.session
        if session is None:
            if self._had_headset:
                return WARN, f'the headset is gone; the page is {server.page}', 'lost'
            return WARN, f'no headset yet; open {server.page} in its browser', 'waiting'
        self._had_headset = True
        if session.is_sending(self._silence_s):
            rate_hz = self._rates['head'].rate_hz()
            return OK, f'head at {rate_hz:.0f} Hz from {session.address}', 'connected'
        if time.monotonic() - session.heard_s > self._silence_s + 0.5:
            return WARN, 'the headset has fallen silent', 'lost'
        if session.state == 'none':
            return WARN, (
                f"a headset at {session.address} is connected; press 'use this headset' on its "
                'page'), 'connected'
        if session.state == 'hidden':
            return WARN, 'the headset is taken off, or shows something else', 'connected'
        return WARN, 'the headset is in use but sends no poses: is it tracking?', 'connected'

    def _diagnose(self) -> tuple[int, str, Mapping[str, Any]]:
        server = self._server
        if server is None:
            error = self.last_transition_error
            return (OK if error is None else ERROR), error or self.state_label, {
                'state': self.state_label}
        level, line, state = self._headset_status()
        rates_hz = {name: meter.rate_hz() for name, meter in self._rates.items()}
        missing = [name.replace('_', ' ') for name, rate_hz in rates_hz.items() if not rate_hz]
        if level == OK and missing:
            level, line = WARN, f'{line}, but not the {" and the ".join(missing)}'
        return level, line, {
            'state': state,
            'page': server.page,
            **_headset_values(server.session),
            **{f'{name}_rate_hz': rate_hz for name, rate_hz in rates_hz.items()},
            **self._latency.values('browser_to_publish'),
            **dict.fromkeys(_COUNTS, 0),
            **dict(server.counts),  # a copy in one step: the server's thread counts on
        }


def _headset_values(session: WebXrSession | None) -> dict[str, Any]:
    """Return what is known of the headset itself."""
    if session is None:
        return {'client': None}
    clock = session.clock
    return {
        'client': session.address,
        'user_agent': session.user_agent,
        'session': session.state,
        **{f'{name}_source': source for name, source in session.sources.items()},
        **session.round_trips.values('rtt'),
        'clock_error_ms': None if clock.error_s is None else 1e3 * clock.error_s,
        'clock_drift_ppm': clock.drift_ppm,
        'clock_steps': clock.steps,
    }


def _tracker_frame(frame: WebXrFrame) -> TrackerFrame:
    """Return a frame as the tracker outputs take it."""
    nothing = (0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0)
    poses = [frame.poses.get(name, nothing) for name in TRACKER_NAMES]
    return TrackerFrame(
        positions=np.array([position for position, _ in poses]),
        quaternions_xyzw=np.array([quaternion for _, quaternion in poses]),
        is_present=np.array([name in frame.poses for name in TRACKER_NAMES]),
        truth=None)


def main(args: Sequence[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM."""
    return run(WebXrTrackerNode, args)


if __name__ == '__main__':
    sys.exit(main())
