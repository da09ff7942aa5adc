/** A PgBouncer that restarts: nobody is signed out. */
import { survivesOutages } from './survives-outage.ts';

survivesOutages(['pgbouncer-restarted']);
