/**
 * Loaded before a program of Node's (`--import`): its Date is off by as many seconds as the file that SURVIVAL_CLOCK names
 * says, and follows when the file changes. Timers and `performance` stay as they are, as after a wrong setting of the clock.
 */
import { readFileSync } from 'node:fs';

const file = process.env.SURVIVAL_CLOCK;
const Real = Date;
const READ_EVERY_MS = 5;
let offsetMs = 0;
let readAt = -READ_EVERY_MS;

function now() {
  const at = performance.now();
  if (at - readAt >= READ_EVERY_MS) {
    readAt = at;
    try {
      offsetMs = Number(readFileSync(file, 'utf8')) * 1000;
    } catch {
      // It is just being replaced.
    }
  }
  return Real.now() + offsetMs;
}

if (file !== undefined) {
  globalThis.Date = new Proxy(Real, {
    construct: (target, parts, made) => Reflect.construct(target, parts.length === 0 ? [now()] : parts, made),
    apply: () => new Real(now()).toString(),
    get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
  });
}
