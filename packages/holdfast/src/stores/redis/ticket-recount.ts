/** Counts one-time sessions anew by looking at each of them (Redis command SCAN). */
import type { Ticket } from '../../core/ticket-store.ts';
import { stepBefore, stepOf } from '../ticket-rules.ts';
import { toUnreachable } from './failure.ts';
import type { RedisPort, RedisServer } from './port.ts';
import { toBytes, toList } from './replies.ts';
import { ADJUST_TICKETS, SETTLE_TICKETS } from './scripts/ticket-figures.ts';
import type { TicketKeys } from './ticket-keys.ts';
import { decodeTicket } from './ticket-layout.ts';

interface Count {
  made: number;
  used: number;
}

/**
 * Brings the counts in line with what is there at the time `now`, by adding the difference: what is made and used meanwhile
 * stays counted. Tickets of that time are told by their own times, so while they come and go, it is as exact as clocks agree.
 */
export async function recountTickets(port: RedisPort, keys: TicketKeys, now: number): Promise<void> {
  const over = stepBefore(now);
  const hash = toList(await port.run(SETTLE_TICKETS, [keys.stats], [String(over)]));
  const missing = new Map<number, Count>();
  const of = (bucket: number): Count => {
    const count = missing.get(bucket) ?? { made: 0, used: 0 };
    missing.set(bucket, count);
    return count;
  };
  for (let i = 0; i < hash.length; i += 2) {
    const [, kind, bucket] = /^(made|used):(\d+)$/.exec(String(hash[i])) ?? [];
    if (kind === 'made' || kind === 'used') of(Number(bucket))[kind] -= Number(hash[i + 1]);
  }
  for await (const { createdAt, expiresAt, usedAt } of allTickets(port, keys)) {
    const bucket = stepOf(expiresAt);
    if (bucket <= over || createdAt > now) continue;
    const count = of(bucket);
    count.made++;
    if (usedAt !== null && usedAt <= now) count.used++;
  }
  const args = [...missing].flatMap(([bucket, { made, used }]) =>
    made === 0 && used === 0 ? [] : [bucket, made, used].map(String),
  );
  await port.run(ADJUST_TICKETS, [keys.stats], args);
}

async function* allTickets(
  port: RedisPort,
  { beginning }: TicketKeys,
): AsyncGenerator<Pick<Ticket, 'createdAt' | 'expiresAt' | 'usedAt'>> {
  const seen = new Set<string>();
  for (const server of await port.primaries()) {
    for await (const names of scan(server, beginning)) {
      // SCAN may tell of a key twice.
      const fresh = names.filter((name) => !seen.has(name));
      for (const name of fresh) seen.add(name);
      const values = await Promise.all(fresh.map((name) => port.send(name, ['GETEX', name], true)));
      for (const value of values) {
        const ticket = decodeTicket('', toBytes(value));
        if (ticket !== null) yield ticket;
      }
    }
  }
}

async function* scan(server: RedisServer, beginning: string): AsyncGenerator<readonly string[]> {
  const pattern = `${beginning.replace(/[\\*?[\]]/g, '\\$&')}*`;
  let cursor = '0';
  do {
    let reply: readonly unknown[];
    try {
      reply = toList(await server.send(['SCAN', cursor, 'MATCH', pattern, 'COUNT', '1000', 'TYPE', 'string']));
    } catch (error) {
      throw toUnreachable(error, server.name);
    }
    cursor = String(reply[0]);
    yield toList(reply[1] as Parameters<typeof toList>[0]).map(String);
  } while (cursor !== '0');
}
