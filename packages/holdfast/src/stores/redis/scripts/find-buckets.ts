/**
 * Says which buckets of many need a look. KEYS: the sessions keys of many homes, which a Cluster refuses (CROSSSLOT).
 * ARGV: time, or empty to find those that hold anything at all. Answers the places in KEYS, from 1.
 */

import { DUE_FIELD } from '../bucket.ts';
import type { RedisScript } from '../port.ts';
import { script } from './script.ts';

export const FIND_BUCKETS: RedisScript = script(
  [
    `
local found, now = {}, tonumber(ARGV[1])
for i, key in ipairs(KEYS) do
  -- What is not a hash answers with an error, which is a table: something is there, but nothing is due.
  if now then
    local due = redis.pcall('HGET', key, '${DUE_FIELD}')
    if type(due) == 'string' and (tonumber(due) or 0) <= now then found[#found + 1] = i end
  elseif redis.pcall('HLEN', key) ~= 0 then
    found[#found + 1] = i
  end
end
return found
`,
  ],
  { readOnly: true },
);
