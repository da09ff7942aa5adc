/** A Cluster that loses a primary, and one whose slots move while they are used. */
import { survivesOutages } from './survives-outage.ts';

survivesOutages(['cluster-primary-killed', 'cluster-slots-migrated']);
