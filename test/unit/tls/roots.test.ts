import { getCACertificates } from 'node:tls';
import { expect, it } from 'vitest';
import { trustNodesRoots } from '../../../src/tls/roots.ts';

it("leaves Node's roots out until a connection needs them, and keeps them from then on", () => {
  const roots = (): number => getCACertificates('default').length;
  trustNodesRoots(false);
  expect(roots()).toBe(0);
  trustNodesRoots(true);
  // Those of NODE_EXTRA_CA_CERTS may be among them or not.
  const all = roots();
  expect(all).toBeGreaterThanOrEqual(getCACertificates('bundled').length);
  trustNodesRoots(false);
  expect(roots()).toBe(all);
});
