/** Lists a user's live, unexpired sessions. ARGV: time, user kind, user bytes. Answers field, head, touch, extras of each. */
import type { RedisScript } from '../port.ts';
import { LOOK } from './look.ts';
import { script } from './script.ts';
import { USER_SESSIONS } from './user-sessions.ts';

export const LIST_BY_USER: RedisScript = script(
  [
    LOOK,
    USER_SESSIONS,
    `
local found = {}
of_user(tonumber(ARGV[2]), ARGV[3], function(f, h, t, x, _, ends)
  if ends <= now then return end
  local n = #found
  found[n + 1], found[n + 2], found[n + 3], found[n + 4] = f, h, t, x
end)
return found
`,
  ],
  { readOnly: true },
);
