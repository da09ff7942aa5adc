/** The slot of a key in Redis Cluster: CRC16 (XMODEM) of the hash tag, or of the whole key, modulo 16384. */

/** How many slots a cluster has. */
export const SLOTS = 16_384;

const POLYNOMIAL = 0x1021;
const TABLE = new Uint16Array(256);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ POLYNOMIAL;
  TABLE[byte] = crc;
}

/** See https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags. Keys are ASCII here. */
export function slotOfKey(key: string): number {
  const open = key.indexOf('{');
  const close = open === -1 ? -1 : key.indexOf('}', open + 1);
  // An empty tag, {}, is no tag.
  const tagged = close > open + 1;
  const end = tagged ? close : key.length;
  let crc = 0;
  for (let index = tagged ? open + 1 : 0; index < end; index++) {
    crc = ((crc << 8) ^ (TABLE[((crc >>> 8) ^ key.charCodeAt(index)) & 0xff] as number)) & 0xffff;
  }
  return crc & (SLOTS - 1);
}
