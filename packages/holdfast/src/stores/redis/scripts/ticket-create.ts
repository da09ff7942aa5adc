/**
 * Makes one-time sessions, where fewer than a limit wait to be used.
 *
 * Several in one step (KEYS: counts, then each ticket; ARGV: for each of them the bytes, for how many milliseconds they are
 * kept, the bucket, the limit and the time) where all keys are on one server. On a Cluster they are not: there one is counted
 * first, so that the limit holds, then written, and taken back where its key is taken.
 */
import { TICKET_STEP_MS } from '../../ticket-rules.ts';
import type { RedisScript } from '../port.ts';
import { script } from './script.ts';
import { ADD, EACH_BUCKET, RESERVE, SETTLE } from './ticket-counts.ts';
import { TICKET_VALUE } from './ticket-value.ts';

/** What is answered; above, the lowest bucket with live ones after so many as stand here: the limit was reached. */
export const MADE = { exists: 0, created: 1, limit: 2 } as const;

/** Redis may be a moment behind with removing what is past its retention by the clock of who asks; that is no ticket. */
const PUT = `
local function put(key, v, kept_ms, now)
  if redis.call('SET', key, v, 'NX', 'PX', kept_ms) then return true end
  if ticket(key, now) or not ticket(key, 0) then return false end
  redis.call('SET', key, v, 'PX', kept_ms)
  return true
end
`;

export const CREATE_TICKETS: RedisScript = script(
  [
    EACH_BUCKET,
    SETTLE,
    RESERVE,
    TICKET_VALUE,
    PUT,
    `
local stats, most, total, answers = KEYS[1], #KEYS - 1, 0, {}
local least = math.huge
for at = 4, #ARGV, 5 do least = math.min(least, tonumber(ARGV[at])) end
-- Nearly always there is room for all.
local is_room = redis.call('HINCRBY', stats, 'live', most) <= least
if not is_room then redis.call('HINCRBY', stats, 'live', -most) end
-- They expire in the same ten seconds, nearly always, so that they are counted together.
local bucket, made, none = nil, 0, 0
local function flush()
  if made > 0 then redis.call('HINCRBY', stats, 'made:' .. bucket, made) end
  if none > 0 then redis.call('HINCRBY', stats, 'live', -none) end
  made, none = 0, 0
end
for i = 1, most do
  local at = 5 * i - 4
  local ends_in, now = ARGV[at + 2], tonumber(ARGV[at + 4])
  local first = nil
  if not is_room then first = reserve(stats, tonumber(ARGV[at + 3]), now) end
  if first then
    answers[i] = ${MADE.limit} + first
  elseif not put(KEYS[i + 1], ARGV[at], ARGV[at + 1], now) then
    answers[i], none = ${MADE.exists}, none + 1
  else
    answers[i], total = ${MADE.created}, total + 1
    if tonumber(ends_in) * ${TICKET_STEP_MS} <= now then
      -- Over from the start: none that waits.
      none = none + 1
    else
      if ends_in ~= bucket then flush() end
      bucket, made = ends_in, made + 1
    end
  end
  if not is_room then flush() end
end
flush()
if total > 0 then redis.call('HINCRBY', stats, 'total_created', total) end
return answers
`,
  ],
  { replicated: true },
);

/** KEYS: counts. ARGV: bucket, limit, time. */
export const RESERVE_TICKET: RedisScript = script([
  EACH_BUCKET,
  SETTLE,
  RESERVE,
  `
local first = reserve(KEYS[1], tonumber(ARGV[2]), tonumber(ARGV[3]))
if first then return ${MADE.limit} + first end
redis.call('HINCRBY', KEYS[1], 'made:' .. ARGV[1], 1)
redis.call('HINCRBY', KEYS[1], 'total_created', 1)
return ${MADE.created}
`,
]);

/** KEYS: ticket. ARGV: bytes, for how many milliseconds they are kept, time. */
export const PUT_TICKET: RedisScript = script(
  [TICKET_VALUE, PUT, `return put(KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])) and ${MADE.created} or ${MADE.exists}`],
  { replicated: true },
);

/** Takes back what was reserved. KEYS: counts. ARGV: bucket. */
export const RELEASE_TICKET: RedisScript = script([
  ADD,
  `
add(KEYS[1], ARGV[1], -1, 0)
redis.call('HINCRBY', KEYS[1], 'total_created', -1)
`,
]);
