/** Lua that walks over the entries of extras (extras.ts). */

/** `each_entry(extras, visit)` calls `visit(key, value, whole)` for each; bytes that are no entries end it early. */
export const ENTRIES = `
local function part(x, at)
  local n = string.byte(x, at)
  at = at + 1
  if n == 255 then
    if at + 3 > #x then return nil, #x + 1 end
    n, at = struct.unpack('>I4', x, at)
  end
  return string.sub(x, at, at + n - 1), at + n
end

local function each_entry(x, visit)
  local at = 1
  while at < #x do
    local key, middle = part(x, at)
    if not key or middle > #x then return end
    local value, next_at = part(x, middle)
    if not value then return end
    visit(key, value, string.sub(x, at, next_at - 1))
    at = next_at
  end
end
`;
