import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DockerHost, findDockerHost } from '../../../src/docker/host.ts';
import { UserError } from '../../../src/model/errors.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'docker-host-'));
});
afterEach(() => rmSync(home, { recursive: true }));

const find = (env: Record<string, string>, platform: NodeJS.Platform = 'linux'): DockerHost =>
  findDockerHost({ env, homeDir: home, platform });

function write(path: string, content: string | object): void {
  const file = join(home, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
}

/** A context as `docker context create` writes it. */
function context(name: string, docker: object, tls: Record<string, string> = {}): void {
  const id = createHash('sha256').update(name).digest('hex');
  write(`.docker/contexts/meta/${id}/meta.json`, { Name: name, Metadata: {}, Endpoints: { docker } });
  for (const [file, text] of Object.entries(tls)) write(`.docker/contexts/tls/${id}/docker/${file}`, text);
}

function errorOf(work: () => unknown): UserError {
  try {
    work();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  return expect.fail('no error');
}

describe('DOCKER_HOST', () => {
  it.each([
    ['unix:///run/user/7/docker.sock', { kind: 'socket', path: '/run/user/7/docker.sock' }],
    ['npipe:////./pipe/docker_engine', { kind: 'socket', path: '//./pipe/docker_engine' }],
    ['tcp://192.0.2.7:4243', { kind: 'tcp', host: '192.0.2.7', port: 4243, basePath: '', tls: undefined }],
    ['tcp://192.0.2.7', { kind: 'tcp', host: '192.0.2.7', port: 2375 }],
    ['192.0.2.7:80', { kind: 'tcp', host: '192.0.2.7', port: 80 }],
    ['tcp://[2001:db8::7]:2375/engine/', { host: '2001:db8::7', port: 2375, basePath: '/engine' }],
    ['http://docker:8080', { host: 'docker', port: 8080, tls: undefined }],
    ['https://docker', { host: 'docker', port: 2376, tls: { verify: true } }],
  ])('%s', (text, host) => {
    expect(find({ DOCKER_HOST: text })).toMatchObject(host);
  });

  it.each([
    ['unix://docker.sock', /absolute path/],
    ['fd://', /neither unix:\/\/ nor tcp:\/\//],
    ['tcp://', /no host and port/],
    ['tcp://a b', /no host and port/],
  ])('%s is refused', (text, says) => {
    const error = errorOf(() => find({ DOCKER_HOST: text }));
    expect(error.exitCode).toBe(2);
    expect(error.message).toMatch(says);
  });

  it('over SSH is refused with the way around it, and without a password', () => {
    const error = errorOf(() => find({ DOCKER_HOST: 'ssh://me:p@ss-secret@far' }));
    expect(error.message).toContain('SSH is not supported');
    expect(error.hint).toContain('docker.sock');
    expect(error.message + error.hint).not.toContain('secret');
  });

  it('goes before every context', () => {
    context('far', { Host: 'tcp://192.0.2.9:2375' });
    expect(find({ DOCKER_HOST: 'unix:///x', DOCKER_CONTEXT: 'far' })).toMatchObject({ path: '/x' });
  });
});

describe('TLS by the environment', () => {
  const folder = () => ({ DOCKER_HOST: 'tcp://d', DOCKER_CERT_PATH: join(home, 'certs') });
  beforeEach(() => {
    write('certs/ca.pem', 'CA');
    write('certs/cert.pem', 'CERT');
    write('certs/key.pem', 'KEY');
  });

  it('is on and verifies with DOCKER_TLS_VERIFY', () => {
    const tls = { ca: 'CA', cert: 'CERT', key: 'KEY', verify: true };
    expect(find({ ...folder(), DOCKER_TLS_VERIFY: '1' })).toMatchObject({ port: 2376, tls });
  });

  it('is on without verification with DOCKER_TLS', () => {
    expect(find({ ...folder(), DOCKER_TLS: '1' })).toMatchObject({ tls: { verify: false } });
  });

  it('is off with neither', () => {
    expect(find(folder())).toMatchObject({ port: 2375, tls: undefined });
  });

  it('reads the folder of the configuration when none is named', () => {
    write('.docker/ca.pem', 'HOME CA');
    const tls = { ca: 'HOME CA', cert: undefined, key: undefined, verify: true };
    expect(find({ DOCKER_HOST: 'tcp://d', DOCKER_TLS_VERIFY: '1' })).toMatchObject({ tls });
  });
});

describe('contexts', () => {
  it('are chosen by DOCKER_CONTEXT, else by config.json', () => {
    context('far', { Host: 'tcp://192.0.2.9:2375' });
    context('near', { Host: 'unix:///near' });
    write('.docker/config.json', { currentContext: 'near' });
    expect(find({})).toMatchObject({ path: '/near', source: 'the Docker context "near"' });
    expect(find({ DOCKER_CONTEXT: 'far' })).toMatchObject({ host: '192.0.2.9' });
    expect(find({ DOCKER_CONTEXT: 'default' })).toMatchObject({ isChosen: false });
  });

  it('bring their TLS material', () => {
    context('far', { Host: 'tcp://d:1', SkipTLSVerify: true }, { 'ca.pem': 'CA', 'key.pem': 'KEY' });
    const tls = { ca: 'CA', cert: undefined, key: 'KEY', verify: false };
    expect(find({ DOCKER_CONTEXT: 'far' })).toMatchObject({ tls });
  });

  it('are looked for where DOCKER_CONFIG says', () => {
    write('elsewhere/config.json', { currentContext: 'gone' });
    expect(errorOf(() => find({ DOCKER_CONFIG: join(home, 'elsewhere') })).message).toMatch(
      /"gone" does not exist/,
    );
  });

  it('without a daemon are refused', () => {
    context('empty', {});
    expect(errorOf(() => find({ DOCKER_CONTEXT: 'empty' })).message).toMatch(/names no Docker daemon/);
  });

  it('cannot be read from a broken file', () => {
    write('.docker/config.json', '{');
    const error = errorOf(() => find({}));
    expect(error).toMatchObject({
      exitCode: 3,
      message: `${join(home, '.docker/config.json')} is not JSON.`,
    });
  });
});

describe("the machine's own sockets", () => {
  const runtime = () => ({ XDG_RUNTIME_DIR: join(home, 'run') });

  it.runIf(process.platform === 'linux')('are tried in turn: rootless Docker before podman', () => {
    write('run/podman/podman.sock', '');
    expect(find(runtime())).toMatchObject({ source: 'podman' });
    write('run/docker.sock', '');
    expect(find(runtime())).toMatchObject({ path: join(home, 'run/docker.sock'), source: 'rootless Docker' });
  });

  it("are podman's as CONTAINER_HOST names it", () => {
    expect(find({ CONTAINER_HOST: 'unix:///podman' })).toMatchObject({
      path: '/podman',
      source: 'CONTAINER_HOST',
    });
  });

  it('are pipes on Windows', () => {
    expect(find({}, 'win32')).toMatchObject({ kind: 'socket', path: '//./pipe/docker_engine' });
  });
});
