/** One Redis that is killed, frozen, or silent: nobody is signed out. */
import { survivesOutages } from './survives-outage.ts';

survivesOutages(['redis-killed-always', 'redis-paused', 'redis-network-silent']);
