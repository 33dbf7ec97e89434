// Copyright 2026 motion_avatar_ros contributors
// SPDX-License-Identifier: Apache-2.0
// What the operator sees: the floor as a grid in the colour of the state, the hands, and a text.

const COLOURS = { good: [0.2, 0.8, 0.5], wait: [0.95, 0.7, 0.2], bad: [0.95, 0.3, 0.25] };
const SKY = [0.16, 0.2, 0.26], GROUND = [0.1, 0.12, 0.15];
const HALF_FLOOR_M = 5, CELL_M = 0.5, HAND_M = 0.06;
const PANEL_M = [0.8, 0.4], PANEL_PIXELS = [1024, 512], PANEL_AWAY_M = 1.6, PANEL_BELOW_M = 0.15;

const VERTEX = `
  attribute vec3 position; attribute vec2 texel;
  uniform mat4 projection, view, model; varying vec2 at;
  void main() { at = texel; gl_Position = projection * view * model * vec4(position, 1.0); }`;
const PLAIN = `
  precision mediump float; uniform vec3 colour;
  void main() { gl_FragColor = vec4(colour, 1.0); }`;
const TEXTURED = `
  precision mediump float; varying vec2 at; uniform sampler2D picture;
  void main() { gl_FragColor = texture2D(picture, at); }`;
const IDENTITY = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

export class Scene {
  #gl; #session; #plain; #textured; #floor; #grid; #hand; #panel; #texture;
  #canvas = new OffscreenCanvas(...PANEL_PIXELS);
  #kind = 'wait';
  #line = '';
  #written = '';
  #panelMatrix = null;

  constructor(session) {
    this.#session = session;
    const gl = this.#gl = document.createElement('canvas').getContext(
      'webgl', { xrCompatible: true, alpha: true, antialias: false });
    if (!gl) throw new Error('this browser has no WebGL');
    this.#plain = program(gl, PLAIN);
    this.#textured = program(gl, TEXTURED);
    const far = 60, half = HALF_FLOOR_M;
    this.#floor = mesh(gl, [-far, -0.01, -far, far, -0.01, -far, -far, -0.01, far, far, -0.01, far]);
    const lines = [];
    for (let at = -half; at <= half; at += CELL_M) {
      for (let from = -half; from < half; from += CELL_M) { // short: some drivers drop lines
        const to = from + CELL_M; //                            that pass behind the eyes
        lines.push(at, 0, from, at, 0, to, from, 0, at, to, 0, at);
      }
    }
    this.#grid = mesh(gl, lines);
    this.#hand = mesh(gl, [-1, 0, 0, 1, 0, 0, 0, -1, 0, 0, 1, 0, 0, 0, -1, 0, 0, 1].map(
      value => value * HAND_M));
    const [x, y] = PANEL_M.map(size => size / 2);
    this.#panel = mesh(gl, [-x, -y, 0, x, -y, 0, -x, y, 0, x, y, 0], [0, 1, 1, 1, 0, 0, 1, 0]);
    this.#texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, this.#texture);
    for (const [name, value] of [
      [gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR], [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE],
      [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE]]) gl.texParameteri(gl.TEXTURE_2D, name, value);
    this.ready = Promise.resolve(gl.makeXRCompatible && gl.makeXRCompatible()).then(
      () => session.updateRenderState({ baseLayer: new XRWebGLLayer(session, gl) }));
  }

  show(kind, line, more) {
    if (line !== this.#line) this.#panelMatrix = null; // news appears before the eyes
    this.#kind = kind;
    this.#line = line;
    const text = JSON.stringify([kind, line, more]);
    if (text === this.#written) return;
    this.#written = text;
    this.#write(line, more);
  }

  // viewer: XRViewerPose; hands: XRPose or null of each.
  draw(viewer, hands) {
    const gl = this.#gl, layer = this.#session.renderState.baseLayer;
    if (!layer) return;
    const seesRoom = ['alpha-blend', 'additive'].includes(this.#session.environmentBlendMode);
    gl.bindFramebuffer(gl.FRAMEBUFFER, layer.framebuffer);
    gl.clearColor(...(seesRoom ? [0, 0, 0, 0] : [...SKY, 1]));
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.DEPTH_TEST);
    const colour = COLOURS[this.#kind] || COLOURS.wait;
    this.#panelMatrix = this.#panelMatrix || before(viewer.transform);
    for (const view of viewer.views) {
      const port = layer.getViewport(view);
      gl.viewport(port.x, port.y, port.width, port.height);
      this.#use(this.#plain, view);
      if (!seesRoom) this.#drawPlain(this.#floor, gl.TRIANGLE_STRIP, GROUND, IDENTITY);
      this.#drawPlain(this.#grid, gl.LINES, colour, IDENTITY);
      for (const hand of hands) {
        if (hand) this.#drawPlain(this.#hand, gl.LINES, [1, 1, 1], hand.transform.matrix);
      }
      this.#use(this.#textured, view);
      gl.bindTexture(gl.TEXTURE_2D, this.#texture);
      gl.uniformMatrix4fv(this.#textured.model, false, this.#panelMatrix);
      drawMesh(gl, this.#textured, this.#panel, gl.TRIANGLE_STRIP);
    }
  }

  #use(used, view) {
    const gl = this.#gl;
    gl.useProgram(used.program);
    gl.uniformMatrix4fv(used.projection, false, view.projectionMatrix);
    gl.uniformMatrix4fv(used.view, false, view.transform.inverse.matrix);
  }

  #drawPlain(what, how, colour, model) {
    this.#gl.uniform3fv(this.#plain.colour, colour);
    this.#gl.uniformMatrix4fv(this.#plain.model, false, model);
    drawMesh(this.#gl, this.#plain, what, how);
  }

  #write(line, more) {
    const [width, height] = PANEL_PIXELS, pen = this.#canvas.getContext('2d'), gl = this.#gl;
    const [red, green, blue] = (COLOURS[this.#kind] || COLOURS.wait).map(part => 255 * part);
    pen.fillStyle = '#12161c';
    pen.fillRect(0, 0, width, height);
    pen.fillStyle = `rgb(${red} ${green} ${blue})`;
    pen.fillRect(0, 0, width, 24);
    pen.font = '600 84px system-ui, sans-serif';
    pen.fillText(line, 48, 160, width - 96);
    pen.fillStyle = '#e6eaef';
    pen.font = '56px system-ui, sans-serif';
    more.slice(0, 3).forEach((text, row) => pen.fillText(text, 48, 270 + 86 * row, width - 96));
    gl.bindTexture(gl.TEXTURE_2D, this.#texture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, this.#canvas);
    gl.generateMipmap(gl.TEXTURE_2D);
  }
}

// An upright panel before the eyes, a little below them (column-major).
function before({ position: p, matrix: m }) {
  const length = Math.hypot(m[8], m[10]);
  const [x, z] = length > 1e-3 ? [m[8] / length, m[10] / length] : [0, 1];
  return [z, 0, -x, 0, 0, 1, 0, 0, x, 0, z, 0,
    p.x - PANEL_AWAY_M * x, p.y - PANEL_BELOW_M, p.z - PANEL_AWAY_M * z, 1];
}

function program(gl, fragment) {
  const made = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(made));
  const uniform = name => gl.getUniformLocation(made, name);
  return {
    program: made, position: gl.getAttribLocation(made, 'position'),
    texel: gl.getAttribLocation(made, 'texel'), projection: uniform('projection'),
    view: uniform('view'), model: uniform('model'), colour: uniform('colour'),
  };
}

function mesh(gl, positions, texels = null) {
  const buffer = values => {
    const made = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, made);
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array(values), gl.STATIC_DRAW);
    return made;
  };
  return {
    positions: buffer(positions), texels: texels && buffer(texels), count: positions.length / 3 };
}

function drawMesh(gl, used, what, how) {
  attribute(gl, used.position, what.positions, 3);
  attribute(gl, used.texel, what.texels, 2);
  gl.drawArrays(how, 0, what.count);
}

function attribute(gl, location, buffer, size) {
  if (location < 0) return;
  if (!buffer) {
    gl.disableVertexAttribArray(location);
    return;
  }
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.enableVertexAttribArray(location);
  gl.vertexAttribPointer(location, size, gl.FLOAT, false, 0, 0);
}
