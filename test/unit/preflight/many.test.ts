import { describe, expect, it } from 'vitest';
import type { KubeClient } from '../../../src/kube/client.ts';
import { groupItems, profilesText, whereText } from '../../../src/preflight/many.ts';
import type { PreflightItem } from '../../../src/preflight/report.ts';
import { rightsOnce } from '../../../src/preflight/rights.ts';
import { SESSION_RIGHTS } from '../../../src/targets/preflight.ts';

const answers = (pod: string, ...items: PreflightItem[]) => ({
  target: `pod/${pod}`,
  report: { namespace: 'shop', pod, image: 'i', ...(pod === 'c' ? {} : { profile: 'netadmin' }), items },
});
const item = (check: string, ok: boolean, detail: string): PreflightItem => ({ check, ok, detail });

describe('answers about many targets', () => {
  const right = item('right to get pods', true, 'granted');
  const all = ['a', 'b', 'c', 'd', 'e'].map((pod, i) =>
    answers(
      pod,
      right,
      item('pod can take it', pod !== 'c' && pod !== 'd', `pod "${pod}" is there`),
      item('memory', true, `${i} MiB, and that is enough`),
    ),
  );

  it('are told once, those that differ with their targets', () => {
    expect(
      groupItems(all).map((group) => [
        group.check,
        group.ok,
        group.detail,
        whereText(group, 5),
        group.differs,
      ]),
    ).toEqual([
      ['right to get pods', true, 'granted', '', false],
      ['pod can take it', true, 'pod "a" is there', '3 of 5: pod/a, pod/b, pod/e', false],
      ['memory', true, '0 MiB, and that is enough', '', true],
      ['pod can take it', false, 'pod "c" is there', '2 of 5: pod/c, pod/d', false],
    ]);
    expect(profilesText(all)).toBe('profile netadmin at 4');
  });

  it('name no more than a few targets', () => {
    const targets = Array.from({ length: 60 }, (_, i) => `pod/p${i}`);
    expect(whereText({ targets }, 61)).toBe('60 of 61: pod/p0, pod/p1, pod/p2 and 57 more');
  });
});

describe('rights', () => {
  async function asked(allowed: (attributes: { name?: string; verb: string }) => boolean) {
    const bodies: { name?: string; verb: string }[] = [];
    const post = async (
      _path: string,
      { spec }: { spec: { resourceAttributes: { name?: string; verb: string } } },
    ) => {
      bodies.push(spec.resourceAttributes);
      return { status: { allowed: allowed(spec.resourceAttributes) } };
    };
    const client = { post } as unknown as KubeClient;
    const ask = rightsOnce();
    const missing = [];
    for (const pod of ['a', 'b', 'c']) missing.push(await ask(client, SESSION_RIGHTS, 'shop', pod));
    return { missing, bodies };
  }

  it('of a whole namespace are asked for once', async () => {
    const { missing, bodies } = await asked(() => true);
    expect(missing).toEqual([[], [], []]);
    expect(bodies).toHaveLength(SESSION_RIGHTS.length);
  });

  it('that only some pods have are asked for by the name', async () => {
    const { missing, bodies } = await asked(({ verb, name }) => verb !== 'patch' || name === 'b');
    expect(missing.map((rights) => rights.map(({ verb }) => verb))).toEqual([['patch'], [], ['patch']]);
    expect(bodies).toHaveLength(SESSION_RIGHTS.length + 3);
  });
});
