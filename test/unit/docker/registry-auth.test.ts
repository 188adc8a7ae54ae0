import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { registryAuth } from '../../../src/docker/registry-auth.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'registry-auth-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

async function auth(registry: string, config?: object): Promise<unknown> {
  if (config) writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  const header = await registryAuth(registry, {
    env: { DOCKER_CONFIG: folder },
    homeDir: folder,
    platform: 'linux',
  });
  return header && JSON.parse(Buffer.from(header, 'base64url').toString());
}

/** A credential helper on PATH. */
function helper(name: string, script: string): void {
  const file = join(folder, `docker-credential-${name}`);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH']}`);
}

it('is absent when nobody has logged in', async () => {
  expect(await auth('ghcr.io')).toBeUndefined();
  expect(await auth('ghcr.io', { auths: { 'ghcr.io': {} } })).toBeUndefined();
});

it('is what docker login wrote, also for Docker Hub under its old name', async () => {
  const login = Buffer.from('me:pass:word').toString('base64');
  const config = { auths: { 'ghcr.io': { auth: login }, 'https://index.docker.io/v1/': { auth: login } } };
  const parts = { username: 'me', password: 'pass:word' };
  expect(await auth('ghcr.io', config)).toEqual({ ...parts, serveraddress: 'ghcr.io' });
  expect(await auth('docker.io')).toEqual({ ...parts, serveraddress: 'https://index.docker.io/v1/' });
});

it('is a token where the registry gave one', async () => {
  expect(await auth('r.example', { auths: { 'r.example': { identitytoken: 't' } } })).toMatchObject({
    identitytoken: 't',
  });
});

it('is asked of the helper of the registry, which is told its name', async () => {
  helper('mine', 'read -r name; printf \'{"Username":"u","Secret":"for %s by %s"}\' "$name" "$1"');
  expect(await auth('r.example', { credHelpers: { 'r.example': 'mine' } })).toMatchObject({
    username: 'u',
    password: 'for r.example by get',
  });
});

it('is anonymous when the helper knows no login', async () => {
  helper('none', 'echo "credentials not found in native keychain"; exit 1');
  expect(await auth('r.example', { credsStore: 'none' })).toBeUndefined();
});

it('tells of a helper that cannot be run', async () => {
  await expect(auth('r.example', { credsStore: 'is-not-there' })).rejects.toThrow(
    /docker-credential-is-not-there, which cannot be run/,
  );
});
