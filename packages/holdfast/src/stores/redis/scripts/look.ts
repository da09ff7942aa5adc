/**
 * Lua that tells what lies under a field, as decode-record.ts judges it. ARGV[1] is the store's time: Redis's own clock is
 * never asked.
 */
import { RETENTION_MS, TOMBSTONE_MS } from '../../../core/record.ts';
import { REASON_ORDER } from '../layout.ts';

/**
 * `look(field)` answers the state (0 nothing or past its time, 1 record, 2 tombstone, 3 cannot be read), the head, the
 * touch and the extras (false where missing); for a record also lastSeenAt and expiresAt with the touch worked in.
 */
export const LOOK: string = `
local now = tonumber(ARGV[1])

local function judge(h, t, x)
  if not h then return 0 end
  local kind, flags = string.byte(h, 1, 2)
  if kind == 2 then
    if #h ~= 8 or flags >= ${REASON_ORDER.length} then return 3 end
    if now >= struct.unpack('>I6', h, 3) + ${TOMBSTONE_MS} then return 0 end
    return 2
  end
  if kind ~= 1 or not flags or flags >= 192 or math.floor(flags / 16) % 4 == 3 then return 3 end
  local user, size = math.floor(flags / 4) % 4, #h - 46
  if size < 0 or size > 18 or (user == 0 and size ~= 0) or (user % 2 == 1 and size ~= 16) then return 3 end
  if flags % 2 == 1 and not x then return 3 end
  local last, ends = struct.unpack('>I6I6', h, 23)
  if t and #t == 12 then
    local touched, moved = struct.unpack('>I6I6', t)
    last, ends = math.max(last, touched), math.max(ends, moved)
  end
  if now >= ends + ${RETENTION_MS} then return 0, last, ends end
  return 1, last, ends
end

local function look(f)
  local h, t, x = redis.call('HGET', KEYS[1], f), redis.call('HGET', KEYS[2], f), redis.call('HGET', KEYS[3], f)
  local state, last, ends = judge(h, t, x)
  return state, h, t, x, last, ends
end
`;
