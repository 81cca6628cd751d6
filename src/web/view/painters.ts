import { type Camera, project } from './camera.ts'
import { channels, hex, mixed, SHAPE_SIZE, type Shapes, type Vector } from './shapes.ts'

export interface Painter {
  /** Takes other shapes. */
  load(shapes: Shapes): void
  /** Paints them, and waits until it is done. @param background "#rrggbb", into which distant shapes fade @param ratio pixels of the canvas per pixel of the page */
  paint(camera: Camera, background: string, ratio: number): void
}

/** Share of the background in the most distant shapes; it grows with the square of the depth. */
const DEEPEST_FOG = 0.8
/** Smallest radius, pixels of the canvas: thinner sticks would break up. */
const SMALLEST = 0.7

const VERTEX = `#version 300 es
layout(location = 0) in vec3 start;
layout(location = 1) in vec3 end;
layout(location = 2) in vec4 look;
uniform mat3 turn;
uniform vec3 centre;
uniform vec4 lens;
uniform vec2 shift;
uniform vec2 range;
uniform float pixel;
out vec3 place;
flat out vec3 from;
flat out vec3 axis;
flat out vec2 size;
flat out vec3 color;

// The box around a shape, seen from the eye at the origin.
void main() {
  from = turn * (start - centre) - vec3(0, 0, lens.z);
  vec3 to = turn * (end - centre) - vec3(0, 0, lens.z);
  float far = length(to - from);
  axis = far > 1e-5 ? (to - from) / far : vec3(0, 1, 0);
  float radius = max(look.w, pixel * -0.5 * (from.z + to.z));
  size = vec2(far, radius);
  color = look.rgb;
  vec3 side = normalize(cross(axis, abs(axis.z) < 0.9 ? vec3(0, 0, 1) : vec3(1, 0, 0)));
  int bit = 1 << gl_VertexID;
  vec3 corner = 2.0 * vec3((0x287a & bit) != 0, (0x02af & bit) != 0, (0x31e3 & bit) != 0) - 1.0;
  place = 0.5 * (from + to) + axis * corner.x * (0.5 * far + radius)
    + (side * corner.y + cross(axis, side) * corner.z) * radius;
  float w = -place.z;
  gl_Position = vec4(lens.xy * place.xy + shift * w, range.x * w - range.y, w);
}`

const FRAGMENT = `#version 300 es
precision highp float;
in vec3 place;
flat in vec3 from;
flat in vec3 axis;
flat in vec2 size;
flat in vec3 color;
uniform vec4 lens;
uniform vec2 range;
uniform vec3 background;
out vec4 shade;

// Where the line of sight first meets the shape. It starts at the box, not at the eye: thin sticks need the digits.
void main() {
  vec3 sight = normalize(place);
  vec3 off = place - from;
  float along = dot(off, axis);
  float sightAlong = dot(sight, axis);
  vec3 p = off - axis * along;
  vec3 s = sight - axis * sightAlong;
  float a = max(dot(s, s), 1e-9);
  float b = dot(s, p);
  float h = b * b - a * (dot(p, p) - size.y * size.y);
  if (h < 0.0) discard;
  float t = (-b - sqrt(h)) / a;
  float y = along + t * sightAlong;
  if (y <= 0.0 || y >= size.x) {
    y = y <= 0.0 ? 0.0 : size.x;
    vec3 o = off - axis * y;
    b = dot(sight, o);
    h = b * b - dot(o, o) + size.y * size.y;
    if (h < 0.0) discard;
    t = -b - sqrt(h);
  }
  vec3 hit = place + t * sight;
  vec3 normal = (hit - from - axis * y) / size.y;
  vec3 light = normalize(vec3(-0.4, 0.65, 0.8));
  float facing = dot(normal, -sight);
  float lit = 0.5 + 0.5 * dot(normal, light);
  float gloss = pow(max(0.0, dot(normal, normalize(light - sight))), 42.0);
  vec3 lively = color * (0.36 + 0.7 * lit) * (0.66 + 0.34 * smoothstep(0.0, 0.45, facing)) + 0.2 * gloss;
  float w = -hit.z;
  float depth = clamp((w - lens.z + lens.w) / (2.0 * lens.w), 0.0, 1.0);
  shade = vec4(mix(min(lively, 1.0), background, ${DEEPEST_FOG} * depth * depth), 1);
  gl_FragDepth = 0.5 * (range.x - range.y / w) + 0.5;
}`

/** Returns the painter of a canvas: with WebGL 2, and where a browser has none as flat pictures from back to front. */
export function createPainter(canvas: HTMLCanvasElement): Painter {
  const gl = canvas.getContext('webgl2', { antialias: false, preserveDrawingBuffer: true })
  return gl ? glPainter(canvas, gl) : flatPainter(canvas, canvas.getContext('2d')!)
}

function glPainter(canvas: HTMLCanvasElement, gl: WebGL2RenderingContext): Painter {
  const program = gl.createProgram()
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(kind)
    // Null once the browser has taken the graphics away: there is nothing to draw on until it gives them back.
    if (!shader) break
    gl.shaderSource(shader, source)
    gl.compileShader(shader)
    gl.attachShader(program, shader)
  }
  gl.linkProgram(program)
  gl.useProgram(program)
  const place = (name: string) => gl.getUniformLocation(program, name)
  const places = {
    turn: place('turn'),
    centre: place('centre'),
    lens: place('lens'),
    shift: place('shift'),
    range: place('range'),
    background: place('background'),
    pixel: place('pixel'),
  }
  gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer())
  for (const [location, count] of [3, 3, 4].entries()) {
    gl.enableVertexAttribArray(location)
    gl.vertexAttribPointer(location, count, gl.FLOAT, false, 4 * SHAPE_SIZE, 12 * location)
    gl.vertexAttribDivisor(location, 1)
  }
  gl.enable(gl.DEPTH_TEST)
  gl.enable(gl.CULL_FACE)
  gl.cullFace(gl.FRONT)
  let count = 0

  return {
    load(shapes) {
      count = shapes.length / SHAPE_SIZE
      gl.bufferData(gl.ARRAY_BUFFER, shapes, gl.DYNAMIC_DRAW)
    },
    paint({ rotation, centre, eye_A, scale, shift, reach_A, width, height }, background, ratio) {
      canvas.width = width * ratio
      canvas.height = height * ratio
      const [near, far] = [Math.max(0.02 * eye_A, eye_A - reach_A), eye_A + reach_A]
      const magnified = 2 * scale * eye_A
      gl.viewport(0, 0, canvas.width, canvas.height)
      gl.uniformMatrix3fv(places.turn, true, rotation)
      gl.uniform3fv(places.centre, centre)
      gl.uniform4f(places.lens, magnified / width, magnified / height, eye_A, reach_A)
      gl.uniform2f(places.shift, (2 * shift[0]) / width, (-2 * shift[1]) / height)
      gl.uniform2f(places.range, (far + near) / (far - near), (2 * far * near) / (far - near))
      gl.uniform1f(places.pixel, SMALLEST / (scale * ratio * eye_A))
      const color = channels(background)
      gl.uniform3fv(places.background, color)
      gl.clearColor(...color, 1)
      gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT)
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 14, count)
      // Asking for a pixel waits for all of them: the time that painting takes is known.
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4))
    },
  }
}

/** Longest stick that is painted in one piece: each piece has one depth. */
const PIECE_A = 2
/** Steps of fog, each with colours and spheres of its own. */
const FOG_LEVELS = 10

interface Piece {
  readonly start: Vector
  readonly end: Vector
  readonly color: string
  readonly radius: number
}

function flatPainter(canvas: HTMLCanvasElement, context: CanvasRenderingContext2D): Painter {
  let pieces: Piece[] = []
  const spheres = new Map<string, HTMLCanvasElement>()
  const shades = new Map<string, string>()

  function faded(color: string, background: string, depth: number): string {
    const level = Math.round(depth * (FOG_LEVELS - 1)) / (FOG_LEVELS - 1)
    const key = `${color}${background}${level}`
    const shade = shades.get(key) ?? mixed(color, background, DEEPEST_FOG * level * level)
    shades.set(key, shade)
    return shade
  }

  return {
    load(shapes) {
      pieces = piecesOf(shapes)
    },
    paint(camera, background, ratio) {
      canvas.width = camera.width * ratio
      canvas.height = camera.height * ratio
      context.setTransform(ratio, 0, 0, ratio, 0, 0)
      context.lineCap = 'round'
      const seen = pieces.map(({ start, end, ...rest }) => {
        const [from, to] = [project(camera, start), project(camera, end)]
        return { ...rest, from, to, near: (from.near + to.near) / 2 }
      })
      seen.sort((one, other) => one.near - other.near)
      for (const { from, to, near, color, radius } of seen) {
        const depth = Math.min(1, Math.max(0, (1 - near / camera.reach_A) / 2))
        const shade = faded(color, background, depth)
        const size = radius * from.perA
        if (from.x === to.x && from.y === to.y) {
          const sprite = sphere(spheres, shade, Math.max(1, Math.round(size * ratio)))
          const drawn = sprite.width / ratio
          context.drawImage(sprite, from.x - drawn / 2, from.y - drawn / 2, drawn, drawn)
        } else {
          context.strokeStyle = shade
          context.lineWidth = Math.max(0.7, 2 * size)
          context.beginPath()
          context.moveTo(from.x, from.y)
          context.lineTo(to.x, to.y)
          context.stroke()
        }
      }
    },
  }
}

function piecesOf(shapes: Shapes): Piece[] {
  const pieces: Piece[] = []
  for (let k = 0; k < shapes.length; k += SHAPE_SIZE) {
    const [ax, ay, az, bx, by, bz, r, g, b, radius] = shapes.subarray(k, k + SHAPE_SIZE)
    const step = [bx! - ax!, by! - ay!, bz! - az!] as const
    const count = Math.max(1, Math.ceil(Math.hypot(...step) / PIECE_A))
    const at = (n: number): Vector => [
      ax! + (n / count) * step[0],
      ay! + (n / count) * step[1],
      az! + (n / count) * step[2],
    ]
    const color = hex([r!, g!, b!])
    for (let n = 0; n < count; n++) pieces.push({ start: at(n), end: at(n + 1), color, radius: radius! })
  }
  return pieces
}

/** A shaded sphere of a colour and a radius in pixels, painted once. */
function sphere(painted: Map<string, HTMLCanvasElement>, color: string, radius: number): HTMLCanvasElement {
  const key = `${color} ${radius}`
  let canvas = painted.get(key)
  if (canvas) return canvas
  canvas = document.createElement('canvas')
  canvas.width = canvas.height = 2 * radius + 2
  const context = canvas.getContext('2d')!
  const middle = radius + 1
  const light = context.createRadialGradient(
    middle - 0.35 * radius,
    middle - 0.4 * radius,
    0.1 * radius,
    middle,
    middle,
    radius,
  )
  light.addColorStop(0, mixed(color, '#ffffff', 0.55))
  light.addColorStop(0.45, color)
  light.addColorStop(1, mixed(color, '#000000', 0.38))
  context.fillStyle = light
  context.beginPath()
  context.arc(middle, middle, radius, 0, 2 * Math.PI)
  context.fill()
  painted.set(key, canvas)
  return canvas
}
