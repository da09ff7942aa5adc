/** The checks of a Redis before people depend on it. */
import type { StoreFinding } from '../../core/store.ts';
import { toUnreachable } from './failure.ts';
import { judgeServer } from './judge-server.ts';
import type { RedisSettings } from './options.ts';
import { tryPermissions } from './permissions.ts';
import type { RedisPort } from './port.ts';
import { readServerFacts } from './server-facts.ts';

/** Looks at every primary. Rejects with StoreUnreachableError when one does not answer. */
export async function inspectRedis(
  port: RedisPort,
  settings: Pick<RedisSettings, 'address' | 'client' | 'prefix' | 'clock' | 'waitReplicas'>,
): Promise<readonly StoreFinding[]> {
  const { address, client, prefix, clock, waitReplicas } = settings;
  // A client of the application's that reached a cluster's node in spite of being none would have failed before.
  const isCluster = client !== null || address?.kind === 'cluster';
  const servers = await port.primaries();
  const judged = await Promise.all(
    servers.map(async (server) => {
      try {
        return judgeServer(await readServerFacts(server, clock), { prefix, waitReplicas, isCluster });
      } catch (error) {
        throw toUnreachable(error, server.name);
      }
    }),
  );
  const uses = { waits: waitReplicas !== null, isCluster: address?.kind === 'cluster' };
  const findings = [...(await tryPermissions(port, prefix, uses)), ...judged.flat()];
  // Problems first: they are what keeps production from starting.
  return findings.sort((a, b) => Number(b.severity === 'problem') - Number(a.severity === 'problem'));
}
