/**
 * Uses one-time sessions, each as ticket-use.ts says.
 *
 * Several in one step (KEYS: counts, then each ticket under each key of the ring; ARGV: for each of them the number of its
 * keys, the time, the origin, the proof and for how long it counts) where all keys are on one server. Answers for each the
 * status, the bytes as they are now where it was used or repeated, and which of its keys it was.
 *
 * On a Cluster the ticket first, which decides who used it, and then the counts.
 */
import type { RedisScript } from '../port.ts';
import { script } from './script.ts';
import { ADD } from './ticket-counts.ts';
import { USE, USE_TICKET } from './ticket-use.ts';
import { TICKET_VALUE } from './ticket-value.ts';

export const CONSUME_TICKETS: RedisScript = script(
  [
    TICKET_VALUE,
    USE_TICKET,
    `
local stats, key, answers = KEYS[1], 2, {}
local bucket, used, total = nil, 0, 0
local function flush()
  if used > 0 then redis.call('HINCRBY', stats, 'used:' .. bucket, used) end
  total, used = total + used, 0
end
for at = 1, #ARGV, 5 do
  local status, v, ends_in, place = ${USE.absent}, false, nil, 0
  local keys, now, repeat_ms = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 4])
  while status == ${USE.absent} and place < keys do
    status, v, ends_in = use_ticket(KEYS[key + place], now, ARGV[at + 2], ARGV[at + 3], repeat_ms)
    place = place + 1
  end
  key = key + keys
  answers[#answers + 1] = status
  answers[#answers + 1] = v or false
  answers[#answers + 1] = place - 1
  if status == ${USE.consumed} then
    if ends_in ~= bucket then flush() end
    bucket, used = ends_in, used + 1
  end
end
flush()
if total > 0 then
  redis.call('HINCRBY', stats, 'live', -total)
  redis.call('HINCRBY', stats, 'total_used', total)
end
return answers
`,
  ],
  { replicated: true },
);

/** KEYS: ticket. ARGV: time, origin, proof, for how long it counts. Answers the status, the bytes and the bucket. */
export const CONSUME_TICKET_ALONE: RedisScript = script(
  [TICKET_VALUE, USE_TICKET, `return {use_ticket(KEYS[1], tonumber(ARGV[1]), ARGV[2], ARGV[3], tonumber(ARGV[4]))}`],
  { replicated: true },
);

/** KEYS: counts. ARGV: bucket. */
export const NOTE_TICKET_USE: RedisScript = script([
  ADD,
  `
add(KEYS[1], ARGV[1], 0, 1)
redis.call('HINCRBY', KEYS[1], 'total_used', 1)
`,
]);
