// Copyright 2026 motion_avatar_ros contributors
// SPDX-License-Identifier: Apache-2.0
// The bytes of a frame and of a pong; trackers/webxr_frame.py reads them.

const FRAME_KIND = 1, PONG_KIND = 2;
const HEADER_BYTES = 24, DEVICE_BYTES = 32, DEVICES = 3;
const EMULATED = 1;

// Where a pose comes from.
export const NONE = 0, VIEWER = 1, CONTROLLER = 2, HAND = 3;

// devices: head, left hand, right hand; each {source, pose: XRPose or null}.
export function encodeFrame(number, takenMs, devices) {
  const bytes = new ArrayBuffer(HEADER_BYTES + DEVICES * DEVICE_BYTES);
  const view = new DataView(bytes);
  view.setUint8(0, FRAME_KIND);
  view.setUint32(4, number, true);
  view.setFloat64(8, takenMs, true);
  devices.forEach(({ source, pose }, slot) => {
    const at = HEADER_BYTES + slot * DEVICE_BYTES;
    if (!pose) return;
    view.setUint8(at, source);
    view.setUint8(at + 1, pose.emulatedPosition ? EMULATED : 0);
    const { position: p, orientation: q } = pose.transform;
    [p.x, p.y, p.z, q.x, q.y, q.z, q.w].forEach(
      (value, index) => view.setFloat32(at + 4 + 4 * index, value, true));
  });
  view.setFloat64(16, performance.now(), true);
  return bytes;
}

export function encodePong(id, nowMs) {
  const view = new DataView(new ArrayBuffer(16));
  view.setUint8(0, PONG_KIND);
  view.setUint32(4, id, true);
  view.setFloat64(8, nowMs, true);
  return view.buffer;
}
