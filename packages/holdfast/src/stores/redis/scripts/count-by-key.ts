/**
 * Counts a bucket's live, unexpired sessions. ARGV: time. Answers their number, and then key ids and how many sessions
 * have a token under each.
 */
import type { RedisScript } from '../port.ts';
import { ENTRIES } from './entries.ts';
import { LOOK } from './look.ts';
import { script } from './script.ts';

export const COUNT_BY_KEY: RedisScript = script(
  [
    LOOK,
    ENTRIES,
    `
local all, sessions, keys = redis.call('HGETALL', KEYS[1]), 0, {}
local written = {}
local function write(bytes)
  written[bytes] = string.format('%02x%02x%02x%02x', string.byte(bytes, 1, 4))
  return written[bytes]
end
local function add(key) keys[key] = (keys[key] or 0) + 1 end
for i = 1, #all, 2 do
  local f, h = all[i], all[i + 1]
  local format, flags = string.byte(h, 1, 2)
  if #f == 15 and format == 1 and #h >= 46 and flags % 4 < 2 then
    local x = flags % 2 == 1 and redis.call('HGET', KEYS[3], f)
    -- A touch matters only to what looks expired without it: times move forward.
    local t = struct.unpack('>I6', h, 29) <= now and redis.call('HGET', KEYS[2], f)
    local state, _, ends = judge(h, t, x)
    if state == 1 and ends > now then
      sessions = sessions + 1
      local bytes, key, previous = string.sub(h, 43, 46), nil, nil
      if x then
        each_entry(x, function(name, value)
          if name == 'k' then key = value elseif name == 'p' then previous = value end
        end)
      end
      key = key or written[bytes] or write(bytes)
      add(key)
      if previous and previous ~= key then add(previous) end
    end
  end
end
local answer = {sessions}
for key, amount in pairs(keys) do
  answer[#answer + 1], answer[#answer + 2] = key, amount
end
return answer
`,
  ],
  { readOnly: true },
);
