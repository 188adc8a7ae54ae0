/** What a Pushgateway gets, and what is said where it does not take it. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { groupPath, push } from '../../../src/exposition/push.ts';

interface Seen {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly type: string | undefined;
  readonly authorization: string | undefined;
  readonly body: string;
}

const servers: Server[] = [];
const seen: Seen[] = [];
const SECRET = 'Basic bWU6c2VjcmV0';

async function gateway(
  answer: (response: ServerResponse, request: IncomingMessage) => void,
): Promise<string> {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const { method, url: path, headers } = request;
      seen.push({ method, path, type: headers['content-type'], authorization: headers.authorization, body });
      answer(response, request);
    });
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as { readonly port: number }).port}`;
}

afterEach(() => {
  seen.length = 0;
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const GROUP = [
  ['job', 'nettools'],
  ['command', 'in-cluster diagnose'],
  ['instance', 'shop/deploy/web'],
] as const;

describe('a push', () => {
  it('is a PUT of the text to the group, with what the URL had of a user', async () => {
    const url = await gateway((response) => response.writeHead(202).end());
    const target = { url: `${url}/metrics`, grouping: GROUP, authorization: SECRET };
    expect(await push(target, 'nettools_x 1\n')).toBeUndefined();
    expect(seen).toEqual([
      {
        method: 'PUT',
        path: '/metrics/job/nettools/command/in-cluster%20diagnose/instance@base64/c2hvcC9kZXBsb3kvd2Vi',
        type: 'text/plain; version=0.0.4; charset=utf-8',
        authorization: SECRET,
        body: 'nettools_x 1\n',
      },
    ]);
  });

  it('goes to the group that the URL has', async () => {
    const url = await gateway((response) => response.writeHead(200).end());
    await push({ url: `${url}/metrics/job/nightly`, grouping: [] }, 'x 1\n');
    expect(seen.map(({ path, authorization }) => [path, authorization])).toEqual([
      ['/metrics/job/nightly', undefined],
    ]);
  });

  it('follows no redirection, and shows no password of one', async () => {
    const elsewhere = await gateway((response) => response.writeHead(200).end());
    const url = await gateway((response) =>
      response.writeHead(307, { location: elsewhere.replace('//', '//me:hidden@') }).end(),
    );
    const reason = await push({ url, grouping: [], authorization: SECRET }, 'x 1\n');
    expect(reason).toBe(`${url} is elsewhere (HTTP 307, ${elsewhere}): give that address`);
    expect(seen.length).toBe(1);
  });

  it('says the first line of a refusal, and no more of it', async () => {
    const url = await gateway((response) =>
      response.writeHead(400).end(`pushed metrics are invalid.\n${'x'.repeat(1e6)}`),
    );
    expect(await push({ url, grouping: [] }, 'x 1\n')).toBe(
      `${url} answered HTTP 400: pushed metrics are invalid`,
    );
  });

  it('waits no longer than its limit, for an answer or for the end of one', async () => {
    const silent = await gateway(() => undefined);
    expect(await push({ url: silent, grouping: [] }, 'x 1\n', 200)).toBe(
      `${silent} cannot be reached: it did not answer within 0.2 s`,
    );
    const slow = await gateway((response) => response.writeHead(500).write('a'));
    expect(await push({ url: slow, grouping: [] }, 'x 1\n', 200)).toBe(
      `${slow} cannot be reached: it did not answer within 0.2 s`,
    );
  });

  it('says that nobody is there', async () => {
    const url = await gateway(() => undefined);
    servers.pop()?.close();
    expect(await push({ url, grouping: [] }, 'x 1\n')).toBe(
      `${url} cannot be reached: the connection was refused`,
    );
  });
});

describe('a group', () => {
  it.each([
    ['web', '/instance/web'],
    ['', '/instance@base64/='],
    ['a/b', '/instance@base64/YS9i'],
    ['-l app=web', '/instance/-l%20app%3Dweb'],
    ['..', '/instance@base64/Li4'],
    ['ü?#', '/instance/%C3%BC%3F%23'],
  ])('%j is %s', (value, path) => {
    expect(groupPath([['instance', value]])).toBe(path);
  });
});
