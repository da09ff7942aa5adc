#!/bin/sh
# Makes a one-time session and validates it, with curl. Needs HOLDFAST_URL and HOLDFAST_API_KEY.
set -eu

# The key goes in by standard input: what is on a command line can be seen by everybody on the machine.
ask() {
  path=$1
  shift
  printf 'header = "Authorization: Bearer %s"\n' "$HOLDFAST_API_KEY" |
    curl --silent --show-error --max-time 5 --config - --json "$@" "$HOLDFAST_URL$path"
}

# The text of a field that holds no quotes. Where there is jq, use that.
field() {
  sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"
}

created=$(ask /auth/create-session '{"user":"customer-7","data":{"cart":["lamp","chair"]}}')
id=$(printf '%s' "$created" | field session_id)
if [ -z "$id" ]; then
  printf 'none was made: %s\n' "$created" >&2
  exit 1
fi
printf 'embed %s%s\n' "$HOLDFAST_URL" "$(printf '%s' "$created" | field iframe_url)"

# With an idempotency key a lost answer is worth asking for once more: --retry does it.
used=$(ask /auth/validate-session "{\"session_id\":\"$id\",\"idempotency_key\":\"visit-$$\"}" --retry 1 --retry-connrefused)
printf 'it was for %s\n' "$(printf '%s' "$used" | field user)"

again=$(ask /auth/validate-session "{\"session_id\":\"$id\"}")
printf 'a second time it is %s\n' "$(printf '%s' "$again" | field code)"
