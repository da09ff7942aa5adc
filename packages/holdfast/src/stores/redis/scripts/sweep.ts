/**
 * Removes what is past its time from one bucket, up to a limit; at once when nothing can be.
 *
 * ARGV: time, limit. Answers how many were removed, 1 when there is more, and field, head, touch and extras of the records
 * among them that are no pointers.
 */

import { RETENTION_MS, TOMBSTONE_MS } from '../../../core/record.ts';
import type { RedisScript } from '../port.ts';
import { LOOK } from './look.ts';
import { script } from './script.ts';

export const SWEEP: RedisScript = script([
  LOOK,
  `
local due = redis.call('HGET', KEYS[1], 'd')
if not due or (tonumber(due) or 0) > now then return {0, 0} end
local all, limit, removed, next_due = redis.call('HGETALL', KEYS[1]), tonumber(ARGV[2]), 0, nil
local answer = {0, 0}
for i = 1, #all, 2 do
  local f, h = all[i], all[i + 1]
  if #f == 15 then
    local t, x = redis.call('HGET', KEYS[2], f), redis.call('HGET', KEYS[3], f)
    local state, _, ends = judge(h, t, x)
    local at
    if state == 0 and removed == limit then
      answer[2] = 1
      at = now
    elseif state == 0 then
      for k = 1, 3 do redis.call('HDEL', KEYS[k], f) end
      removed = removed + 1
      if string.byte(h, 1) == 1 and string.byte(h, 2) % 4 < 2 then
        local n = #answer
        answer[n + 1], answer[n + 2], answer[n + 3], answer[n + 4] = f, h, t, x
      end
    elseif state == 1 then
      at = ends + ${RETENTION_MS}
    elseif state == 2 then
      at = struct.unpack('>I6', h, 3) + ${TOMBSTONE_MS}
    end
    if at and (not next_due or at < next_due) then next_due = at end
  end
end
if next_due then redis.call('HSET', KEYS[1], 'd', string.format('%.0f', next_due))
else redis.call('HDEL', KEYS[1], 'd') end
answer[1] = removed
return answer
`,
]);
