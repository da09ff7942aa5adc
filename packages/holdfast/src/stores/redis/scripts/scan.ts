/** Reads a whole bucket at one moment. ARGV: none. Answers its three hashes, each as fields and values by turns. */
import type { RedisScript } from '../port.ts';
import { script } from './script.ts';

export const SCAN: RedisScript = script(
  [
    `
return {redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[2]), redis.call('HGETALL', KEYS[3])}
`,
  ],
  { readOnly: true },
);
