/** What the processes of a fleet say of their key rings: one hash, a field for each process. */
import { TOMBSTONE_MS } from '../../core/record.ts';
import type { KeyAnnouncement } from '../../core/store.ts';
import type { RedisPort, RedisReply } from './port.ts';
import { toBytes } from './replies.ts';

export class Announcements {
  readonly #port: RedisPort;
  readonly #key: string;

  constructor(port: RedisPort, prefix: string) {
    this.#port = port;
    this.#key = `${prefix}:keys`;
  }

  async announce({ instance, keyIds, at }: KeyAnnouncement): Promise<void> {
    const key = this.#key;
    // Every restart is a new instance; without this the hash would grow by one each time.
    const outdated = (await this.list(0)).filter((other) => other.at < at - TOMBSTONE_MS);
    if (outdated.length > 0) await this.#port.send(key, ['HDEL', key, ...outdated.map((o) => o.instance)], false);
    await this.#port.send(key, ['HSET', key, instance, JSON.stringify({ keyIds, at })], false);
    await this.#port.send(key, ['PEXPIRE', key, String(2 * TOMBSTONE_MS)], false);
  }

  async list(since: number): Promise<readonly KeyAnnouncement[]> {
    const reply = await this.#port.send(this.#key, ['HGETALL', this.#key], true);
    const list = Array.isArray(reply) ? (reply as readonly RedisReply[]) : [];
    const found: KeyAnnouncement[] = [];
    for (let i = 0; i < list.length; i += 2) {
      const announcement = toAnnouncement(toBytes(list[i]), toBytes(list[i + 1]));
      if (announcement !== null && announcement.at >= since) found.push(announcement);
    }
    return found;
  }
}

/** Null for what is not an announcement. */
function toAnnouncement(instance: Buffer | null, value: Buffer | null): KeyAnnouncement | null {
  if (instance === null || value === null) return null;
  try {
    const { keyIds, at } = JSON.parse(value.toString()) as Partial<KeyAnnouncement>;
    if (!Array.isArray(keyIds) || !keyIds.every((id) => typeof id === 'string') || typeof at !== 'number') return null;
    return { instance: instance.toString(), keyIds, at };
  } catch {
    return null;
  }
}
