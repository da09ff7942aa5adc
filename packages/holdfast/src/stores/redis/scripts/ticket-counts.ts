/**
 * Lua that keeps the counts of one-time sessions, all in the hash `auth_stats`. A bucket is a step of ../../ticket-rules.ts.
 *
 * | field | what |
 * |---|---|
 * | `total_created`, `total_used` | since the hash is there |
 * | `made:<n>`, `used:<n>` | how many expire in the n-th bucket, and how many of them were used |
 * | `live` | the sum of the differences of these |
 * | `counted_to` | up to which bucket they were removed, as they are over |
 * | `used_before` | how many used ones went with them: `total_used` without them are in the buckets |
 * | `first` | the lowest bucket with live ones, when that was looked for |
 *
 * A ticket counts as expired when its bucket is over, so no count has to look at tickets one by one; and whatever went wrong
 * with the counts of a bucket goes with it.
 */
import { TICKET_STEP_MS } from '../../ticket-rules.ts';

/** `add(stats, bucket, made, used)` adds to what is counted in a bucket and in all; used ones are made ones as well. */
export const ADD: string = `
local function add(stats, bucket, made, used)
  if made ~= 0 then redis.call('HINCRBY', stats, 'made:' .. bucket, made) end
  if used ~= 0 then redis.call('HINCRBY', stats, 'used:' .. bucket, used) end
  if made ~= used then redis.call('HINCRBY', stats, 'live', made - used) end
end
`;

/**
 * `each_bucket(stats, visit)` calls `visit(bucket, made, used)` for every bucket, and answers how many fields there are. That
 * grows with how long tickets live, and not with how many there are.
 */
export const EACH_BUCKET: string = `
local function each_bucket(stats, visit)
  local all, used = redis.call('HGETALL', stats), {}
  local made = {}
  for i = 1, #all, 2 do
    local kind, bucket = string.match(all[i], '^(%a+):(%d+)$')
    if kind then
      bucket = tonumber(bucket)
      made[bucket], used[bucket] = made[bucket] or 0, used[bucket] or 0
      if kind == 'made' then made[bucket] = tonumber(all[i + 1]) else used[bucket] = tonumber(all[i + 1]) end
    end
  end
  for bucket, number in pairs(made) do visit(bucket, number, used[bucket]) end
  return #all
end
`;

/**
 * `settle(stats, over)` removes the buckets up to `over`, sums up the others anew, and answers how many are live and the
 * lowest bucket with live ones (0: there is none).
 */
export const SETTLE: string = `
local function settle(stats, over)
  local gone, live, used, first = {}, 0, 0, 0
  local fields = each_bucket(stats, function(bucket, made, used_up)
    if bucket <= over or (made == 0 and used_up == 0) then
      gone[#gone + 1] = 'made:' .. bucket
      gone[#gone + 1] = 'used:' .. bucket
      return
    end
    live, used = live + made - used_up, used + used_up
    if made > used_up and (first == 0 or bucket < first) then first = bucket end
  end)
  if fields == 0 then return 0, 0 end
  -- Lua takes some thousands of arguments at once.
  for i = 1, #gone, 1000 do redis.call('HDEL', stats, unpack(gone, i, math.min(i + 999, #gone))) end
  local before = tonumber(redis.call('HGET', stats, 'total_used') or 0) - used
  redis.call('HSET', stats, 'live', live, 'counted_to', over, 'used_before', before, 'first', first)
  return live, first
end
`;

/**
 * `reserve(stats, max, now)` counts one more as live where fewer than `max` are. Answers nil, or where there are `max` the
 * lowest bucket with live ones.
 *
 * What is over is only looked for at the limit, and once in ten seconds, or when the first bucket has become empty.
 */
export const RESERVE: string = `
local function reserve(stats, max, now)
  if redis.call('HINCRBY', stats, 'live', 1) <= max then return nil end
  redis.call('HINCRBY', stats, 'live', -1)
  local over = math.floor(now / ${TICKET_STEP_MS})
  local known = redis.call('HMGET', stats, 'counted_to', 'first')
  local live, first = max, tonumber(known[2] or 0)
  local waiting = redis.call('HMGET', stats, 'made:' .. first, 'used:' .. first)
  if tonumber(known[1] or -1) ~= over or tonumber(waiting[1] or 0) <= tonumber(waiting[2] or 0) then
    live, first = settle(stats, over)
  end
  if live >= max then return first end
  redis.call('HINCRBY', stats, 'live', 1)
  return nil
end
`;
