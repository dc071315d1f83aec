/**
 * Runs a program: a list of operations, each cut into chunks that any thread may take. Whoever is there works; a thread that
 * comes late, or not at all, holds nobody up unless it has taken a chunk. Each number is computed by one thread in one
 * order, so results do not depend on who took what.
 *
 * Operation: 64 i32. [0] code, [1] chunks, [2] 1: the next one waits for this and all before, [3] size of a chunk,
 * [4 …] arguments; [32] chunks taken, [33] chunks done.
 * Control: [0] runs started, [16] 1 while a run is open, [17] threads inside, [32] something failed, [33] close,
 * [48] program, [49] operations.
 */
import { attend, gated, normalize, turn } from './block';
import { columnsOf, rowsOf } from './matrix';
import { decode, gather, multiply, multiplyTransposed, rowDots } from './products';

const OPERATION = 256;
const TAKEN = 128;
const DONE = 132;

const STARTED = 0;
const OPEN = 64;
const INSIDE = 68;
const FAILED = 128;
const CLOSE = 132;
const PROGRAM = 192;
const OPERATIONS = 196;

/** Looks before a thread sleeps: some ten microseconds within a run, some hundred between two. */
const LOOKS: i32 = 6000;
const IDLE_LOOKS: i32 = 60000;
/** Milliseconds of one sleep, after which failures are looked for. */
const NAP: i32 = 20;

/**
 * Sleeps while the number at an address is the expected one, at most so many ms; below 0: until woken. JavaScript's
 * `Atomics.wait`, since V8's baseline compiler (seen in Node 20) spoils a local of a function with `memory.atomic.wait32`:
 * unfinished work was taken for done, and numbers were read that nobody had written yet.
 */
declare function nap(at: i32, expected: i32, ms: i32): void;

function look(at: i32): i32 {
  return ASC_FEATURE_THREADS ? atomic.load<i32>(at) : load<i32>(at);
}

function add(at: i32, n: i32): i32 {
  if (ASC_FEATURE_THREADS) return atomic.add<i32>(at, n);
  const before = load<i32>(at);
  store<i32>(at, before + n);
  return before;
}

function int(op: i32, i: i32): i32 {
  return load<i32>(op + 16 + (i << 2));
}
function float(op: i32, i: i32): f32 {
  return load<f32>(op + 16 + (i << 2));
}

function execute(op: i32, chunk: i32, scratch: i32, fresh: i32): void {
  const size = load<i32>(op, 12);
  const from = chunk * size;
  const code = load<i32>(op);
  const m = int(op, 0);
  if (code === 1) {
    const units = (rowsOf(m) + 7) >> 3;
    const to = min(from + size, units);
    multiply(
      m,
      int(op, 1),
      int(op, 2),
      int(op, 3),
      int(op, 4),
      int(op, 5),
      int(op, 6),
      int(op, 7),
      int(op, 8),
      from,
      to,
      scratch,
      fresh,
    );
  } else if (code === 2) {
    const to = min(from + size, (columnsOf(m) + 7) >> 3);
    multiplyTransposed(m, int(op, 1), int(op, 2), int(op, 3), int(op, 4), int(op, 5), from, to, scratch);
  } else if (code === 3) {
    gather(m, int(op, 1), int(op, 2), int(op, 3), from, min(from + size, int(op, 4)));
  } else if (code === 4) {
    const to = min(from + size, int(op, 4));
    for (let r = from; r < to; r++) {
      const rest = int(op, 10) ? int(op, 10) + r * int(op, 11) : 0;
      normalize(
        m + r * int(op, 1),
        int(op, 2) + r * int(op, 3),
        int(op, 5),
        int(op, 6),
        int(op, 7),
        float(op, 8),
        int(op, 9),
        rest,
      );
    }
  } else if (code === 5) {
    turnRows(op, from, min(from + size, int(op, 2)));
  } else if (code === 6) {
    attendRows(op, from, min(from + size, int(op, 0)), scratch);
  } else if (code === 7) {
    // Items are eights of numbers.
    const at = from << 5;
    const up = int(op, 1) ? int(op, 1) + at : 0;
    gated(m + at, up, int(op, 2) + at, (min(from + size, int(op, 3)) - from) << 3, int(op, 4));
  } else if (code === 8) {
    for (let t = from; t < min(from + size, int(op, 7)); t++)
      decode(m, int(op, 1), int(op, 2), int(op, 3), int(op, 4), int(op, 5), int(op, 6), t, scratch);
  } else if (code === 9) {
    for (let t = from; t < min(from + size, int(op, 6)); t++)
      rowDots(m, int(op, 1), int(op, 2), int(op, 3), int(op, 4), int(op, 5), t, scratch);
  } else {
    unreachable();
  }
}

/**
 * x, ldx, rows, length, heads, width, gain, eps, dims, cos, sin, to, bytes from one batch row, position, head to the next.
 */
function turnRows(op: i32, from: i32, to: i32): void {
  const length = int(op, 3);
  const width = int(op, 5);
  const dims = int(op, 8);
  for (let r = from; r < to; r++) {
    const t = r % length;
    const table = (t * dims) << 2;
    for (let h = 0; h < int(op, 4); h++) {
      const x = int(op, 0) + r * int(op, 1) + ((h * width) << 2);
      const out = int(op, 11) + (r / length) * int(op, 12) + t * int(op, 13) + h * int(op, 14);
      turn(x, out, width, int(op, 6), float(op, 7), dims, int(op, 9) + table, int(op, 10) + table);
    }
  }
}

/**
 * items (batch · heads · length), q, ldq, k, v, bytes from one batch row, position, head to the next, z, ldz, length, heads,
 * heads that share keys, width, divisor, softcap, offset, window (0: none), keys of each batch row.
 */
function attendRows(op: i32, from: i32, to: i32, scratch: i32): void {
  const length = int(op, 10);
  const heads = int(op, 11);
  const width = int(op, 13);
  for (let i = from; i < to; i++) {
    const t = i % length;
    const h = (i / length) % heads;
    const b = i / (length * heads);
    const r = b * length + t;
    const shift = b * int(op, 5) + (h / int(op, 12)) * int(op, 7);
    const position = int(op, 16) + t;
    const last = min(position + 1, load<i32>(int(op, 18) + (b << 2)));
    const window = int(op, 17);
    const first = window && position + 1 > window ? position + 1 - window : 0;
    const head = (h * width) << 2;
    attend(
      int(op, 1) + r * int(op, 2) + head,
      int(op, 3) + shift,
      int(op, 4) + shift,
      int(op, 6),
      first,
      last,
      width,
      float(op, 14),
      float(op, 15),
      int(op, 8) + r * int(op, 9) + head,
      scratch,
    );
  }
}

function min(a: i32, b: i32): i32 {
  return a < b ? a : b;
}

/** Waits until all chunks of an operation are done; naps 0: for ever. @returns 0, or 1 where something failed or took too long */
function join(control: i32, op: i32, naps: i32): i32 {
  const chunks = load<i32>(op, 4);
  for (let i = 0; i < LOOKS; i++) if (look(op + DONE) >= chunks) return 0;
  if (!ASC_FEATURE_THREADS) return 1;
  let slept = 0;
  let before = -1;
  while (true) {
    const done = atomic.load<i32>(op + DONE);
    if (done >= chunks) return 0;
    if (atomic.load<i32>(control + FAILED) || atomic.load<i32>(control + CLOSE)) return 1;
    if (done !== before) slept = 0;
    before = done;
    if (naps && slept++ >= naps) return 1;
    nap(op + DONE, done, NAP);
  }
}

function work(control: i32, scratch: i32, naps: i32): i32 {
  const program = load<i32>(control, PROGRAM);
  const count = load<i32>(control, OPERATIONS);
  let waited = 0;
  for (let i = 0; i < count; i++) {
    const op = program + i * OPERATION;
    const chunks = load<i32>(op, 4);
    let fresh = 1;
    while (true) {
      if (look(op + TAKEN) >= chunks) break;
      const chunk = add(op + TAKEN, 1);
      if (chunk >= chunks) break;
      execute(op, chunk, scratch, fresh);
      fresh = 0;
      const done = add(op + DONE, 1) + 1;
      if (ASC_FEATURE_THREADS && done === chunks) atomic.notify(op + DONE, -1);
    }
    if (load<i32>(op, 8)) for (; waited <= i; waited++) if (join(control, program + waited * OPERATION, naps)) return 1;
  }
  return 0;
}

/**
 * The owner's side: opens a run of the program that is in memory, works on it, closes it when all is done.
 * @param naps sleeps of 20 ms without any progress after which other threads are given up
 */
export function run(control: i32, scratch: i32, naps: i32): i32 {
  if (ASC_FEATURE_THREADS) {
    atomic.store<i32>(control + OPEN, 1);
    atomic.add<i32>(control + STARTED, 1);
    atomic.notify(control + STARTED, -1);
  }
  const failed = work(control, scratch, naps);
  if (ASC_FEATURE_THREADS) atomic.store<i32>(control + OPEN, 0);
  return failed;
}

/** Before a program is written: waits until no thread walks through the last one. @returns 0, or 1 as `run` */
export function settle(control: i32, naps: i32): i32 {
  if (!ASC_FEATURE_THREADS) return 0;
  for (let i = 0; i < LOOKS; i++) if (atomic.load<i32>(control + INSIDE) === 0) return 0;
  let slept = 0;
  while (true) {
    const inside = atomic.load<i32>(control + INSIDE);
    if (inside === 0) return 0;
    if (atomic.load<i32>(control + FAILED) || slept++ >= naps) return 1;
    nap(control + INSIDE, inside, NAP);
  }
}

/** A thread of the pool: works on every run until the pool closes. @param slot where the address of its scratch memory is */
export function serve(control: i32, slot: i32): void {
  if (!ASC_FEATURE_THREADS) return;
  let seen = 0;
  while (!atomic.load<i32>(control + CLOSE)) {
    let looks = 0;
    while (atomic.load<i32>(control + STARTED) === seen) {
      if (atomic.load<i32>(control + CLOSE)) return;
      if (looks++ > IDLE_LOOKS) nap(control + STARTED, seen, -1);
    }
    seen = atomic.load<i32>(control + STARTED);
    atomic.add<i32>(control + INSIDE, 1);
    if (atomic.load<i32>(control + OPEN)) work(control, load<i32>(slot), 0);
    if (atomic.sub<i32>(control + INSIDE, 1) === 1) atomic.notify(control + INSIDE, -1);
  }
}
