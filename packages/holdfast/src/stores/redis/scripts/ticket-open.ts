/** Notes that the page of a one-time session was fetched. KEYS: ticket. ARGV: time. Answers its bytes as they are then. */

import type { RedisScript } from '../port.ts';
import { KIND, LEAST_BYTES, OPENED, USED } from '../ticket-layout.ts';
import { script } from './script.ts';
import { TICKET_VALUE } from './ticket-value.ts';

export const OPEN_TICKET: RedisScript = script([
  TICKET_VALUE,
  `
local at = tonumber(ARGV[1])
local v, flags, ends = ticket(KEYS[1], at)
if not v or at >= ends or bit.band(flags, ${OPENED + USED}) ~= 0 then return v end
v = string.char(${KIND + OPENED} + flags) .. string.sub(v, 2, ${LEAST_BYTES}) .. struct.pack('>I6', at) .. string.sub(v, ${LEAST_BYTES + 1})
redis.call('SET', KEYS[1], v, 'KEEPTTL')
return v
`,
]);
