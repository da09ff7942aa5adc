/** One Redis that is away for longer, or behind a network that breaks connections: nobody is signed out. */
import { survivesOutages } from './survives-outage.ts';

survivesOutages(['redis-away', 'redis-network-reset']);
