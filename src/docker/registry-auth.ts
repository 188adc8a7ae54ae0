/** The user's login to a registry, as `docker login` left it: in config.json or with a credential helper. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { UserError } from '../model/errors.ts';
import { dockerConfigDir, type HostSources, readDockerJson } from './host.ts';

/** Docker Hub is logged in to under the address of its first version. */
const HUB_KEY = 'https://index.docker.io/v1/';
/** A helper that waits for longer waits for somebody who is not there. */
const HELPER_TIMEOUT_MS = 20_000;

interface ConfigFile {
  readonly auths?: Readonly<
    Record<string, { readonly auth?: string; readonly identitytoken?: string } | undefined>
  >;
  readonly credsStore?: string;
  readonly credHelpers?: Readonly<Record<string, string | undefined>>;
}

/** What the engine takes as X-Registry-Auth; `undefined`: nobody has logged in, so that the pull is anonymous. */
export async function registryAuth(registry: string, sources: HostSources): Promise<string | undefined> {
  const path = join(dockerConfigDir(sources), 'config.json');
  const config = (readDockerJson(path) ?? {}) as ConfigFile;
  const key = registry === 'docker.io' ? HUB_KEY : registry;
  const helper = config.credHelpers?.[registry] ?? config.credsStore;
  const login = helper ? await askHelper(helper, key) : loginOf(config, key);
  return login && Buffer.from(JSON.stringify({ ...login, serveraddress: key })).toString('base64url');
}

type Login = { readonly username: string; readonly password: string } | { readonly identitytoken: string };

function loginOf({ auths = {} }: ConfigFile, key: string): Login | undefined {
  const entry = auths[key] ?? auths[`https://${key}`];
  if (entry?.identitytoken) return { identitytoken: entry.identitytoken };
  const [, username, password] =
    /^([^:]*):(.*)$/s.exec(Buffer.from(entry?.auth ?? '', 'base64').toString('utf8')) ?? [];
  return username === undefined || password === undefined ? undefined : { username, password };
}

/** Speaks the protocol of docker-credential-helpers: `get`, the registry on stdin, JSON on stdout. */
async function askHelper(name: string, key: string): Promise<Login | undefined> {
  const program = `docker-credential-${name}`;
  const { code, stdout } = await output(program, key);
  // "credentials not found in native keychain" is an answer: nobody has logged in there.
  if (code !== 0) return undefined;
  try {
    const { Username, Secret } = JSON.parse(stdout) as { readonly Username: string; readonly Secret: string };
    return Username === '<token>' ? { identitytoken: Secret } : { username: Username, password: Secret };
  } catch {
    throw new UserError(`${program} gave no credentials: its answer is not JSON.`, 3);
  }
}

function output(program: string, input: string): Promise<{ code: number | null; stdout: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['get'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: HELPER_TIMEOUT_MS,
    });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.on('error', (error) =>
      reject(
        new UserError(`Docker's config.json names ${program}, which cannot be run: ${error.message}.`, 3, {
          cause: error,
        }),
      ),
    );
    child.on('close', (code) => resolve({ code, stdout }));
  });
}
