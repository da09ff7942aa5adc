/** Leaves a tombstone over a record or nothing. ARGV: time, field, tombstone. Answers 1 when it was written. */
import type { RedisScript } from '../port.ts';
import { END_SESSION, KEEP } from './keep.ts';
import { LOOK } from './look.ts';
import { script } from './script.ts';

export const BURY: RedisScript = script(
  [
    LOOK,
    KEEP,
    END_SESSION,
    `
if look(ARGV[2]) > 1 then return 0 end
end_session(ARGV[2], ARGV[3])
return 1
`,
  ],
  { replicated: true },
);
