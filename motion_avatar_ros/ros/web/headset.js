// Copyright 2026 motion_avatar_ros contributors
// SPDX-License-Identifier: Apache-2.0
// The XR session: reads head and hands in each of its frames and hands them on.

import { CONTROLLER, HAND, NONE, VIEWER } from './frames.js';
import { Scene } from './scene.js';

const MODES = ['immersive-ar', 'immersive-vr'];
const FEATURES = {
  requiredFeatures: ['local-floor'],
  optionalFeatures: ['hand-tracking', 'bounded-floor'],
};
// A frame's time farther back than this is not on the clock of performance.now.
const OLDEST_FRAME_MS = 100;

// Fires 'change' when a session begins, ends, or is shown or hidden, 'reset' when the headset is
// recentred, and calls onFrame(takenMs, devices) for each frame.
export class Headset extends EventTarget {
  #modes = [];
  #session = null;
  #space = null;
  #scene = null;
  #lastMs = 0;

  constructor(onFrame) {
    super();
    this.onFrame = onFrame;
  }

  // Whether this browser has a headset; asked before the button can be pressed.
  async isSupported() {
    if (!navigator.xr) return false;
    const supported = await Promise.all(
      MODES.map(mode => navigator.xr.isSessionSupported(mode).catch(() => false)));
    this.#modes = MODES.filter((_, index) => supported[index]);
    return this.#modes.length > 0;
  }

  // As the node is told: none, visible, visible-blurred or hidden.
  get state() { return this.#session ? this.#session.visibilityState : 'none'; }

  async start() {
    if (this.#session) return;
    const session = await this.#request();
    session.addEventListener('end', () => this.#ended(session));
    session.addEventListener('visibilitychange', () => this.#changed());
    try {
      this.#scene = new Scene(session);
      await this.#scene.ready;
      this.#space = await session.requestReferenceSpace('local-floor');
    } catch (error) {
      await session.end();
      throw error;
    }
    this.#space.addEventListener('reset', () => this.dispatchEvent(new Event('reset')));
    this.#session = session;
    session.requestAnimationFrame((time, frame) => this.#frame(time, frame));
    this.#changed();
  }

  stop() { if (this.#session) this.#session.end(); }

  // What the operator reads in the headset: a line and its colour, and smaller lines.
  show(kind, line, more) { if (this.#scene) this.#scene.show(kind, line, more); }

  async #request() {
    let refusal = new Error('no headset');
    for (const mode of this.#modes) {
      try {
        return await navigator.xr.requestSession(mode, FEATURES);
      } catch (error) {
        refusal = error;
      }
    }
    throw refusal;
  }

  #frame(time, frame) {
    const session = this.#session;
    if (!session || frame.session !== session) return;
    session.requestAnimationFrame((nextTime, next) => this.#frame(nextTime, next));
    if (session.visibilityState === 'hidden') return; // whoever sees nothing does not operate
    const nowMs = performance.now();
    const isOnOurClock = time <= nowMs && nowMs - time < OLDEST_FRAME_MS && time > this.#lastMs;
    const takenMs = this.#lastMs = isOnOurClock ? time : nowMs;
    const viewer = frame.getViewerPose(this.#space);
    const hands = { left: { source: NONE, pose: null }, right: { source: NONE, pose: null } };
    for (const input of session.inputSources) {
      if (input.handedness in hands) {
        hands[input.handedness] = better(
          hands[input.handedness], handPose(frame, input, this.#space));
      }
    }
    this.onFrame(takenMs, [{ source: VIEWER, pose: viewer }, hands.left, hands.right]);
    if (viewer) this.#scene.draw(viewer, [hands.left.pose, hands.right.pose]);
  }

  #ended(session) {
    if (session !== this.#session && this.#session) return;
    this.#session = this.#space = this.#scene = null;
    this.#changed();
  }

  #changed() { this.dispatchEvent(new Event('change')); }
}

function handPose(frame, input, space) {
  if (input.hand) {
    const wrist = input.hand.get('wrist');
    return { source: HAND, pose: wrist ? frame.getJointPose(wrist, space) || null : null };
  }
  if (input.gripSpace && input.targetRayMode === 'tracked-pointer') {
    return { source: CONTROLLER, pose: frame.getPose(input.gripSpace, space) || null };
  }
  return { source: NONE, pose: null };
}

// Some headsets track hands and controllers at once: a controller that is held goes first.
function better(one, other) {
  if (!one.pose || !other.pose) return one.pose ? one : other;
  if (one.pose.emulatedPosition !== other.pose.emulatedPosition) {
    return one.pose.emulatedPosition ? other : one;
  }
  return one.source === CONTROLLER ? one : other;
}
