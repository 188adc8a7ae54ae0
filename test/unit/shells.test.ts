import { expect, it } from 'vitest';
import { mayUnshare, SHELLS } from './shells.ts';

// Tests of scripts run in each shell that is here: one that is missing would take its tests away, unseen.
it.skipIf(SHELLS.some(({ available }) => !available) || !mayUnshare)(
  'every shell is here, and namespaces may be made',
  () => {
    expect(SHELLS).toHaveLength(3);
  },
);
