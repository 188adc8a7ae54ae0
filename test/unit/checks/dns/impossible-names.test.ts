/** NT-DNS-026, and what NT-DNS-005 says of aliases for addresses: names that no name server has. */
import { describe, expect, it } from 'vitest';
import type { DnsFacts, DnsInput } from '../../../../src/checks/dns/facts.ts';
import prepare from '../../../../src/checks/dns/prepare.ts';
import { nxdomain } from '../../../../src/checks/dns/rules/nxdomain.ts';
import { tooLongName } from '../../../../src/checks/dns/rules/too-long-name.ts';
import { unheardService } from '../../../../src/checks/dns/rules/unheard-service.ts';
import type { Pod } from '../../../../src/model/kube-objects.ts';
import { contextOf, PATHS, pod, SHOP, serving, subjectOf } from '../../cluster/objects.ts';
import { remedyOf } from '../results.ts';

const LONG = `${'a'.repeat(62)}-driver`;

async function prepared(to: string, lists: object, spec: object = {}, isPod = true): Promise<DnsInput> {
  const { cluster } = await serving({ ...lists, '/api/v1/namespaces': [{ metadata: { name: SHOP } }] });
  const own = pod('web', ['10.0.0.9'], spec) as unknown as Pod;
  return prepare(await contextOf({ ...subjectOf(cluster), ...(isPod ? { pod: own } : {}) }, [to]));
}

describe('NT-DNS-026', () => {
  const judged = ({ tooLong }: Pick<DnsInput, 'tooLong'>) =>
    tooLongName.judge({ input: { tooLong } } as unknown as DnsFacts);

  it('names the pod whose name it is, and how its host name was cut', async () => {
    const [found] = judged(
      await prepared(`http://${LONG}.drv:8080/`, { [PATHS.pods]: [pod(LONG, ['10.0.0.1'])] }),
    );
    expect(found?.subject).toBe(`${LONG}.drv`);
    expect(found?.summary).toBe(
      `${LONG}.drv cannot resolve: its part ${LONG} has 69 characters, and DNS allows 63: it is pod ${LONG}, whose own host name was cut to ${'a'.repeat(62)}, and whose full name is published nowhere.`,
    );
  });

  it('is named of what is no pod, too', async () => {
    const [found] = judged(await prepared(`${LONG}.drv:8080`, { [PATHS.pods]: [] }));
    expect(found?.summary).toMatch(/DNS allows 63\.$/);
    expect(found?.evidence[0]).toEqual({ command: ['expr', 'length', LONG], excerpt: '69' });
  });

  it.each<[string, string, object, boolean]>([
    ['63 characters are no more than that', `${'a'.repeat(63)}.drv:8080`, {}, true],
    [
      'its hosts file has the name',
      `${LONG}.drv:8080`,
      { hostAliases: [{ ip: '10.0.0.1', hostnames: [`${LONG}.drv`] }] },
      true,
    ],
    ['the hosts file is not known', `${LONG}.drv:8080`, {}, false],
    ['it is an address', '[fd00:1111:2222:3333:4444:5555:6666:7777]:8080', {}, true],
  ])('is not where %s', async (_what, to, spec, isPod) => {
    expect((await prepared(to, { [PATHS.pods]: [] }, spec, isPod)).tooLong).toBeUndefined();
  });
});

describe('an alias for an address', () => {
  const alias = (externalName: string) => ({
    metadata: { namespace: SHOP, name: 'db', creationTimestamp: '2020-01-01T00:00:00Z' },
    spec: { type: 'ExternalName', externalName },
  });
  const facts = (rcode: string, known: object): DnsFacts =>
    ({
      names: [
        {
          name: 'db',
          origin: 'asked',
          candidates: [
            {
              name: 'db.shop.svc.cluster.local.',
              answers: ['A', 'AAAA'].map((type) => ({
                server: '10.96.0.10',
                outcome: 'answered',
                rcode,
                addresses: [],
                truncated: false,
                loops: false,
                question: { name: 'db.shop.svc.cluster.local.', type },
              })),
            },
          ],
        },
      ],
      input: { known: { db: known }, pod: { policy: 'ClusterFirst', hostNetwork: false } },
      probe: { control: 'kubernetes.default.svc.cluster.local.' },
      again: [],
      servers: [],
      endpoints: [],
      denied: { tops: [] },
    }) as unknown as DnsFacts;

  it('is known by its four numbers alone', async () => {
    const known = async (name: string) =>
      (await prepared('db:5432', { [PATHS.services]: [alias(name)] })).known?.['db'];
    expect(await known('203.0.113.7')).toMatchObject({ name: 'db', alias: '203.0.113.7' });
    expect(await known('203.0.113.7.example.com')).not.toHaveProperty('alias');
  });

  it.each([
    ['NXDOMAIN', 'db does not exist: '],
    ['NOERROR', 'db.shop.svc.cluster.local. exists but has neither an A nor an AAAA record: '],
  ])('is why the name has no address (%s)', (rcode, beginning) => {
    const [found] = nxdomain.judge(facts(rcode, { namespace: SHOP, name: 'db', alias: '203.0.113.7' }));
    expect(found?.summary.startsWith(beginning)).toBe(true);
    expect(found?.summary).toContain(
      'it is Service shop/db, an alias (ExternalName) for 203.0.113.7, which is an address: DNS takes it for a name',
    );
    expect(remedyOf(found)).toContain('EndpointSlice');
  });

  it('is nothing that a name server has not learned of (NT-DNS-021)', () => {
    const server = {
      address: '10.96.0.10',
      label: '10.96.0.10',
      role: 'server',
      udp: {
        queries: [
          {
            outcome: 'answered',
            rcode: 'NOERROR',
            addresses: ['10.96.0.1'],
            question: { name: 'kubernetes.default.svc.cluster.local.' },
            server: '10.96.0.10',
          },
          {
            outcome: 'answered',
            rcode: 'NXDOMAIN',
            addresses: [],
            question: { name: 'db.shop.svc.cluster.local.' },
            server: '10.96.0.10',
          },
        ],
      },
      tcp: { queries: [] },
    };
    const judged = (known: object) =>
      unheardService
        .judge({ ...facts('NXDOMAIN', known), servers: [server] } as unknown as DnsFacts)
        .map(({ id }) => id);
    expect(judged({ namespace: SHOP, name: 'db', alias: '203.0.113.7' })).toEqual([]);
    expect(judged({ namespace: SHOP, name: 'db' })).toEqual(['NT-DNS-021']);
  });
});
