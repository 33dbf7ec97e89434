// Copyright 2026 motion_avatar_ros contributors
// SPDX-License-Identifier: Apache-2.0
// The page: what its button does and what it says. The token comes in the fragment, or is asked.

import { encodeFrame } from './frames.js';
import { Headset } from './headset.js';
import { Link } from './link.js';

const WRONG_TOKEN = 4001, TOO_MANY_WRONG_TOKENS = 4002, BUSY = 4003, TAKEN_OVER = 4004;
const SOURCES = ['not tracked', 'tracked', 'controller', 'tracked hand'];
const REPORT_MS = 500;
// The display rate of a headset is told with a second of frames at least.
const RATE_WINDOW_MS = 1500;

const byId = id => document.getElementById(id);
const link = new Link();
const headset = new Headset(onFrame);
let isSupported = null;
let problem = '';
let number = 0;
let sentTimes = [];
let sources = [0, 0, 0];
let status = {};

function token() {
  return new URLSearchParams(location.hash.slice(1)).get('token') || '';
}

function onFrame(takenMs, devices) {
  number += 1;
  sources = devices.map(({ source, pose }) => (pose && !pose.emulatedPosition ? source : 0));
  if (link.sendFrame(encodeFrame(number, takenMs, devices))) sentTimes.push(takenMs);
}

function rateHz() {
  const nowMs = performance.now();
  sentTimes = sentTimes.filter(time => nowMs - time < RATE_WINDOW_MS);
  if (sentTimes.length < 2 || nowMs - sentTimes.at(-1) > REPORT_MS) return 0;
  return 1000 * (sentTimes.length - 1) / (sentTimes.at(-1) - sentTimes[0]);
}

// Colour, line and detail of the state there is.
function state() {
  if (isSupported === null) return ['idle', 'loading', ''];
  if (!isSupported) {
    return ['bad', 'no headset here', window.isSecureContext
      ? 'Open this page in the browser of a headset: this one has no WebXR device.'
      : 'This page is not secure, so the browser keeps the headset from it: use https://.'];
  }
  if (!token()) return ['wait', 'token needed', 'The node prints it when it starts.'];
  if (link.state === 'refused') return ['bad', REFUSALS[link.code] || 'refused', link.text];
  if (link.state === 'lost') {
    return ['bad', 'connection lost', 'Trying again. Is the node running, on the same network?'];
  }
  if (link.state !== 'connected') return ['wait', 'connecting', ''];
  if (problem) return ['bad', 'the headset said no', problem];
  if (headset.state === 'none') return ['good', 'connected', 'Press the button to begin.'];
  if (headset.state === 'hidden') return ['wait', 'paused', 'The headset shows something else.'];
  const rate = rateHz();
  if (!rate || !sources[0]) {
    return ['wait', 'not tracking', 'No position of the head: is it light enough?'];
  }
  const missing = ['left hand', 'right hand'].filter((_, side) => !sources[1 + side]);
  return missing.length
    ? ['wait', `sending ${rate.toFixed(0)} Hz`, `Not seen: ${missing.join(' and ')}.`]
    : ['good', `sending ${rate.toFixed(0)} Hz`, 'The node has head and hands.'];
}

const REFUSALS = {
  [WRONG_TOKEN]: 'wrong token', [TOO_MANY_WRONG_TOKENS]: 'too many wrong tokens',
  [BUSY]: 'another headset is in use', [TAKEN_OVER]: 'taken over',
};

function report() {
  const [kind, line, detail] = state();
  const isRunning = headset.state !== 'none';
  byId('state').textContent = line;
  byId('state').className = kind;
  byId('detail').textContent = detail;
  const asksToken = isSupported && (
    !token() || (link.state === 'refused' && [WRONG_TOKEN, TOO_MANY_WRONG_TOKENS].includes(link.code)));
  byId('token-form').hidden = !asksToken;
  byId('take-over').hidden = !(
    link.state === 'refused' && [BUSY, TAKEN_OVER].includes(link.code));
  byId('use').disabled = !isRunning && !(isSupported && link.isConnected);
  byId('use').textContent = isRunning ? 'stop' : 'use this headset';
  const isKnown = link.isConnected && status.rtt_ms != null;
  byId('rate').textContent = isRunning ? `${rateHz().toFixed(1)} Hz` : '–';
  byId('rtt').textContent = isKnown ? `${status.rtt_ms} ms` : '–';
  byId('clock').textContent = isKnown ? `at most ${status.clock_error_ms} ms` : '–';
  ['head', 'left', 'right'].forEach((id, slot) => {
    byId(id).textContent = isRunning ? SOURCES[sources[slot]] : '–';
  });
  headset.show(kind, line.startsWith('sending') ? 'connected' : line, isKnown ? [
    `${rateHz().toFixed(0)} Hz, round trip ${status.rtt_ms} ms`,
    `left hand: ${SOURCES[sources[1]]}`, `right hand: ${SOURCES[sources[2]]}`,
  ] : [detail]);
}

function connect(takeOver = false) {
  if (isSupported && token()) link.connect(token(), takeOver);
  report();
}

async function pressed() {
  if (headset.state !== 'none') {
    headset.stop();
    return;
  }
  problem = '';
  try {
    await headset.start();
  } catch (error) {
    problem = String(error.message || error);
  }
  report();
}

link.addEventListener('status', event => { status = event.detail; });
link.addEventListener('change', () => {
  status = {};
  link.sendJson({ type: 'session', state: headset.state });
  report();
});
headset.addEventListener('change', () => {
  sentTimes = [];
  sources = [0, 0, 0];
  link.sendJson({ type: 'session', state: headset.state });
  report();
});
headset.addEventListener('reset', () => link.sendJson({ type: 'reset' }));
byId('use').addEventListener('click', pressed);
byId('take-over').addEventListener('click', () => connect(true));
byId('token-form').addEventListener('submit', event => {
  event.preventDefault();
  const given = byId('token').value.trim();
  if (!given) return;
  history.replaceState(null, '', `#${new URLSearchParams({ token: given })}`);
  byId('token').value = '';
  connect();
});
window.addEventListener('hashchange', () => connect());
window.addEventListener('pagehide', () => link.close());
window.addEventListener('pageshow', event => { if (event.persisted) connect(); });
if (navigator.xr) navigator.xr.addEventListener('devicechange', begin);

async function begin() {
  isSupported = await headset.isSupported();
  if (link.state === 'idle') connect();
  report();
}

setInterval(report, REPORT_MS);
begin();
