/** `holdfast api-keys`: the keys of back ends that make and validate one-time sessions. */
import { MOST_TICKET_ORIGINS, ticketOriginProblem } from 'holdfast/tickets';
import { openAccounts } from '../accounts/open-accounts.ts';
import { type ApiKeyFacts, type ApiKeys, createApiKeys } from '../api-keys/api-keys.ts';
import { isLoopback } from '../config/read-values.ts';
import { loadForCommand, withData } from './load.ts';
import { complain, EXIT, say } from './output.ts';
import { printTable } from './table.ts';

/** Prints the key and nothing else on standard output, so that it can be piped into wherever secrets are kept. */
export async function createApiKey({ name, origin }: { name: string; origin: readonly string[] }): Promise<number> {
  const wrong = problemWith(name, origin);
  if (wrong !== null) {
    complain(`holdfast: ${wrong}`);
    return EXIT.usage;
  }
  return withKeys(async (keys) => {
    const { id, key } = await keys.create({ name: name.trim(), origins: [...new Set(origin)] });
    say(key);
    complain(`The key ${id} is shown this once. It makes and validates one-time sessions for ${origin.join(', ')}.`);
    return EXIT.ok;
  });
}

export async function listApiKeys(): Promise<number> {
  return withKeys(async (keys) => {
    const all = await keys.list();
    if (all.length === 0) {
      say('There are no API keys; make one with: holdfast api-keys create --name … --origin https://shop.example');
      return EXIT.ok;
    }
    printTable([['id', 'name', 'origins', 'created', 'last used', 'state'], ...all.map(toRow)]);
    return EXIT.ok;
  });
}

export async function revokeApiKey(id: string): Promise<number> {
  return withKeys(async (keys) => {
    switch (await keys.revoke(id)) {
      case 'revoked':
        say(`The key ${id} is revoked; running services refuse it within 5 seconds.`);
        return EXIT.ok;
      case 'revoked-before':
        say(`The key ${id} was revoked before.`);
        return EXIT.ok;
      case 'absent':
        complain('holdfast: no API key has this id; holdfast api-keys list shows them');
        return EXIT.failure;
    }
  });
}

async function withKeys(work: (keys: ApiKeys) => Promise<number>): Promise<number> {
  const backend = await openAccounts(withData(loadForCommand().config).config);
  try {
    return await work(createApiKeys(backend));
  } finally {
    await backend.close();
  }
}

/** What is wrong with what the command line says, or null. */
function problemWith(name: string, origins: readonly string[]): string | null {
  if (!/^[^\p{Cc}]{1,100}$/u.test(name.trim())) return '--name has 1 to 100 characters, all in one line';
  if (new Set(origins).size > MOST_TICKET_ORIGINS) return `--origin: a key has at most ${MOST_TICKET_ORIGINS} origins`;
  for (const origin of origins) {
    const url = URL.parse(origin);
    if (ticketOriginProblem(origin) === null) {
      if (url?.protocol !== 'http:' || isLoopback(url.hostname)) continue;
      return `--origin: ${origin} is without TLS, and a frame in such a page cannot be signed in; serve it over https`;
    }
    const meant = url !== null && ticketOriginProblem(url.origin) === null ? url.origin : 'https://shop.example';
    return `--origin: ${JSON.stringify(origin)} is not an origin as browsers send it; write ${meant}`;
  }
  return null;
}

function toRow({ id, name, origins, createdAt, lastUsedAt, revokedAt }: ApiKeyFacts): readonly string[] {
  const state = revokedAt === null ? 'good' : `revoked ${minute(revokedAt)}`;
  return [id, name, origins.join(' '), minute(createdAt), lastUsedAt === null ? 'never' : minute(lastUsedAt), state];
}

function minute(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
