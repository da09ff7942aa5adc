/** Erases record and tombstone alike. ARGV: time (unused), field. A bucket with nothing left in it goes as well. */
import type { RedisScript } from '../port.ts';
import { script } from './script.ts';

export const DELETE: RedisScript = script(
  [
    `
for i = 1, 3 do redis.call('HDEL', KEYS[i], ARGV[2]) end
if redis.call('HLEN', KEYS[1]) == 1 then redis.call('HDEL', KEYS[1], 'd') end
return 1
`,
  ],
  { replicated: true },
);
