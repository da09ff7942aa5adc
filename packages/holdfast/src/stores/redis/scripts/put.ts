/**
 * Writes a copy unless something newer, an end, or something unreadable is there; over the same version only the times
 * move. ARGV: time, field, head, extras. Answers 1 when the store now holds this version.
 */
import type { RedisScript } from '../port.ts';
import { INSERT, KEEP } from './keep.ts';
import { LOOK } from './look.ts';
import { script } from './script.ts';
import { MOVE_TIMES } from './touch.ts';

export const PUT: RedisScript = script([
  LOOK,
  KEEP,
  INSERT,
  MOVE_TIMES,
  `
local state, h, _, _, last, ends = look(ARGV[2])
if state > 1 then return 0 end
if state == 1 then
  local there, copied = struct.unpack('>I4', h, 3), struct.unpack('>I4', ARGV[3], 3)
  if there > copied then return 0 end
  if there == copied then
    move_times(ARGV[2], h, last, ends, string.sub(ARGV[3], 23, 34))
    return 1
  end
end
insert(ARGV[2], ARGV[3], ARGV[4])
return 1
`,
]);
