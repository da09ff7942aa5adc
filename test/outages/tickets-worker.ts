/**
 * A process that uses one-time sessions while Redis goes and comes: `node tickets-worker.ts make|use <url> <first> <second>`,
 * with the secret in the first line of stdin and the ids in the others. Answers lines on stdout.
 */

import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { redisStore } from 'holdfast/stores/redis';
import { createTickets, type Tickets } from 'holdfast/tickets';

/** Tickets that are fought for at a time. */
const AT_ONCE = 8;
const AGAIN_MS = 20;
/** An answer is lost because Redis has gone, and not because this machine is busy. */
const PATIENCE = { deadlineMs: 60_000, sweepSeconds: 0 };

const [task = '', url = '', first = '0', second = '0'] = process.argv.slice(2);
const [secrets = '', ...ids] = (await text(process.stdin)).split('\n').filter(Boolean);
const store = await redisStore({ url });
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Asks again with the same key for as long as nobody answers, as the library's users are told to. */
async function consume(tickets: Tickets, id: string, idempotencyKey: string): Promise<'won' | 'lost'> {
  for (;;) {
    const outcome = await tickets.consume(id, { idempotencyKey });
    if (outcome.status === 'consumed') {
      if (outcome.repeated) say(`repeated ${id}`);
      return 'won';
    }
    if (outcome.status === 'refused') {
      if (outcome.reason !== 'already-used') throw new Error(`${id} was ${outcome.reason}`);
      return 'lost';
    }
    say('unreachable');
    await pause(AGAIN_MS);
  }
}

/** As many callers for each ticket, all at once; says who won, and of every ticket that it is done. */
async function consumeAll(callers: number): Promise<void> {
  const tickets = createTickets({ store, secrets, policy: { repeatSeconds: 60 }, ...PATIENCE });
  let next = 0;
  const contest = async (): Promise<void> => {
    for (let id = ids[next++]; id !== undefined; id = ids[next++]) {
      const key = `${process.pid} ${id}`;
      const own = id;
      const results = await Promise.all(
        Array.from({ length: callers }, (_, n) => consume(tickets, own, `${key} ${n}`)),
      );
      for (const result of results) if (result === 'won') say(`won ${own}`);
      say(`done ${own}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, contest));
  tickets.close();
}

async function makeAll(count: number, maxTickets: number): Promise<void> {
  const tickets = createTickets({ store, secrets, policy: { maxTickets }, ...PATIENCE });
  const outcomes = await Promise.all(Array.from({ length: count }, () => tickets.create()));
  for (const { status } of outcomes) say(status);
  tickets.close();
}

if (task === 'use') await consumeAll(Number(first));
else await makeAll(Number(first), Number(second));
await store.close();
