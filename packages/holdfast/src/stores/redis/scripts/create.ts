/**
 * Inserts a record, and ends the user's oldest where a limit asks for it.
 *
 * ARGV: time, field, head, extras, user kind, user bytes, limit (empty: none), `evict-oldest` or `refuse`, tombstone.
 * Answers 1 and then field, head, touch and extras of each that was ended; 0 when the id is taken; 2 at the limit.
 */
import type { RedisScript } from '../port.ts';
import { END_SESSION, INSERT, KEEP } from './keep.ts';
import { LOOK } from './look.ts';
import { script } from './script.ts';
import { USER_SESSIONS } from './user-sessions.ts';

export const CREATE: RedisScript = script(
  [
    LOOK,
    KEEP,
    END_SESSION,
    INSERT,
    USER_SESSIONS,
    `
if look(ARGV[2]) ~= 0 then return {0} end
local answer = {1}
if ARGV[7] ~= '' then
  local max, kind, user, others, most = tonumber(ARGV[7]), tonumber(ARGV[5]), ARGV[6], {}, 0
  -- Nearly always the limit is far away: then nobody needs to know who is in the bucket, or which of them are over.
  if redis.call('HLEN', KEYS[1]) >= max then
    local heads = redis.call('HVALS', KEYS[1])
    for i = 1, #heads do if is_of(heads[i], kind, user) then most = most + 1 end end
  end
  if most >= max then
    of_user(kind, user, function(f, h, t, x, last, ends)
      if ends > now then others[#others + 1] = {f, h, t, x, last, (struct.unpack('>I6', h, 7))} end
    end)
  end
  local too_many = #others + 1 - max
  if max < 1 or (too_many > 0 and ARGV[8] == 'refuse') then return {2} end
  if too_many > 0 then
    table.sort(others, function(a, b) return a[5] < b[5] or (a[5] == b[5] and a[6] < b[6]) end)
    for i = 1, too_many do
      end_session(others[i][1], ARGV[9])
      for part = 1, 4 do answer[#answer + 1] = others[i][part] end
    end
  end
end
insert(ARGV[2], ARGV[3], ARGV[4])
return answer
`,
  ],
  { replicated: true },
);
