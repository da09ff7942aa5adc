/**
 * Writes the tombstone that is there once more, so that whoever then waits for replicas (Redis command WAIT) waits for it.
 * ARGV: time, field. Answers 1 when there was one.
 */
import type { RedisScript } from '../port.ts';
import { LOOK } from './look.ts';
import { script } from './script.ts';

export const CONFIRM_END: RedisScript = script(
  [
    LOOK,
    `
local state, h = look(ARGV[2])
if state ~= 2 then return 0 end
redis.call('HSET', KEYS[1], ARGV[2], h)
return 1
`,
  ],
  { replicated: true },
);
