import { beforeAll, describe, expect, it } from 'vitest';
import { readTools, toolsOf } from '../../scripts/image/tools.ts';
import { failedAttempts, parseAttempts, tryScript } from '../../scripts/image/try-tools.ts';
import { gzippedLayers } from '../cluster/archive.ts';
import { ensureImages } from '../cluster/images.ts';
import { kubeconfig, kubectlPath } from '../cluster/paths.ts';
import { run } from '../cluster/proc.ts';
import { pod, testNamespace } from './support/cluster.ts';

const ns = testNamespace('tools');
const image = 'localhost/nettools:dev';
const tools = toolsOf(readTools(), 'slim');
const users = [0, 65532] as const;
const podName = (uid: number) => `tools-${uid}`;

const bare = (uid: number) =>
  pod(podName(uid), {
    containers: [
      {
        name: 'tools',
        image,
        imagePullPolicy: 'Never',
        command: ['sleep', 'infinity'],
        securityContext: {
          runAsUser: uid,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
        },
      },
    ],
  });

beforeAll(() => ns.start(...users.map(bare)));

describe.each(users)('the slim image, as user %d without any capability', (uid) => {
  let output: string;
  beforeAll(async () => {
    const kubectl = [kubectlPath(), '--kubeconfig', kubeconfig, '-n', ns.name];
    output = await run([...kubectl, 'exec', '-i', podName(uid), '--', 'sh', '-s'], {
      input: tryScript(tools, 20),
    });
  });

  it('is what the test says', () => {
    const none = '0000000000000000';
    expect(parseAttempts(output).rights).toEqual({ uid, capabilities: [none, none, none] });
  });

  it('runs every tool', () => {
    expect(failedAttempts(tools, output)).toEqual([]);
  });
});

describe('the slim image', () => {
  it('is at most 25 MB to download', async () => {
    const archive = (await ensureImages()).find(({ name }) => name === image)?.archive ?? '';
    const bytes = await gzippedLayers(archive);
    expect(bytes).toBeGreaterThan(10_000_000);
    expect(bytes).toBeLessThanOrEqual(25_000_000);
  });
});
