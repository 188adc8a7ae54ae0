import { afterEach, describe, expect, it, vi } from 'vitest';
import { FilterRefusedError } from '../../../src/capture/tcpdump.ts';
import { withMeantFilter, withMeantTargets } from '../../../src/commands/meant-targets.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { ApiError } from '../../../src/kube/errors.ts';
import { adviceText } from '../../../src/model/advice.ts';
import type { CaptureOptions } from '../../../src/model/args.ts';
import { UserError } from '../../../src/model/errors.ts';
import { ALONE } from '../../../src/open/connect.ts';

afterEach(() => vi.restoreAllMocks());

/** A cluster with one pod, `db-0`. */
function cluster(): { asked: string[] } {
  const asked: string[] = [];
  const client = {
    namespace: 'shop',
    async get(path: string) {
      asked.push(path);
      if (path.endsWith('/pods/db-0')) return { metadata: { name: 'db-0' } };
      if (path.endsWith('/namespaces/shop')) return {};
      throw new ApiError(404, 'NotFound', 'not found');
    },
  };
  vi.spyOn(ALONE, 'connect').mockResolvedValue(client as unknown as KubeClient);
  return { asked };
}

async function hintOf(...filter: string[]): Promise<string> {
  const options = {
    connection: { namespace: 'shop' },
    capture: { filter },
    destination: { kind: 'folder', path: 'my files/' },
  } as unknown as CaptureOptions;
  const target = { kind: 'name', name: 'web-0' } as const;
  const error: unknown = await withMeantTargets(options, target, new AbortController().signal, () =>
    Promise.reject(new FilterRefusedError(filter, 'syntax error')),
  ).catch((one: unknown) => one);
  if (!(error instanceof UserError)) throw error;
  expect(error).toMatchObject({
    exitCode: 2,
    message: `tcpdump refuses the filter "${filter.join(' ')}": syntax error.`,
  });
  return adviceText(error.hint ?? '');
}

describe('a filter that tcpdump refuses', () => {
  it('is told to name a pod where there is one of that name', async () => {
    cluster();
    expect(await hintOf('db-0')).toBe(
      '"db-0" is a TARGET too, but words after the first are a filter; put a -- after the last TARGET: kubectl nettools capture pod/web-0 db-0 -n shop -w \'my files/\' --',
    );
  });

  it('is shown as targets where it may be a name', async () => {
    cluster();
    expect(await hintOf('nosuch')).toBe(
      "Words after TARGET are a filter; several TARGETs take a -- after them: kubectl nettools capture pod/web-0 nosuch -n shop -w 'my files/' --",
    );
  });

  it.each([[['tcp', 'prt', '80']], [['-z', 'reboot']], [['a b']], [['a', 'b', 'c', 'd']]])(
    'that is one by its words is asked nobody about: %j',
    async (words) => {
      const { asked } = cluster();
      expect(await hintOf(...words)).toBe(
        'Words after TARGET are a filter; several TARGETs need a -- after them: capture A B -- FILTER.',
      );
      expect(asked).toEqual([]);
    },
  );
});

describe('a TARGET that is none', () => {
  const options = {
    connection: {},
    capture: { filter: ['port', '53'] },
    destination: { kind: 'folder', path: '.' },
  } as unknown as CaptureOptions;
  const missing = new UserError('no pod "udp" in namespace "shop".', 3, { hint: 'kubectl get pods' });
  const hint = async (name: string): Promise<string> => {
    const many = { named: [{ kind: 'name', name }], every: true } as const;
    const error: unknown = await withMeantFilter(options, many, () => Promise.reject(missing)).catch(
      (one: unknown) => one,
    );
    expect(error).toMatchObject({ exitCode: 3, message: missing.message });
    return adviceText((error as UserError).hint ?? '');
  };

  it('is shown as a filter where it begins one', async () => {
    expect(await hint('udp')).toBe(
      'The first word is a TARGET; a filter alone stands behind a --: kubectl nettools capture --all -- udp port 53',
    );
  });

  it('is one that is not there where it does not', async () => {
    expect(await hint('web')).toBe('kubectl get pods');
  });
});
