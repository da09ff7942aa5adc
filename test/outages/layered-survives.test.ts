/** Redis in front of a durable store, flushed or dead: nobody notices. */
import { survivesOutages } from './survives-outage.ts';

survivesOutages(['layered-flushed-postgresql', 'layered-redis-killed-sqlite']);
