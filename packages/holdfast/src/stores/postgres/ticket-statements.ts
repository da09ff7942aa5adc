/** Every statement about one-time sessions, for one schema. Each is atomic by itself. */
import { TICKET_RETENTION_MS } from '../../core/ticket-store.ts';
import { TICKET_STEP_MS } from '../ticket-rules.ts';
import { LANES } from './ticket-schema.ts';

/** SQL by operation. The comment of each field names its parameters in order. */
export interface TicketStatements {
  /**
   * Key, created, expires, origins, payload, limit, the last step that is over, whether the lanes are locked → made, taken,
   * full, uneven, whether counts may be dropped, the first step with a ticket. Uneven: a lane has more than its part of the
   * limit, which was higher before, and then nothing is made but under the lock.
   */
  readonly create: string;
  /** Key, now → a row when one that was kept for long enough was there. */
  readonly clear: string;
  /** Key, now → a ticket's row. */
  readonly read: string;
  /** Key, now → a ticket's row. */
  readonly open: string;
  /** Keys, at, origin, proof, how long it may be repeated → verdict, what was written, a ticket's row. */
  readonly consume: string;
  /** The last step that is over → live, used, created, used. */
  readonly figures: string;
  /** Now, limit → a row for each that was removed. */
  readonly sweep: string;
  /** Whoever makes or uses a ticket waits until the transaction ends. */
  readonly lockLanes: string;
  /** The last step that is over. Under the lock. */
  readonly dropSteps: string;
  /** Under the lock. */
  readonly clearCounts: string;
  /** The last step that is over. Under the lock. */
  readonly countAll: string;
  /** Under the lock. */
  readonly sumUp: string;
}

export function ticketStatementsFor(schema: string): TicketStatements {
  const tickets = `${schema}.tickets`;
  const counts = `${schema}.ticket_counts`;
  const lanes = `${schema}.ticket_lanes`;
  const read = ['key', 'created_at', 'expires_at', 'opened_at', 'used_at'];
  const of = (table: string): string =>
    `${read.map((column) => `${table}.${column}`).join(', ')}, array_to_json(${table}.origins)::text, ${table}.payload`;
  const kept = (table: string, now: string): string => `${table}.expires_at > ${now}::bigint - ${TICKET_RETENTION_MS}`;
  const stepOf = (expiresAt: string): string => `(${expiresAt} + ${TICKET_STEP_MS - 1}) / ${TICKET_STEP_MS}`;
  /** Its part of a limit: together they are the limit. */
  const part = (lane: string, max: string): string => `(${max}::int + ${LANES - 1} - ${lane}.lane) / ${LANES}`;
  /** What `consume` answers for a ticket. Says the same as `judgeUse` (ticket-rules.ts). */
  const verdict = (t: string): string => {
    const welcome = `(cardinality(${t}.origins) = 0 OR coalesce($3::text = ANY (${t}.origins), false))`;
    return `CASE
      WHEN ${t}.used_at IS NOT NULL AND ${t}.proof = $4::text AND $2::bigint - ${t}.used_at < $5::bigint AND ${welcome}
        THEN 'repeated'
      WHEN ${t}.used_at IS NOT NULL THEN 'used'
      WHEN ${t}.expires_at <= $2::bigint THEN 'expired'
      WHEN ${welcome} THEN 'consumed'
      ELSE 'wrong-origin' END`;
  };
  /** From the row of a lane, which is locked by then: whoever counts has it first. */
  const count = (from: string, step: string, live: number, used: number): string =>
    `INSERT INTO ${counts} AS c (step, lane, live, used) SELECT ${step}, lane, ${live}, ${used} FROM ${from}
      ON CONFLICT (step, lane) DO UPDATE SET live = c.live + EXCLUDED.live, used = c.used + EXCLUDED.used`;
  /** A power cut may take such a write with it, and costs nothing then. */
  const quick = "quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))";

  return {
    create: `WITH taken AS MATERIALIZED (SELECT FROM ${tickets} WHERE key = $1::uuid),
      total AS MATERIALIZED (SELECT sum(l.live) >= $6::int AS full, bool_or(l.live > ${part('l', '$6')}) AS uneven FROM ${lanes} l),
      free AS MATERIALIZED (SELECT l.lane FROM ${lanes} l, total t
        WHERE l.live < ${part('l', '$6')} AND NOT t.full AND (NOT t.uneven OR $8::boolean) AND NOT EXISTS (SELECT FROM taken)
        ORDER BY random() LIMIT 1),
      lane AS (UPDATE ${lanes} l SET live = l.live + 1, total_created = l.total_created + 1
        FROM free f WHERE l.lane = f.lane AND l.live < ${part('l', '$6')} RETURNING l.lane),
      counted AS (${count('lane', stepOf('$3::bigint'), 1, 0)}),
      made AS (INSERT INTO ${tickets} (key, created_at, expires_at, origins, payload, lane)
        SELECT $1::uuid, $2::bigint, $3::bigint, $4::text[], $5::text, lane FROM lane RETURNING 1)
      SELECT EXISTS (SELECT FROM made), EXISTS (SELECT FROM taken), t.full, t.uneven,
        t.full AND EXISTS (SELECT FROM ${counts} WHERE step <= $7::bigint),
        (SELECT step FROM ${counts} WHERE t.full AND step > $7::bigint AND live > 0 ORDER BY step LIMIT 1)
      FROM total t`,
    clear: `DELETE FROM ${tickets} t WHERE key = $1::uuid AND NOT (${kept('t', '$2')}) RETURNING 1`,
    read: `SELECT ${of('t')} FROM ${tickets} t WHERE key = $1::uuid AND ${kept('t', '$2')}`,
    open: `WITH ${quick}, opened AS (
        UPDATE ${tickets} t SET opened_at = $2::bigint FROM quick
        WHERE key = $1::uuid AND opened_at IS NULL AND used_at IS NULL AND expires_at > $2::bigint RETURNING t.*)
      SELECT ${of('o')} FROM opened o UNION ALL
      SELECT ${of('t')} FROM ${tickets} t WHERE key = $1::uuid AND ${kept('t', '$2')} AND NOT EXISTS (SELECT FROM opened)`,
    // Looked at first, because whoever comes too late, or asks again, needs no lock, of which each is a write; then locked
    // and judged again, so that of any number of callers each sees what the one before has done.
    consume: `WITH seen AS MATERIALIZED (SELECT t.*, ${verdict('t')} AS verdict FROM ${tickets} t
        WHERE key = ANY ($1::uuid[]) AND ${kept('t', '$2')} ORDER BY array_position($1::uuid[], key) LIMIT 1),
      found AS MATERIALIZED (SELECT t.* FROM seen s JOIN ${tickets} t ON t.key = s.key
        WHERE s.verdict = 'consumed' FOR NO KEY UPDATE OF t),
      judged AS MATERIALIZED (SELECT f.*, ${verdict('f')} AS verdict FROM found f),
      written AS (UPDATE ${tickets} t SET used_at = $2::bigint, proof = $4::text
        FROM judged j WHERE t.key = j.key AND j.verdict = 'consumed' RETURNING t.lane, j.expires_at),
      lane AS (UPDATE ${lanes} l SET live = l.live - 1, used = l.used + 1, total_used = l.total_used + 1
        FROM written w WHERE l.lane = w.lane RETURNING l.lane, w.expires_at),
      counted AS (${count('lane', stepOf('expires_at'), -1, 1)})
      SELECT j.verdict, EXISTS (SELECT FROM written), ${of('j')} FROM judged j UNION ALL
      SELECT s.verdict, false, ${of('s')} FROM seen s WHERE s.verdict <> 'consumed'`,
    figures: `SELECT sum(l.live) - coalesce(min(over.live), 0), sum(l.used) - coalesce(min(over.used), 0),
        sum(l.total_created), sum(l.total_used)
      FROM ${lanes} l, (SELECT sum(live) AS live, sum(used) AS used FROM ${counts} WHERE step <= $1::bigint) over`,
    sweep: `WITH ${quick}, gone AS MATERIALIZED (SELECT key FROM ${tickets}
        WHERE expires_at <= $1::bigint - ${TICKET_RETENTION_MS} ORDER BY expires_at LIMIT $2::int FOR UPDATE SKIP LOCKED)
      DELETE FROM ${tickets} t USING gone, quick WHERE t.key = gone.key RETURNING 1`,
    lockLanes: `SELECT lane FROM ${lanes} ORDER BY lane FOR NO KEY UPDATE`,
    dropSteps: `WITH dropped AS (DELETE FROM ${counts} WHERE step <= $1::bigint RETURNING lane, live, used),
      sums AS (SELECT lane, sum(live) AS live, sum(used) AS used FROM dropped GROUP BY lane)
      UPDATE ${lanes} l SET live = l.live - s.live, used = l.used - s.used FROM sums s WHERE l.lane = s.lane`,
    clearCounts: `DELETE FROM ${counts}`,
    countAll: `INSERT INTO ${counts} (step, lane, live, used)
      SELECT ${stepOf('expires_at')}, lane, count(*) FILTER (WHERE used_at IS NULL), count(*) FILTER (WHERE used_at IS NOT NULL)
      FROM ${tickets} WHERE expires_at > $1::bigint * ${TICKET_STEP_MS} GROUP BY 1, 2`,
    sumUp: `UPDATE ${lanes} l SET live = coalesce(s.live, 0), used = coalesce(s.used, 0)
      FROM ${lanes} each LEFT JOIN (SELECT lane, sum(live) AS live, sum(used) AS used FROM ${counts} GROUP BY lane) s
        ON s.lane = each.lane
      WHERE l.lane = each.lane`,
  };
}
