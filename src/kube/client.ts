/**
 * A small client of the Kubernetes API: JSON requests, watches, and what an exec stream needs to connect.
 * client-node's generated client is not used: it takes 100 ms of a command that takes 150 ms. Its KubeConfig is, for
 * all ways to authenticate.
 */
import type { ConnectionFlags } from '../model/args.ts';
import { ApiError, UnreachableError } from './errors.ts';
import type { Endpoint, ExecTarget, RequestOptions, WatchEvent } from './requests.ts';
import { Transport } from './transport.ts';

/** A connection to one cluster as one user. */
export class KubeClient {
  readonly namespace: string;
  readonly contextName: string;
  readonly server: URL;
  readonly #transport: Transport;

  private constructor(transport: Transport, namespace = transport.loaded.namespace) {
    this.namespace = namespace;
    this.contextName = transport.loaded.contextName;
    this.server = transport.loaded.server;
    this.#transport = transport;
  }

  /**
   * Loads the kubeconfig and the user's credentials; nothing is sent yet.
   * @param signal ends a credential plugin that is waited for
   * @throws {UserError} exit 3: no usable configuration or credentials
   */
  static async connect(flags: ConnectionFlags, signal?: AbortSignal): Promise<KubeClient> {
    return new KubeClient(await Transport.connect(flags, signal));
  }

  /** The same connection, for another namespace. */
  inNamespace(namespace: string): KubeClient {
    return new KubeClient(this.#transport, namespace);
  }

  /** GET of an API path such as `/api/v1/namespaces/x/pods/y`. */
  get<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return this.#json('GET', path, options);
  }

  /** GET of what is text, such as a container's log. */
  async text(path: string, options: RequestOptions = {}): Promise<string> {
    const response = await this.#transport.send('GET', path, { ...options, accept: '*/*' });
    return this.#transport.body(response, options.signal);
  }

  post<T>(path: string, body: unknown, options: RequestOptions = {}): Promise<T> {
    return this.#json('POST', path, { contentType: 'application/json', ...options, body });
  }

  /** A strategic merge patch, which adds to lists by their merge key instead of replacing them. */
  patch<T>(path: string, body: unknown, options: RequestOptions = {}): Promise<T> {
    return this.#json('PATCH', path, {
      contentType: 'application/strategic-merge-patch+json',
      ...options,
      body,
    });
  }

  /** @param options its body: DeleteOptions, such as preconditions and the grace period */
  delete<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return this.#json('DELETE', path, options);
  }

  /**
   * Watches a list until the caller stops iterating, the signal aborts or the server ends it (which it does after
   * some minutes; the caller starts again). An `ERROR` event is thrown as {@link ApiError}.
   */
  async *watch<T>(
    path: string,
    query: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>> {
    const response = await this.#transport.stream(path, { query: { ...query, watch: 'true' }, signal });
    let rest = '';
    try {
      response.setEncoding('utf8');
      for await (const chunk of response) {
        const lines = (rest + (chunk as string)).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines.filter((l) => l !== '')) {
          const event = this.#event<T>(line);
          if (event.type === 'ERROR') {
            const status = event.object as { code?: number; reason?: string; message?: string };
            throw new ApiError(status.code ?? 500, status.reason, status.message ?? 'the watch failed');
          }
          yield event;
        }
      }
    } catch (error) {
      throw this.#transport.failure(error, signal);
    } finally {
      response.destroy();
    }
  }

  #event<T>(line: string): WatchEvent<T> {
    try {
      return JSON.parse(line) as WatchEvent<T>;
    } catch {
      throw new UnreachableError(`${this.server.origin} sent a watch event that is not JSON.`);
    }
  }

  /**
   * The WebSocket endpoint that runs a command in a container, with the credentials of this moment: whoever opens a
   * stream again asks for it again.
   */
  execEndpoint(target: ExecTarget): Endpoint {
    const url = this.#transport.url(
      `/api/v1/namespaces/${encodeURIComponent(target.namespace)}/pods/${encodeURIComponent(target.pod)}/exec`,
    );
    const query: readonly (readonly [string, string])[] = [
      ['container', target.container],
      ['stdin', String(target.stdin)],
      ['stdout', 'true'],
      ['stderr', String(!target.tty)],
      ['tty', String(target.tty)],
      ...target.command.map((word) => ['command', word] as const),
    ];
    // By hand: Node compiles what URLSearchParams does at each start anew, half a millisecond.
    url.search = query.map(([name, value]) => `${name}=${formEncoded(value)}`).join('&');
    return this.#transport.upgrade(url);
  }

  /** Closes idle connections, so that the process can end. */
  close(): void {
    this.#transport.close();
  }

  async #json<T>(method: string, path: string, options: RequestOptions): Promise<T> {
    const response = await this.#transport.send(method, path, options);
    const body = await this.#transport.body(response, options.signal);
    try {
      return JSON.parse(body) as T;
    } catch {
      throw new ApiError(
        response.statusCode ?? 0,
        undefined,
        `${this.server.origin} answered with something that is not JSON.`,
      );
    }
  }
}

/** As in a form, where a blank is one byte: a command is mostly a script, and proxies limit a request's line. */
function formEncoded(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll('%20', '+');
}
