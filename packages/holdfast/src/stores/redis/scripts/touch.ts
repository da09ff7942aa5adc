/**
 * Moves the times of a record forward. ARGV: time, field, touch as it is stored. Answers 1, or 0 when there is no live
 * record.
 */

import { RETENTION_MS } from '../../../core/record.ts';
import type { RedisScript } from '../port.ts';
import { KEEP } from './keep.ts';
import { LOOK } from './look.ts';
import { script } from './script.ts';

/**
 * `move_times(field, head, last, ends, new touch)` with the times that are known so far.
 *
 * Times are kept beside the head only where they are a refresh window (core/policy.ts) later than it: then whoever reads
 * the head alone finds it due and looks at them. A touch that comes sooner than the engine sends it goes into the head, and so
 * does one for which there is no memory: the head does not grow, and after a deletion Redis lets a script write. Nobody's
 * session may run out because nothing could be noted.
 */
export const MOVE_TIMES: string = `
local function move_times(f, h, last, ends, touch)
  local touched, moved = struct.unpack('>I6I6', touch)
  if touched <= last and moved <= ends then return end
  last, ends = math.max(touched, last), math.max(moved, ends)
  local idle, written = struct.unpack('>I4', h, 13), struct.unpack('>I6', h, 23)
  local times = struct.pack('>I6I6', last, ends)
  local apart = last - written >= math.min(math.max(60, idle / 20), idle / 4) * 1000
  if not apart or type(redis.pcall('HSET', KEYS[2], f, times)) == 'table' then
    redis.call('HDEL', KEYS[2], f)
    redis.call('HSET', KEYS[1], f, string.sub(h, 1, 22) .. times .. string.sub(h, 35))
  end
  extend(ends + ${RETENTION_MS})
end
`;

export const TOUCH: RedisScript = script([
  LOOK,
  KEEP,
  MOVE_TIMES,
  `
local state, h, _, _, last, ends = look(ARGV[2])
if state ~= 1 then return 0 end
move_times(ARGV[2], h, last, ends, ARGV[3])
return 1
`,
]);
