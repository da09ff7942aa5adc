/** Lua for what every write ends with: when the bucket is first due for sweeping, and how long Redis keeps it at least. */
import { RETENTION_MS, TOMBSTONE_MS } from '../../../core/record.ts';

/**
 * A bucket that nobody writes to any more goes by itself, a day after a sweep should have told of what expired in it. The
 * day is also what makes PEXPIRE rare: it is sent only when less than what is needed is left.
 */
const MARGIN_MS = 24 * 60 * 60 * 1000;

/** `keep(time)`: something is kept until then. `extend(time)`: longer than before, so nothing is due earlier. */
export const KEEP: string = `
local function extend(at)
  local needed = math.max(at - now, 0)
  for i = 1, 3 do
    local left = redis.call('PTTL', KEYS[i])
    if left ~= -2 and left < needed then redis.call('PEXPIRE', KEYS[i], string.format('%.0f', needed + ${MARGIN_MS})) end
  end
end

local function keep(at)
  local due = tonumber(redis.call('HGET', KEYS[1], 'd'))
  if not due or at < due then redis.call('HSET', KEYS[1], 'd', string.format('%.0f', at)) end
  extend(at)
end
`;

/**
 * `end_session(field, tombstone)`: the record goes, the tombstone stays. Deletes first: with its memory used up, Redis lets
 * a script write only after that. Needs {@link KEEP}.
 */
export const END_SESSION: string = `
local function end_session(f, tombstone)
  redis.call('HDEL', KEYS[2], f)
  redis.call('HDEL', KEYS[3], f)
  redis.call('HSET', KEYS[1], f, tombstone)
  keep(struct.unpack('>I6', tombstone, 3) + ${TOMBSTONE_MS})
end
`;

/** `insert(field, head, extras)`: in place of whatever was there. Needs {@link KEEP}. */
export const INSERT: string = `
local function insert(f, h, x)
  redis.call('HSET', KEYS[1], f, h)
  redis.call('HDEL', KEYS[2], f)
  if #x > 0 then redis.call('HSET', KEYS[3], f, x) else redis.call('HDEL', KEYS[3], f) end
  keep(struct.unpack('>I6', h, 29) + ${RETENTION_MS})
end
`;
