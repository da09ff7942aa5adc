/**
 * Ends all sessions of a user, expired ones too. Pointers stay, and so does the session under the field to be kept, to
 * whatever id it was moved.
 *
 * ARGV: time, user kind, user bytes, tombstone, field to be kept (empty: none). Answers field, head, touch and extras of
 * each that was ended.
 */

import { MAX_STEPS } from '../../pointer.ts';
import type { RedisScript } from '../port.ts';
import { ENTRIES } from './entries.ts';
import { END_SESSION, KEEP } from './keep.ts';
import { LOOK } from './look.ts';
import { script } from './script.ts';
import { USER_SESSIONS } from './user-sessions.ts';

export const TAKE_BY_USER: RedisScript = script(
  [
    LOOK,
    KEEP,
    END_SESSION,
    ENTRIES,
    USER_SESSIONS,
    `
local kept, f = {}, ARGV[5]
for _ = 1, ${MAX_STEPS} do
  if f == '' then break end
  kept[f] = true
  local state, _, _, x = look(f)
  f = ''
  if state == 1 and x then each_entry(x, function(key, value) if key == 'm' then f = value end end) end
end
local taken = {}
of_user(tonumber(ARGV[2]), ARGV[3], function(field, h, t, x)
  if kept[field] then return end
  end_session(field, ARGV[4])
  for i, part in ipairs({field, h, t, x}) do taken[#taken + 1] = part end
end)
return taken
`,
  ],
  { replicated: true },
);
