import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FINDINGS } from '../../../src/checks/findings.ts';
import { candidates } from '../../../src/commands/complete.ts';
import type { CompletionKind } from '../../../src/model/args.ts';

const folder = mkdtempSync(join(tmpdir(), 'nettools-complete-'));
const socket = join(folder, 'docker.sock');
/** A daemon that knows two containers. */
const daemon = createServer((request, response) => {
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('Api-Version', '1.41');
  response.setHeader('Ostype', 'linux');
  const isList = /^(\/v[\d.]+)?\/containers\/json$/.test(request.url ?? '');
  response.end(isList ? JSON.stringify([{ Names: ['/web'] }, { Names: ['/worker'] }]) : 'OK');
});
beforeAll(async () => {
  vi.stubEnv('DOCKER_HOST', `unix://${socket}`);
  vi.stubEnv('KUBECONFIG', join(folder, 'none'));
  await new Promise<void>((resolve) => daemon.listen(socket, resolve));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await new Promise((resolve) => daemon.close(resolve));
  rmSync(folder, { recursive: true });
});

const values = async (kind: CompletionKind, prefix: string) =>
  (await candidates({ kind, prefix, connection: {} })).map(({ value }) => value);

describe('candidates without a cluster', () => {
  it("are Docker's containers, of which it asks the daemon", async () => {
    expect(await values('target', 'docker://')).toEqual(['docker://web', 'docker://worker']);
    expect(await values('target', 'docker://wo')).toEqual(['docker://worker']);
  });

  it('are what begins a target that is in none', async () => {
    expect(await values('target', '')).toEqual(['docker://', 'netns:', 'local']);
    expect(await values('target', 'd')).toEqual(['docker://']);
  });

  it('are findings, in any case', async () => {
    expect(await values('finding', '')).toEqual(FINDINGS.map(({ id }) => id));
    expect(await values('finding', 'nt-tls-')).toContain('NT-TLS-001');
    expect(await values('finding', 'NT-NO')).toEqual([]);
  });
});
