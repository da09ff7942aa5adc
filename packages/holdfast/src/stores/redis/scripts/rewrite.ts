/** Lua that changes a record by a delta; shared by update and move. Needs LOOK, KEEP and ENTRIES. */
import { RETENTION_MS } from '../../../core/record.ts';

/**
 * `rewrite(field, head, touch, extras, last, ends, change)` writes the record with a version more and answers its new head
 * and extras. The change is six arguments beginning at ARGV[change]: what to keep of the flags, what to add to them, patches of the head (each the
 * offset, the length and the bytes), entries to add, how many keys lose their entries, and then those keys.
 */
export const REWRITE: string = `
local function rewrite(f, h, t, x, last, ends, change)
  h = string.sub(h, 1, 2) .. struct.pack('>I4', struct.unpack('>I4', h, 3) + 1) .. string.sub(h, 7, 22)
    .. struct.pack('>I6I6', last, ends) .. string.sub(h, 35)
  local patches, at = ARGV[change + 2], 1
  while at < #patches do
    local offset, size = string.byte(patches, at, at + 1)
    h = string.sub(h, 1, offset) .. string.sub(patches, at + 2, at + 1 + size) .. string.sub(h, offset + size + 1)
    at = at + 2 + size
  end
  local gone, amount = {}, tonumber(ARGV[change + 4])
  for i = 1, amount do gone[ARGV[change + 4 + i]] = true end
  if x and amount > 0 then
    local kept = {}
    each_entry(x, function(key, _, whole) if not gone[key] then kept[#kept + 1] = whole end end)
    x = table.concat(kept)
  end
  x = (x or '') .. ARGV[change + 3]
  local flags = bit.bor(bit.band(string.byte(h, 2), tonumber(ARGV[change])), tonumber(ARGV[change + 1]))
  h = string.sub(h, 1, 1) .. string.char(flags - flags % 2 + (#x > 0 and 1 or 0)) .. string.sub(h, 3)
  redis.call('HSET', KEYS[1], f, h)
  if t then redis.call('HDEL', KEYS[2], f) end
  if #x > 0 then redis.call('HSET', KEYS[3], f, x) else redis.call('HDEL', KEYS[3], f) end
  keep(struct.unpack('>I6', h, 29) + ${RETENTION_MS})
  return h, #x > 0 and x or false
end
`;
