/** Lua that reads the bytes of a one-time session (ticket-layout.ts). */
import { TICKET_RETENTION_MS } from '../../../core/ticket-store.ts';
import { KIND, KIND_MAX, LEAST_BYTES, OPENED, PAYLOAD, PROVEN, USED } from '../ticket-layout.ts';

/**
 * `ticket(key, now)` answers the bytes, the flags, expiresAt, and where opened, used, proof and the rest begin; nothing for
 * a key that is missing, holds something else, or is past its retention. Several are looked at in one script, so nothing that
 * lies under one of them may end it; what Redis refuses because of its own state has to.
 *
 * The key is read by GETEX without options, which changes nothing: on a connection that tracks, Redis notes each key that a
 * command which only reads has seen, and sends a message about it when it is written, here about every ticket.
 */
export const TICKET_VALUE: string = `
local function ticket(key, now)
  local v = redis.pcall('GETEX', key)
  if type(v) == 'table' then
    if string.find(v.err, 'WRONGTYPE', 1, true) then return nil end
    redis.call('GETEX', key)
  end
  if not v or #v < ${LEAST_BYTES} then return nil end
  local flags = string.byte(v)
  if flags < ${KIND} or flags > ${KIND_MAX} then return nil end
  flags = flags - ${KIND}
  local made, lifetime = struct.unpack('>I6I4', v, 2)
  local ends = made + lifetime
  if now >= ends + ${TICKET_RETENTION_MS} then return nil end
  local used = ${LEAST_BYTES + 1} + (bit.band(flags, ${OPENED}) ~= 0 and 6 or 0)
  local proof = used + (bit.band(flags, ${USED}) ~= 0 and 6 or 0)
  local rest = proof + (bit.band(flags, ${PROVEN}) ~= 0 and 1 + (string.byte(v, proof) or 0) or 0)
  -- Shorter than the flags say.
  if #v < rest - 1 + (bit.band(flags, ${PAYLOAD}) ~= 0 and 4 or 0) then return nil end
  return v, flags, ends, used, proof, rest
end
`;
