/**
 * Ends one session. ARGV: time, field, tombstone. Answers 1 (ended by this call) or 0, and head, touch and extras as they
 * were before.
 */
import type { RedisScript } from '../port.ts';
import { END_SESSION, KEEP } from './keep.ts';
import { LOOK } from './look.ts';
import { script } from './script.ts';

export const TAKE: RedisScript = script(
  [
    LOOK,
    KEEP,
    END_SESSION,
    `
local state, h, t, x = look(ARGV[2])
if state ~= 1 then return {0, h, t, x} end
end_session(ARGV[2], ARGV[3])
return {1, h, t, x}
`,
  ],
  { replicated: true },
);
