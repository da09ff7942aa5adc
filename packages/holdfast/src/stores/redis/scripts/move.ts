/**
 * Inserts a session under its new id and turns the old record into a pointer to it. Both are in one home.
 *
 * ARGV: time, old field, version, new field, new head, new extras, and from 7 on the change that makes the pointer
 * (rewrite.ts). Answers 1 (moved), 2 (another version), 3 (the new id is taken) or 0 (no live record), and what lies under
 * the old id.
 */
import type { RedisScript } from '../port.ts';
import { ENTRIES } from './entries.ts';
import { INSERT, KEEP } from './keep.ts';
import { LOOK } from './look.ts';
import { REWRITE } from './rewrite.ts';
import { script } from './script.ts';

export const MOVE: RedisScript = script(
  [
    LOOK,
    KEEP,
    INSERT,
    ENTRIES,
    REWRITE,
    `
local state, h, t, x, last, ends = look(ARGV[2])
if state ~= 1 then return {0, h, t, x} end
if struct.unpack('>I4', h, 3) ~= tonumber(ARGV[3]) then return {2, h, t, x} end
if look(ARGV[4]) ~= 0 then return {3} end
insert(ARGV[4], ARGV[5], ARGV[6])
rewrite(ARGV[2], h, t, x, last, ends, 7)
return {1}
`,
  ],
  { replicated: true },
);
