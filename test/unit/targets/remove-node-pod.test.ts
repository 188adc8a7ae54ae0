import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KubeClient } from '../../../src/kube/client.ts';
import type { Pod } from '../../../src/model/kube-objects.ts';
import { letGo } from '../../../src/targets/held-node-pod.ts';
import type { Hold } from '../../../src/targets/hold.ts';
import { asNodePod, buildNodePod } from '../../../src/targets/node-pod.ts';
import { versionUnheld } from '../../../src/targets/remove-node-pod.ts';
import {
  type Behaviour,
  type ExecPeer,
  type FaultServer,
  refuse,
  startFaultServer,
} from '../../servers/fault-server.ts';

const spec = {
  node: 'n1',
  image: 'image',
  imagePullPolicy: 'Never',
  pullSecret: undefined,
  choice: 'auto',
  switching: false,
  watching: false,
  idleSeconds: 60,
  deadlineSeconds: 3600,
  keep: false,
  toolVersion: '1',
} as const;
const made = buildNodePod('nettools-n1', spec, 'netadmin', 'me');
const running = {
  ...made,
  metadata: { ...made.metadata, namespace: 'n', uid: 'u', resourceVersion: '7' },
  status: { phase: 'Running' },
} as Pod;

let folder: string;
let server: FaultServer;
let deletes: string[];
let gets: number;
let warnings: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'remove-node-pod-'));
  deletes = [];
  gets = 0;
  warnings = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    warnings += String(text);
    return true;
  });
});

afterEach(async () => {
  vi.restoreAllMocks();
  await server.close();
  rmSync(folder, { recursive: true });
});

/** Lets go of a pod whose container answers the question for other holds like this, try by try. */
async function lettingGo(...answers: Behaviour[]): Promise<void> {
  await lettingGoFrom({}, ...answers);
}

interface Circumstances {
  /** The server takes requests and answers none. */
  readonly isSilent?: true;
  /** Who holds it is asked while the last of the work is done. */
  readonly isAskedBefore?: true;
  /** The pod changes between that and the first try to delete it. */
  readonly changes?: true;
}

async function lettingGoFrom(
  { isSilent, isAskedBefore, changes }: Circumstances,
  ...answers: Behaviour[]
): Promise<void> {
  server = await startFaultServer(
    () => answers[Math.min(server.requests.length, answers.length) - 1] ?? refuse(500, 'none'),
    (request, response) => {
      gets += 1;
      if (isSilent) return;
      if (request.method === 'DELETE') deletes.push(request.url ?? '');
      const isConflict = changes && request.method === 'DELETE' && deletes.length === 1;
      response.writeHead(isConflict ? 409 : 200).end(JSON.stringify(running));
    },
  );
  const kubeconfig = join(folder, 'config');
  writeFileSync(kubeconfig, '{}');
  const client = await KubeClient.connect({
    kubeconfig,
    server: server.url.replace('ws:', 'http:').replace('/exec', ''),
  });
  const pod = asNodePod(running);
  if (pod === undefined) throw new Error('not a node pod');
  const hold = { id: 'mine', release: () => undefined } as unknown as Hold;
  const unheld = isAskedBefore && versionUnheld(client, running, hold.id);
  // It is the one that was asked first.
  await unheld;
  await letGo(client, { pod, hold }, unheld);
  client.close();
}

/** The command's own output and code, as its guard tells them. */
const says = (text: string, code = 0): Behaviour => ({
  accept: async (peer: ExecPeer) => {
    const { url = '' } = server.requests.at(-1) ?? {};
    const id = new URL(url, 'http://server').searchParams.getAll('command')[5];
    await peer.send(1, `${text}\x1e${id}\x1f${code}\x1e`);
    await peer.send(2, `\x1e${id}\x1f${code}\x1e`);
    await peer.exit(code);
    peer.close();
  },
});
const failure = (message: string): Behaviour => ({
  accept: async (peer: ExecPeer) => {
    await peer.send(3, JSON.stringify({ status: 'Failure', reason: 'InternalError', message }));
    peer.close();
  },
});
const brokenOff: Behaviour = {
  accept: (peer: ExecPeer) => peer.exit(0).then(() => peer.close()),
};

describe('the pod of a node, when its command has ended', () => {
  it.each<[string, Behaviour[]]>([
    ['nobody else holds', [says('0\n')]],
    ['has ended', [failure('container is in CONTAINER_EXITED state')]],
    ['is gone', [refuse(404, '{"message":"pods \\"x\\" not found"}')]],
    ['can be asked again when the connection broke', [{ accept: (peer) => peer.destroy() }, says('0\n')]],
    ['can be asked again when a server was in trouble', [refuse(503, '{"message":"later"}'), says('0\n')]],
  ])(
    'is deleted if it %s',
    async (_what, answers) => {
      await lettingGo(...answers);
      expect(deletes).toHaveLength(1);
      expect(warnings).toBe('');
    },
    40_000,
  );

  it('is left, with one sentence about it, when the API server does not answer for a while', async () => {
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => timeout(ms / 100));
    await lettingGoFrom({ isSilent: true });
    // A try takes half of the time that there is for all, and the pause after it more than the rest.
    expect(gets).toBe(1);
    expect(warnings).toMatch(
      /^warning: the pod could not be removed; it ends by itself, and this command removes it: kubectl delete pod .*\n$/,
    );
  });

  it.each<[string, Behaviour[], number, number]>([
    ['is deleted without another question if nobody held it', [says('0\n')], 1, 1],
    ['is asked for again if somebody did, and deleted if they have gone', [says('1\n'), says('0\n')], 2, 1],
    ['is asked for again if that was not known', [says('', 2), says('0\n')], 2, 1],
    ['stays if somebody still does', [says('1\n'), says('1\n')], 2, 0],
  ])('that was asked for before %s', async (_what, answers, questions, deleted) => {
    await lettingGoFrom({ isAskedBefore: true }, ...answers);
    expect([server.requests.length, deletes.length, warnings]).toEqual([questions, deleted, '']);
  });

  it('that was asked for before stays if somebody has begun to use it since', async () => {
    await lettingGoFrom({ isAskedBefore: true, changes: true }, says('0\n'), says('1\n'));
    expect([server.requests.length, deletes.length, warnings]).toEqual([2, 1, '']);
  });

  it('stays if somebody else holds it, and nothing is said', async () => {
    await lettingGo(says('2\n'));
    expect([deletes, warnings]).toEqual([[], '']);
  });

  it.each<[string, Behaviour, string]>([
    ['may not be asked', refuse(403, '{"message":"no exec for you"}'), 'no exec for you'],
    ['gives no number', says('sh: out of memory\n'), 'exit code 0'],
    ['gives no number and fails', says('', 2), 'exit code 2'],
    ['breaks off each time', brokenOff, 'the stream broke off'],
  ])(
    'stays if it %s, with one sentence about it',
    async (_what, answer, reason) => {
      await lettingGo(answer);
      expect(deletes).toEqual([]);
      expect(warnings).toContain(
        `warning: pod "nettools-n1" was left, since another command may be using it (${reason}`,
      );
      expect(warnings).toMatch(
        /\); it ends by itself, and this command removes it: kubectl delete pod .*\n$/,
      );
      expect(warnings.match(/warning/g)).toHaveLength(1);
    },
    40_000,
  );
});
