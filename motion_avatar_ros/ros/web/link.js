// Copyright 2026 motion_avatar_ros contributors
// SPDX-License-Identifier: Apache-2.0
// The WebSocket to the node: says hello, answers pings, comes back by itself unless refused.

import { encodePong } from './frames.js';

const PROTOCOL_VERSION = 1;
// Codes from here on say that coming back by itself would be no use.
const FIRST_REFUSAL = 4001;
const FIRST_WAIT_MS = 300, LONGEST_WAIT_MS = 5000;
const OPEN_WITHIN_MS = 8000;
// The node pings 4 times a second; without a word for so long the network is gone.
const SILENT_AFTER_MS = 3000;
// A frame waits behind two others at most; beyond that the newest is worth more than all.
const MAX_BUFFERED_BYTES = 400;

const address = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/headset`;
// Tells the node that it is this page that comes back, not another headset.
const page = Array.from(crypto.getRandomValues(new Uint8Array(12)),
  byte => byte.toString(16).padStart(2, '0')).join('');

// Fires 'change' when `state` does, and 'status' with what the node tells.
// States: idle, connecting, connected, lost, refused (then `code` and `text` say why).
export class Link extends EventTarget {
  state = 'idle';
  code = 0;
  text = '';
  skipped = 0;
  #socket = null;
  #token = '';
  #takeOver = false;
  #waitMs = FIRST_WAIT_MS;
  #retry = 0;
  #watch = 0;
  #heardMs = 0;

  connect(token, takeOver = false) {
    this.#token = token;
    this.#takeOver = takeOver;
    this.#waitMs = FIRST_WAIT_MS;
    this.#open('connecting');
  }

  close() {
    this.#drop();
    this.#become('idle');
  }

  get isConnected() { return this.state === 'connected'; }

  sendJson(message) {
    if (this.isConnected) this.#socket.send(JSON.stringify(message));
  }

  // Returns whether the frame was sent.
  sendFrame(bytes) {
    if (!this.isConnected) return false;
    if (this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) {
      this.skipped += 1;
      return false;
    }
    this.#socket.send(bytes);
    return true;
  }

  #open(state) {
    this.#drop();
    this.#become(state);
    const socket = this.#socket = new WebSocket(address);
    const openedMs = performance.now();
    this.#heardMs = openedMs;
    socket.onopen = () => socket.send(JSON.stringify({
      type: 'hello', version: PROTOCOL_VERSION, token: this.#token, page,
      take_over: this.#takeOver,
    }));
    socket.onmessage = event => this.#receive(socket, event.data);
    socket.onclose = event => {
      if (socket !== this.#socket) return;
      if (event.code >= FIRST_REFUSAL) this.#refused(event.code, event.reason);
      else this.#closed();
    };
    this.#watch = setInterval(() => {
      const allowedMs = this.isConnected ? SILENT_AFTER_MS : OPEN_WITHIN_MS;
      if (performance.now() - this.#heardMs > allowedMs) this.#closed();
    }, 500);
  }

  #receive(socket, data) {
    const nowMs = performance.now();
    if (socket !== this.#socket || typeof data !== 'string') return;
    this.#heardMs = nowMs;
    const message = JSON.parse(data);
    if (message.type === 'ping') {
      socket.send(encodePong(message.id, nowMs));
    } else if (message.type === 'welcome') {
      this.#waitMs = FIRST_WAIT_MS;
      this.#takeOver = false;
      this.#become('connected');
    } else if (message.type === 'refused') {
      this.#refused(message.code, message.text);
    } else if (message.type === 'status') {
      this.dispatchEvent(new CustomEvent('status', { detail: message }));
    }
  }

  #refused(code, text) {
    this.code = code;
    this.text = text;
    this.#drop();
    this.#become('refused');
  }

  #closed() {
    this.#drop();
    this.#become('lost');
    const waitMs = this.#waitMs * (0.75 + 0.5 * Math.random());
    this.#waitMs = Math.min(2 * this.#waitMs, LONGEST_WAIT_MS);
    this.#retry = setTimeout(() => this.#open('lost'), waitMs);
  }

  #drop() {
    clearTimeout(this.#retry);
    clearInterval(this.#watch);
    const socket = this.#socket;
    this.#socket = null;
    if (socket) socket.close(1000);
  }

  #become(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new Event('change'));
  }
}
