/** Lua that uses a one-time session. */

import { TICKET_STEP_MS } from '../../ticket-rules.ts';
import { KIND, ORIGINS, PAYLOAD, PROVEN, USED } from '../ticket-layout.ts';

/** What `use_ticket` answers. */
export const USE = { absent: 0, consumed: 1, repeated: 2, used: 3, expired: 4, wrongOrigin: 5 } as const;

/**
 * `use_ticket(key, at, origin, proof, repeat_ms)` answers one of {@link USE}, the bytes as they are now where it was used
 * or repeated, and the bucket that it is counted in. Empty: no origin, no proof.
 */
export const USE_TICKET: string = `
local function may_embed(v, flags, rest, origin)
  if bit.band(flags, ${ORIGINS}) == 0 then return true end
  if origin == '' then return false end
  local from, to = rest, #v
  if bit.band(flags, ${PAYLOAD}) ~= 0 then
    from = rest + 4
    to = from - 1 + struct.unpack('>I4', v, rest)
  end
  return string.find('\\n' .. string.sub(v, from, to) .. '\\n', '\\n' .. origin .. '\\n', 1, true) ~= nil
end

local function use_ticket(key, at, origin, proof, repeat_ms)
  local v, flags, ends, used, proof_at, rest = ticket(key, at)
  if not v then return ${USE.absent} end
  local is_used = bit.band(flags, ${USED}) ~= 0
  if is_used then
    local same = proof ~= '' and bit.band(flags, ${PROVEN}) ~= 0 and string.sub(v, proof_at + 1, rest - 1) == proof
    if not same or at - struct.unpack('>I6', v, used) >= repeat_ms then
      return ${USE.used}
    end
  elseif at >= ends then
    return ${USE.expired}
  end
  if not may_embed(v, flags, rest, origin) then return is_used and ${USE.used} or ${USE.wrongOrigin} end
  if not is_used then
    local kind, proven = ${KIND + USED} + flags, ''
    if proof ~= '' then kind, proven = kind + ${PROVEN}, string.char(#proof) .. proof end
    v = string.char(kind) .. string.sub(v, 2, used - 1) .. struct.pack('>I6', at) .. proven .. string.sub(v, rest)
  end
  -- Repeated it is written as it was: who asks waits for the replicas by WAIT, which knows of its own writes only.
  -- Not SETRANGE: it would leave room behind the value, and keep it in two pieces.
  redis.call('SET', key, v, 'KEEPTTL')
  return is_used and ${USE.repeated} or ${USE.consumed}, v, math.ceil(ends / ${TICKET_STEP_MS})
end
`;
