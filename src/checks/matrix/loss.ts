/** When lost echo requests are more than chance. Pure. */
import type { Fit } from './explain.ts';
import type { Unit } from './units.ts';

/** Loss: the limits of NT-LAT-002 for many echo requests, and ours for those of one pair. */
const LOSS_SHARE = 0.05;
export const LEAST_ECHOES = 50;
const LEAST_LOST = 8;
const LOST_OF_PAIR = 3;

/** How loss is explained: by shares, as no pair loses all. */
export const LOSS_FIT: Fit = {
  // Of 10 echo requests all may get through where one in ten is lost.
  share: 0.5,
  goodWeight: 0.5,
  accepts: (units, { from, to }) => {
    const { sent, lost } = echoesOf(units);
    const isPair = from.level === 'item' && to.level === 'item';
    if (isPair && sent < LEAST_ECHOES) return lost >= LOST_OF_PAIR;
    return sent >= LEAST_ECHOES && lost >= LEAST_LOST && lost >= LOSS_SHARE * sent;
  },
};

/** Of all pairs together. */
export function echoesOf(units: readonly Unit[]): { sent: number; lost: number } {
  const sum = { sent: 0, lost: 0 };
  for (const { cell } of units) {
    const { sent = 0, received = 0 } = cell.icmp ?? {};
    sum.sent += sent;
    sum.lost += sent - received;
  }
  return sum;
}
