/** Where the bytes of a token are and what its keys are derived for: shared by who makes tokens and who only checks them. */

/** Version, kind, key id, time, session id and generation: what the tag covers. */
export const SIGNED_BYTES = 28;

/** The whole token, tag included. */
export const TOKEN_BYTES = 60;

/** The same as base64url. */
export const TOKEN_CHARACTERS = 80;

/** First byte of a token: version 1 in the high four bits, the kind in the low four. */
export const HEAD = { access: 0x11, refresh: 0x12 } as const;

/** Offset of the id of the key that made the token: four bytes, big-endian. */
export const KEY_ID_OFFSET = 1;

/** Offset of the second since 1970: an access token's expiry, a refresh token's issue; four bytes, big-endian. */
export const TIME_OFFSET = 5;

/** A label per purpose, so that no tag made for one purpose is good for another (RFC 5869 §3.2). */
export const KEY_LABELS = {
  id: 'holdfast v1 key id',
  access: 'holdfast v1 access token',
  refresh: 'holdfast v1 refresh token',
} as const;
