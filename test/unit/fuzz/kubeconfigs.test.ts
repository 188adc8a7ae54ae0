import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { connectionOf } from '../../../src/kube/connection.ts';
import { contextNames, loadConfig } from '../../../src/kube/kubeconfig.ts';
import { adviceText } from '../../../src/model/advice.ts';
import { UserError } from '../../../src/model/errors.ts';
import { brokenText, SEED } from './mutate.ts';

const folder = mkdtempSync(join(tmpdir(), 'nettools-fuzz-'));
const file = join(folder, 'kubeconfig');
afterAll(() => rmSync(folder, { recursive: true }));

/** Pieces that stand in no other part of the file. */
const PIECES = ['Zq7', 'xW3v', 'Kp9J', 'uB5m'];
const secret = (name: string): string => PIECES.map((piece) => `${piece}${name}`).join('');
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const pem = (kind: string, name: string): string =>
  `-----BEGIN ${kind}-----\n${base64(secret(name))}\n-----END ${kind}-----\n`;

const SECRETS = ['T', 'P', 'U', 'A', 'E', 'R'].map(secret);
const KEY = base64(pem('PRIVATE KEY', 'K'));
SECRETS.push(KEY, base64(secret('K')));

const KUBECONFIG = `apiVersion: v1
kind: Config
current-context: one
clusters:
- name: c1
  cluster:
    server: https://api.example:6443
    proxy-url: http://me:${secret('R')}@proxy.example:3128
    tls-server-name: api
- name: c2
  cluster:
    server: https://me:${secret('U')}@two.example:6443
    insecure-skip-tls-verify: true
users:
- name: u1
  user:
    token: ${secret('T')}
    client-certificate-data: ${base64(pem('CERTIFICATE', 'C'))}
    client-key-data: ${KEY}
- name: u2
  user:
    password: "${secret('P')}"
    username: me
    as-user-extra: {scopes: [a, b]}
- name: u3
  user:
    exec:
      command: /bin/get-token
      args: [--password, ${secret('A')}]
      env:
      - name: PASSWORD
        value: '${secret('E')}'
contexts:
- name: one
  context: {cluster: c1, user: u1, namespace: shop}
- name: two
  context: {cluster: c2, user: u2}
- name: three
  context: {cluster: c1, user: u3}
`;

/** Any eight characters of a secret in a row. */
function shownOf(text: string): string | undefined {
  for (const one of SECRETS)
    for (let at = 0; at + 8 <= one.length; at++)
      if (text.includes(one.slice(at, at + 8))) return one.slice(at, at + 8);
  return undefined;
}

async function attempt(context: string | undefined): Promise<void> {
  const flags = context === undefined ? {} : { context };
  contextNames({}, { KUBECONFIG: file });
  await connectionOf(loadConfig(flags, { KUBECONFIG: file }), {});
}

describe('a kubeconfig that is broken anywhere', () => {
  it('is used, or refused in one sentence without what is secret in it', async () => {
    const context = fc.constantFrom(undefined, 'one', 'two', 'three');
    await fc.assert(
      fc.asyncProperty(brokenText(KUBECONFIG), context, async (text, chosen) => {
        writeFileSync(file, text);
        try {
          await attempt(chosen);
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
          expect(error.exitCode).toBe(3);
          expect(error.message).toMatch(/\.$/);
          expect(shownOf(`${error.message} ${adviceText(error.hint ?? '')}`)).toBeUndefined();
        }
      }),
      { seed: SEED, numRuns: 600 },
    );
  });
});
