/** NT-SVC-022: what is said and advised of endpoints whose pods are not there. */
import { describe, expect, it } from 'vitest';
import type { ServicesFacts } from '../../../../../src/checks/service/facts.ts';
import { staleEndpoints } from '../../../../../src/checks/service/rules/stale-endpoints.ts';
import { because } from '../../../../../src/checks/shared/reason.ts';
import { remedyOf } from '../../results.ts';

function told(keeper: string | undefined, selector: object | undefined) {
  const endpoint = {
    address: '198.51.100.5',
    port: 8080,
    pod: 'shop-b',
    stale: { slice: 'shop-1', ...(keeper === undefined ? {} : { keeper }) },
  };
  const facts = {
    services: [
      {
        info: { label: 'svc/shop:80', namespace: 'default', name: 'shop', selector },
        endpoints: [{ endpoint, attempt: { state: 'silent', reach: { skipped: because('nothing came') } } }],
        virtual: [],
      },
    ],
  } as unknown as ServicesFacts;
  return staleEndpoints.judge(facts)[0];
}

function adviceOn(keeper: string | undefined, selector: object | undefined): string | undefined {
  return remedyOf(told(keeper, selector));
}

describe('the remedy of NT-SVC-022', () => {
  const selector = { app: 'shop' };

  it('takes no slice away that a controller would have to make again, which may not run', () => {
    const advised = adviceOn('endpointslice-controller.k8s.io', selector);
    expect(advised).toContain('get lease -n kube-system kube-controller-manager');
    expect(advised).not.toContain('delete endpointslice');
  });

  it.each([undefined, 'someone'])('deletes what %s has left beside it', (keeper) => {
    expect(adviceOn(keeper, selector)).toContain('delete endpointslice -n default shop-1');
  });

  it('changes the Endpoints of which the slice is a copy', () => {
    const found = told('endpointslicemirroring-controller.k8s.io', undefined);
    expect(found?.summary).toMatch(
      /as a copy of the Endpoints shop, which whoever writes them has not updated\.$/,
    );
    expect(remedyOf(found)).toMatch(/edit endpoints -n default shop$/);
    expect(remedyOf(found)).not.toContain('edit endpointslice');
  });

  it('gives the Service its selector back', () => {
    expect(adviceOn('endpointslice-controller.k8s.io', undefined)).toContain('edit service -n default shop');
  });
});
