/**
 * Changes a record by a delta. ARGV: time, field, version (empty: any), and from 4 on the change (rewrite.ts).
 * Answers 1 (written), 2 (another version) or 0 (no live record), and head, touch and extras as they are now.
 */
import type { RedisScript } from '../port.ts';
import { ENTRIES } from './entries.ts';
import { KEEP } from './keep.ts';
import { LOOK } from './look.ts';
import { REWRITE } from './rewrite.ts';
import { script } from './script.ts';

export const UPDATE: RedisScript = script([
  LOOK,
  KEEP,
  ENTRIES,
  REWRITE,
  `
local state, h, t, x, last, ends = look(ARGV[2])
if state ~= 1 then return {0, h, t, x} end
if ARGV[3] ~= '' and struct.unpack('>I4', h, 3) ~= tonumber(ARGV[3]) then return {2, h, t, x} end
h, x = rewrite(ARGV[2], h, t, x, last, ends, 4)
return {1, h, false, x}
`,
]);
