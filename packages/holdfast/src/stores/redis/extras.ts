/**
 * The extras of a session: entries of a key and a value, each with its length before it. A length is one byte, or 255 and
 * four bytes. A script replaces entries without understanding them; what they mean is said by {@link TAGS}.
 */

/** The first byte of an entry's key. Only {@link TAGS.data} and {@link TAGS.number} have something after it. */
export const TAGS = {
  /** Session data: the data key as the inside of a JSON string follows; the value is JSON. */
  data: 'd',
  /** A number that does not fit the head: the letter of its field follows; the value is JSON. */
  number: 'n',
  userAgent: 'u',
  ip: 'i',
  /** A JSON array of texts. */
  amr: 'a',
  /** JSON. */
  authenticatedAt: 't',
  previousKeyId: 'p',
  /** A key id that is not 8 hex digits. */
  keyId: 'k',
  /** The field of the id that the session was moved to, in this home: what a script can follow. */
  movedTo: 'm',
  /** Any other text that was given as that id. */
  movedElsewhere: 'M',
  /** A user id that is too long for the head. */
  userId: 'w',
} as const;

/** One entry. Texts are written as UTF-8. */
export type Entry = readonly [key: string, value: string | Buffer];

const LONG = 255;

/** The entries as bytes. */
export function encodeEntries(entries: readonly Entry[]): Buffer {
  const parts: Buffer[] = [];
  for (const part of entries.flat()) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part;
    parts.push(encodeLength(bytes.length), bytes);
  }
  return Buffer.concat(parts);
}

/** Told of one entry: where its key and its value lie in the bytes. */
export type EntryVisitor = (keyStart: number, keyEnd: number, valueStart: number, valueEnd: number) => void;

/** Visits each entry; false when the bytes are no entries, and then some may have been visited. Makes no objects. */
export function visitEntries(bytes: Buffer, visit: EntryVisitor): boolean {
  const end = bytes.length;
  let at = 0;
  while (at < end) {
    const keyStart = at + lengthSize(bytes, at);
    const keyEnd = keyStart + lengthAt(bytes, at);
    const valueStart = keyEnd + lengthSize(bytes, keyEnd);
    const valueEnd = valueStart + lengthAt(bytes, keyEnd);
    if (!(keyEnd < end && valueEnd <= end)) return false;
    visit(keyStart, keyEnd, valueStart, valueEnd);
    at = valueEnd;
  }
  return true;
}

/** A data key as the key of an entry. Escaped like JSON, because half a surrogate pair has no UTF-8. */
export function dataEntryKey(key: string): string {
  return TAGS.data + JSON.stringify(key).slice(1, -1);
}

/** The data key of what follows the tag. Throws a SyntaxError for what {@link dataEntryKey} never made. */
export function dataKeyOf(escaped: string): string {
  return escaped.includes('\\') ? (JSON.parse(`"${escaped}"`) as string) : escaped;
}

function lengthSize(bytes: Buffer, at: number): number {
  return bytes[at] === LONG ? 5 : 1;
}

/** NaN beyond the end, which fails every comparison. */
function lengthAt(bytes: Buffer, at: number): number {
  const length = bytes[at] ?? Number.NaN;
  if (length !== LONG) return length;
  return at + 5 <= bytes.length ? bytes.readUInt32BE(at + 1) : Number.NaN;
}

function encodeLength(length: number): Buffer {
  if (length < LONG) return Buffer.from([length]);
  const long = Buffer.alloc(5);
  long[0] = LONG;
  long.writeUInt32BE(length, 1);
  return long;
}
