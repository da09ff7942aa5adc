/** The checks of a Redis at the start: each setting that costs sessions is found on a real server, with its fix. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type RedisOptions, type RedisServer, startRedis } from '../../../../test/services/redis.ts';
import { startRedisCluster } from '../../../../test/services/redis-cluster.ts';
import { waitUntil } from '../../../../test/services/wait-until.ts';
import type { StoreFinding } from '../../src/core/store.ts';
import { inspectRedis } from '../../src/stores/redis/inspect.ts';
import { judgeServer } from '../../src/stores/redis/judge-server.ts';
import { type RedisStoreOptions, resolveRedisOptions } from '../../src/stores/redis/options.ts';
import { openPort, sentenceOf, watchPorts } from './redis-ports.ts';

watchPorts();

async function inspect(options: RedisStoreOptions): Promise<readonly StoreFinding[]> {
  return inspectRedis(await openPort(options), resolveRedisOptions(options));
}

async function withRedis(options: RedisOptions, check: (redis: RedisServer) => Promise<void>): Promise<void> {
  const redis = await startRedis(options);
  try {
    await check(redis);
  } finally {
    await redis.stop();
  }
}

const codes = (findings: readonly StoreFinding[]): string =>
  findings.map(({ severity, code }) => `${severity} ${code}`).join(', ');

describe('the inspection of a Redis', () => {
  test('finds nothing on one that is set up well, and leaves nothing behind', async () => {
    await withRedis({ appendonly: true, maxmemory: '50mb' }, async (redis) => {
      assert.deepEqual(await inspect({ url: redis.url }), []);
      assert.equal(await redis.command('DBSIZE'), '0');
    });
  });

  test('an evicting policy is a problem when there is a limit, also one that spares keys without a TTL', async () => {
    for (const maxmemoryPolicy of ['allkeys-lru', 'volatile-ttl']) {
      await withRedis({ appendonly: true, maxmemory: '50mb', maxmemoryPolicy }, async (redis) => {
        const findings = await inspect({ url: redis.url });
        assert.equal(codes(findings), 'problem evicting-policy');
        assert.match(findings[0]?.message ?? '', new RegExp(`50 MiB.*${maxmemoryPolicy}`));
      });
    }
    await withRedis({ appendonly: true, maxmemoryPolicy: 'allkeys-lru' }, async (redis) => {
      assert.deepEqual(await inspect({ url: redis.url }), []);
    });
  });

  test('no persistence, small listpacks and another clock are warnings', async () => {
    await withRedis({ extra: ['--hash-max-listpack-entries', '32'] }, async (redis) => {
      const findings = await inspect({ url: redis.url, clock: () => Date.now() + 60_000 });
      assert.equal(codes(findings), 'warning persistence-off, warning clock-difference, warning small-listpack');
      assert.match(findings[1]?.message ?? '', /60 s behind ours/);
    });
    await withRedis({ extra: ['--save', '3600 1'] }, async (redis) =>
      assert.deepEqual(await inspect({ url: redis.url }), []),
    );
  });

  test('a database full of somebody else’s keys is a warning; tickets of the service are not somebody else’s', async () => {
    await withRedis({ appendonly: true }, async (redis) => {
      const fill = (name: string): Promise<string> =>
        redis.command('EVAL', `for i = 1, 300 do redis.call('SET', ARGV[1] .. i, i) end`, '0', name);
      await fill('auth_session:');
      assert.deepEqual(await inspect({ url: redis.url }), []);
      await fill('cache:');
      const findings = await inspect({ url: redis.url });
      assert.equal(codes(findings), 'warning shared-database');
      assert.match(findings[0]?.message ?? '', /FLUSHDB/);
    });
  });

  test('each permission that a user lacks is named', async () => {
    const acl = [
      'user few on >pw ~holdfast:* ~auth_session:* ~auth_stats +@all -hdel -evalsha -@dangerous',
      'user elsewhere on >pw ~other:* +@all',
      'user hasty on >pw ~holdfast:* +@all -wait',
      'user reader on >pw %R~holdfast:* +@all',
      'user strict on >pw ~holdfast:* +@all -hincrby',
      'user enough on >pw ~holdfast:* ~auth_session:* ~auth_stats resetchannels -@all +@connection +@hash +@scripting +set +getex +pexpire +pttl +info +config|get +time +scan',
    ];
    await withRedis({ appendonly: true, acl }, async (redis) => {
      const findings = await inspect({ url: redis.urlFor('few', 'pw') });
      assert.equal(codes(findings), 'problem missing-permission, warning not-checked');
      assert.match(findings[0]?.fix ?? '', /ACL SETUSER <user> \+evalsha \+hdel$/);
      assert.match(findings[1]?.message ?? '', /INFO.*CONFIG GET/);
      const waiting = { url: redis.urlFor('hasty', 'pw'), waitReplicas: { replicas: 1, timeoutMs: 100 } };
      const [lacking] = (await inspect(waiting)).filter(({ code }) => code === 'missing-permission');
      assert.match(lacking?.fix ?? '', /ACL SETUSER <user> \+wait$/);
      for (const user of ['elsewhere', 'reader']) {
        const [finding] = await inspect({ url: redis.urlFor(user, 'pw') });
        assert.equal(finding?.code, 'missing-permission');
        assert.match(finding.fix, / ~holdfast:\*/);
      }
      // Who has no one-time sessions can do without what only they need.
      const strict = await inspect({ url: redis.urlFor('strict', 'pw') });
      assert.equal(codes(strict), 'warning missing-ticket-permission');
      assert.match(strict[0]?.fix ?? '', /ACL SETUSER <user> ~auth_session:\* ~auth_stats \+hincrby, where/);
      assert.equal(codes(await inspect({ url: redis.urlFor('strict', 'pw'), prefix: 'holdfast:two' })), codes(strict));
      assert.deepEqual(await inspect({ url: redis.urlFor('enough', 'pw') }), []);
    });
  });

  test('a replica is a problem, for its role and because it takes no writes', async () => {
    await withRedis({ extra: ['--save', '3600 1'] }, async (primary) => {
      await withRedis(
        { appendonly: true, extra: ['--replicaof', '127.0.0.1', String(primary.port)] },
        async (replica) => {
          await waitUntil('it followed', async () =>
            (await replica.command('INFO', 'replication')).includes('master_link_status:up'),
          );
          const findings = await inspect({ url: replica.url });
          assert.equal(codes(findings), 'problem no-writes, problem replica');
          assert.match(codes(await inspect({ url: primary.url })), /^warning asynchronous-replication$/);
          const two = { replicas: 2, timeoutMs: 100 };
          assert.equal(codes(await inspect({ url: primary.url, waitReplicas: two })), 'problem too-few-replicas');
        },
      );
    });
  });

  test('a full memory is a problem, because it takes no writes', async () => {
    await withRedis({ appendonly: true, maxmemory: '1kb' }, async (redis) => {
      const findings = await inspect({ url: redis.url });
      assert.equal(codes(findings), 'problem no-writes');
      assert.match(findings[0]?.message ?? '', /used up its maxmemory/);
    });
  });

  test('one that has gone is not a finding but unreachable', async () => {
    await withRedis({}, async (redis) => {
      const options = { url: redis.url };
      const port = await openPort(options);
      await redis.kill();
      assert.match(await sentenceOf(inspectRedis(port, resolveRedisOptions(options))), /^store-unreachable/);
    });
  });

  test('a node of a cluster named as a single Redis is a problem, and a cluster with missing slots is', async () => {
    const cluster = await startRedisCluster({ redis: { appendonly: true, extra: ['--min-replicas-to-write', '1'] } });
    try {
      const url = cluster.url.replace('redis:', 'redis-cluster:');
      assert.deepEqual(await inspect({ url }), []);
      const single = await inspect({ url: cluster.url });
      assert.match(codes(single), /problem cluster-node/);
      await cluster.nodes[0]?.command('CLUSTER', 'DELSLOTS', '3');
      await waitUntil(
        'it was noticed',
        async () => (await cluster.nodes[0]?.command('CLUSTER', 'INFO'))?.includes('cluster_state:fail') === true,
      );
      const port = await openPort({ url });
      const broken = await inspectRedis(port, resolveRedisOptions({ url }));
      assert.match(codes(broken), /problem cluster-not-whole/);
    } finally {
      await cluster.stop();
    }
  });
});

describe('the judgement of a server', () => {
  const facts = {
    name: 'h:1',
    config: new Map<string, string>(),
    time: { theirs: 0, ours: 0 },
    sample: [],
    cluster: null,
  };
  const expected = { prefix: 'holdfast', waitReplicas: null, isCluster: false };

  test('a version before 7.0 is a problem, and Valkey is known by its own number', () => {
    const versions: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
      [{ redis_version: '6.2.14' }, 'problem unsupported-version'],
      [{ redis_version: '7.0.0' }, ''],
      [{ redis_version: '8.2.1' }, ''],
      [{ redis_version: '7.2.4', valkey_version: '8.1.0', server_name: 'valkey' }, ''],
    ];
    for (const [lines, found] of versions) {
      assert.equal(codes(judgeServer({ ...facts, info: new Map(Object.entries(lines)) }, expected)), found);
    }
  });

  test('a disk that the server could not write to the last time is a warning', () => {
    const info = new Map([['aof_last_write_status', 'err']]);
    assert.equal(codes(judgeServer({ ...facts, info }, expected)), 'warning persistence-failing');
  });
});
