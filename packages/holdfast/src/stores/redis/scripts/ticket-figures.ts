/**
 * What the counts of one-time sessions say. KEYS: counts. ARGV: bucket of now.
 *
 * Answers live, used, total created and total used. What is over and not yet removed is looked up; as each process removes
 * it every few minutes, that is a handful of fields.
 */
import type { RedisScript } from '../port.ts';
import { script } from './script.ts';
import { ADD, EACH_BUCKET, SETTLE } from './ticket-counts.ts';

/** So many buckets are looked up by name; when there are more, all are looked through. */
const FEW = 64;

export const TICKET_FIGURES: RedisScript = script(
  [
    EACH_BUCKET,
    `
local stats, over = KEYS[1], tonumber(ARGV[1])
local sums = redis.call('HMGET', stats, 'live', 'used_before', 'total_created', 'total_used', 'counted_to')
for i = 1, 5 do sums[i] = tonumber(sums[i] or 0) end
local live, used, past = sums[1], sums[4] - sums[2], over - sums[5]
if past > ${FEW} then
  each_bucket(stats, function(bucket, made, used_up)
    if bucket <= over then live, used = live - made + used_up, used - used_up end
  end)
elseif past > 0 then
  local fields = {}
  for bucket = over - past + 1, over do
    fields[#fields + 1] = 'made:' .. bucket
    fields[#fields + 1] = 'used:' .. bucket
  end
  local numbers = redis.call('HMGET', stats, unpack(fields))
  for i = 1, #numbers, 2 do
    local made, used_up = tonumber(numbers[i] or 0), tonumber(numbers[i + 1] or 0)
    live, used = live - made + used_up, used - used_up
  end
end
return {live, used, sums[3], sums[4]}
`,
  ],
  { readOnly: true },
);

/** Removes the counts of what is over. KEYS: counts. ARGV: bucket of now. Answers the whole hash. */
export const SETTLE_TICKETS: RedisScript = script([
  EACH_BUCKET,
  SETTLE,
  `
settle(KEYS[1], tonumber(ARGV[1]))
return redis.call('HGETALL', KEYS[1])
`,
]);

/** Adds to the counts. KEYS: counts. ARGV: bucket, and how many more were made and used, for each. */
export const ADJUST_TICKETS: RedisScript = script([
  ADD,
  `
local made, used = 0, 0
for i = 1, #ARGV, 3 do
  local more_made, more_used = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  add(KEYS[1], ARGV[i], more_made, more_used)
  made, used = made + more_made, used + more_used
end
redis.call('HINCRBY', KEYS[1], 'total_created', made)
redis.call('HINCRBY', KEYS[1], 'total_used', used)
`,
]);
