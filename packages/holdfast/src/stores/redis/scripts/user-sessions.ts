/** Lua that finds the sessions of a user in the bucket. */

/**
 * `is_of(head, kind, bytes)`: it is a record of the user, a pointer perhaps. `of_user(kind, bytes, each)` calls
 * `each(field, head, touch, extras, last, ends)` for those that can be read and are no pointers.
 */
export const USER_SESSIONS = `
local function is_of(h, kind, user)
  return #h == 46 + #user and string.byte(h, 1) == 1 and string.find(h, user, 47, true) ~= nil
    and math.floor(string.byte(h, 2) / 4) % 4 == kind
end

local function of_user(kind, user, each)
  local all = redis.call('HGETALL', KEYS[1])
  for i = 1, #all, 2 do
    local f, h = all[i], all[i + 1]
    if is_of(h, kind, user) and #f == 15 and string.byte(h, 2) % 4 < 2 then
      local t, x = redis.call('HGET', KEYS[2], f), redis.call('HGET', KEYS[3], f)
      local state, last, ends = judge(h, t, x)
      if state == 1 then each(f, h, t, x, last, ends) end
    end
  end
end
`;
