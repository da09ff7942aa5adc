/** The tables of one-time sessions. */

/** Tickets are counted in as many lanes, so that as many makers and users at once do not wait for each other's commit. */
export const LANES = 16;

/**
 * A migration (schema.ts), never changed once released.
 *
 * A ticket says in which lane it is counted. `ticket_counts` holds how many of a lane expire in which step of ten seconds,
 * and `ticket_lanes` the sums over those steps, one row for each lane. Rows that are counted up find room on their page
 * (HOT updates), and no index has what using a ticket changes.
 */
export function ticketTables(schema: string): string {
  return `
  CREATE TABLE ${schema}.tickets (
    key uuid NOT NULL PRIMARY KEY,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    opened_at bigint,
    used_at bigint,
    lane smallint NOT NULL,
    proof text,
    origins text[] NOT NULL,
    payload text NOT NULL
  ) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 500);
  CREATE INDEX tickets_by_expiry ON ${schema}.tickets (expires_at);
  CREATE TABLE ${schema}.ticket_counts (
    step bigint NOT NULL,
    lane smallint NOT NULL,
    live integer NOT NULL,
    used integer NOT NULL,
    PRIMARY KEY (step, lane)
  ) WITH (fillfactor = 30, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
  CREATE TABLE ${schema}.ticket_lanes (
    lane smallint NOT NULL PRIMARY KEY,
    live integer NOT NULL DEFAULT 0,
    used integer NOT NULL DEFAULT 0,
    total_created bigint NOT NULL DEFAULT 0,
    total_used bigint NOT NULL DEFAULT 0
  ) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
  INSERT INTO ${schema}.ticket_lanes (lane) SELECT generate_series(0, ${LANES - 1});
  `;
}
