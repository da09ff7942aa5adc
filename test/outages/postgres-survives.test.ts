/** PostgreSQL that crashes and recovers, and one that cuts all connections: nobody is signed out. */
import { survivesOutages } from './survives-outage.ts';

survivesOutages(['postgres-restarted-immediate', 'postgres-connections-cut']);
