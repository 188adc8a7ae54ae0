/**
 * The user's credentials for as long as a command runs, which may be longer than they are good for. They are renewed as
 * client-go does it: a credential plugin runs again when its credential has expired, a token file is read again every
 * minute (k8s.io/client-go: plugin/pkg/client/auth/exec, transport/token_source.go), and both after a 401.
 */
import { readFileSync } from 'node:fs';
import { type Credential, execCredential } from './exec-credential.ts';
import type { LoadedConfig } from './kubeconfig.ts';

/** A kubelet writes a new token into a pod long before the old one ends; client-go looks this often. */
const TOKEN_FILE_MS = 60_000;
/** A plugin whose credentials the server refuses does not run again more often than this for streams that try on. */
const REFUSED_PAUSE_MS = 30_000;

/** Where credentials come from. */
export interface CredentialSource {
  /** What is at hand; where it is no longer good, another one is fetched meanwhile. Does not wait. */
  latest(): Credential;
  /**
   * One that is good as far as is known, fetched first where there is none.
   * @throws {UserError} exit 3: the credential plugin gave none
   * @throws the signal's reason
   */
  current(signal?: AbortSignal): Promise<Credential>;
  /** Another one than that which the server answered 401 to; `undefined`: there is no other. Throws as `current`. */
  insteadOf(refused: Credential, signal?: AbortSignal): Promise<Credential | undefined>;
  /** The server has answered 401 to this token, wherever it was sent. */
  refused(token: string): void;
}

/**
 * Where the user's credentials come from.
 * @param limitMs how long a plugin may take where nobody is there; `undefined`: see {@link execCredential}
 */
export function credentialsOf(
  { user, cluster }: LoadedConfig,
  limitMs: number | undefined,
): CredentialSource {
  const plugin = user.exec;
  if (plugin !== undefined) {
    return new RenewedCredentials((signal) =>
      execCredential(plugin, cluster, { signal, unattendedLimitMs: limitMs }),
    );
  }
  const { token, tokenFile } = user;
  return tokenFile !== undefined && token !== undefined && user.username === undefined
    ? new TokenFile(tokenFile, token)
    : new Unchanging();
}

/** What the kubeconfig itself says: there is nothing else to try. */
class Unchanging implements CredentialSource {
  latest(): Credential {
    return {};
  }
  current(): Promise<Credential> {
    return Promise.resolve({});
  }
  insteadOf(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
  refused(): void {}
}

/** A token that somebody else keeps in a file. */
export class TokenFile implements CredentialSource {
  readonly #file: string;
  readonly #now: () => number;
  #credential: Credential;
  #readAt: number;

  /** @param token what the file has just been read to hold */
  constructor(file: string, token: string, now: () => number = () => performance.now()) {
    this.#file = file;
    this.#now = now;
    this.#credential = { token };
    this.#readAt = now();
  }

  latest(): Credential {
    if (this.#now() - this.#readAt >= TOKEN_FILE_MS) this.#read();
    return this.#credential;
  }

  async current(): Promise<Credential> {
    return this.latest();
  }

  async insteadOf(refused: Credential): Promise<Credential | undefined> {
    this.#read();
    return this.#credential.token === refused.token ? undefined : this.#credential;
  }

  refused(token: string): void {
    if (token === this.#credential.token) this.#read();
  }

  #read(): void {
    this.#readAt = this.#now();
    try {
      const token = readFileSync(this.#file, 'utf8').trim();
      if (token !== '' && token !== this.#credential.token) this.#credential = { token };
    } catch {
      // It may be written just now; the old token is good until the server says otherwise.
    }
  }
}

interface Fetch {
  readonly result: Promise<Credential>;
  readonly end: AbortController;
  waiting: number;
}

/** What has to be fetched again when it is over. */
export class RenewedCredentials implements CredentialSource {
  readonly #fetch: (signal: AbortSignal) => Promise<Credential>;
  readonly #now: () => number;
  #credential: Credential | undefined;
  #isRefused = false;
  /** The fetch that runs: all that want a credential share it. */
  #running: Fetch | undefined;
  /** When one was last fetched for somebody who does not wait. */
  #triedAt = Number.NEGATIVE_INFINITY;

  /** @param now the time of day in ms, in which credentials expire */
  constructor(fetch: (signal: AbortSignal) => Promise<Credential>, now: () => number = Date.now) {
    this.#fetch = fetch;
    this.#now = now;
  }

  latest(): Credential {
    // Whoever does not wait comes again, as a stream that is opened again does until it holds.
    if (!this.#isGood() && this.#now() - this.#triedAt >= REFUSED_PAUSE_MS) {
      this.#triedAt = this.#now();
      void this.#renew().catch(() => undefined);
    }
    return this.#credential ?? {};
  }

  async current(signal?: AbortSignal): Promise<Credential> {
    return this.#credential !== undefined && this.#isGood() ? this.#credential : this.#renew(signal);
  }

  insteadOf(refused: Credential, signal?: AbortSignal): Promise<Credential | undefined> {
    return this.#credential === refused ? this.#renew(signal) : this.current(signal);
  }

  refused(token: string): void {
    if (token === this.#credential?.token) this.#isRefused = true;
  }

  #isGood(): boolean {
    const { expiresAt = Number.POSITIVE_INFINITY } = this.#credential ?? {};
    return !this.#isRefused && this.#now() < expiresAt;
  }

  /** Waits for a new one; when nobody waits any more, the fetch is ended. Without a signal it waits to the end. */
  #renew(signal?: AbortSignal): Promise<Credential> {
    const running = this.#running ?? this.#start();
    running.waiting++;
    if (signal === undefined) return running.result;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        // Who ends the fetch learns from it what was waited for.
        if (--running.waiting === 0) this.#end(running, signal.reason).then(reject, reject);
        else reject(signal.reason);
      };
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      running.result.finally(() => signal.removeEventListener('abort', onAbort)).then(resolve, reject);
    });
  }

  /** Resolves to why the fetch ended: the reason, or what it made of it. */
  #end(fetch: Fetch, reason: unknown): Promise<unknown> {
    if (this.#running === fetch) this.#running = undefined;
    fetch.end.abort(reason);
    return fetch.result.then(
      () => reason,
      (error: unknown) => error,
    );
  }

  #start(): Fetch {
    const end = new AbortController();
    const result = this.#fetch(end.signal);
    const fetch: Fetch = { result: result.then((credential) => this.#take(credential)), end, waiting: 0 };
    this.#running = fetch;
    const over = (): void => {
      if (this.#running === fetch) this.#running = undefined;
    };
    fetch.result.then(over, over);
    return fetch;
  }

  #take(credential: Credential): Credential {
    this.#isRefused = false;
    this.#credential = credential;
    return credential;
  }
}
