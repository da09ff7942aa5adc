/** Reads all that lies under one id at one moment. ARGV: time (unused), field. Answers head, touch, extras. */
import type { RedisScript } from '../port.ts';
import { script } from './script.ts';

export const READ_FULL: RedisScript = script(
  [
    `
return {redis.call('HGET', KEYS[1], ARGV[2]), redis.call('HGET', KEYS[2], ARGV[2]), redis.call('HGET', KEYS[3], ARGV[2])}
`,
  ],
  { readOnly: true },
);
