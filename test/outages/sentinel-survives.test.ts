/** Failovers by Sentinel: everybody is served by the new primary, and with `waitReplicas` no start or end is forgotten. */
import { survivesOutages } from './survives-outage.ts';

survivesOutages(['sentinel-failover', 'sentinel-failover-behind-wait']);
