import { describe, expect, it } from 'vitest';
import { parseHost } from '../../../src/cluster/host-destination.ts';
import { UserError } from '../../../src/model/errors.ts';

describe('parseHost', () => {
  it.each([
    ['example.com', 'example.com', '443', true],
    ['example.com:8443', 'example.com', '8443', false],
    ['web', 'web', '443', true],
    ['web.default.svc.cluster.local.', 'web.default.svc.cluster.local.', '443', true],
    ['EXAMPLE.com:1', 'EXAMPLE.com', '1', false],
    ['under_score:80', 'under_score', '80', false],
    ['192.0.2.1', '192.0.2.1', '443', true],
    ['192.0.2.1:65535', '192.0.2.1', '65535', false],
    ['2001:db8::1', '2001:db8::1', '443', true],
    ['::1', '::1', '443', true],
    ['[2001:db8::1]', '2001:db8::1', '443', true],
    ['[2001:db8::1]:53', '2001:db8::1', '53', false],
    ['[::ffff:192.0.2.1]:53', '::ffff:192.0.2.1', '53', false],
    // Without brackets the last group is a part of the address, as everywhere.
    ['2001:db8::1:53', '2001:db8::1:53', '443', true],
    ['münchen.example:80', 'münchen.example', '80', false],
  ])('%s is host %s, port %s', (text, host, port, anyPort) => {
    expect(parseHost(text)).toEqual({
      label: text,
      host,
      port,
      anyPort,
      role: 'asked',
      inCluster: false,
      protocol: 'tcp',
    });
  });

  it.each([
    ['grpcs://example.com', 'example.com', '443', 'tls'],
    ['grpcs://example.com:8443/', 'example.com', '8443', 'tls'],
    ['GRPC://[2001:db8::1]:50051', '2001:db8::1', '50051', 'plain'],
    ['grpc://web', 'web', '80', 'plain'],
  ])('%s is host %s, port %s, gRPC: %s', (text, host, port, grpc) => {
    expect(parseHost(text)).toMatchObject({ label: text, host, port, anyPort: false, grpc });
  });

  it.each(['grpcs://', 'grpc://example.com/a', 'grpcs://grpcs://x', 'grpcs://user:pw@host', 'grpcs://-x:1'])(
    'refuses %s',
    (text) => {
      expect(() => parseHost(text)).toThrow(UserError);
    },
  );

  it.each([
    ['http://example.com', 'example.com', '80', 'http://example.com/'],
    ['https://example.com', 'example.com', '443', 'https://example.com/'],
    ['https://example.com:8443/a?b=c#d', 'example.com', '8443', 'https://example.com:8443/a?b=c#d'],
    ['HTTP://EXAMPLE.com/', 'example.com', '80', 'http://example.com/'],
    ['http://[2001:db8::1]:8080/', '2001:db8::1', '8080', 'http://[2001:db8::1]:8080/'],
    ['http://[2001:db8::1]/', '2001:db8::1', '80', 'http://[2001:db8::1]/'],
    ['http://example.com:443/', 'example.com', '443', 'http://example.com:443/'],
    ['http://example.com/%gateway%', 'example.com', '80', 'http://example.com/%gateway%'],
  ])('%s is a request to host %s, port %s', (text, host, port, url) => {
    expect(parseHost(text)).toMatchObject({
      label: text.replace('b=c', 'b=[redacted]'),
      host,
      port,
      url,
      anyPort: false,
    });
  });

  it('keeps the query of a URL for the request, and out of what is shown', () => {
    expect(parseHost('https://a.example/x?token=s3cret&v=1')).toMatchObject({
      label: 'https://a.example/x?token=[redacted]&v=[redacted]',
      url: 'https://a.example/x?token=s3cret&v=1',
    });
  });

  it.each([
    ['the lowest port and one below', 'h:0'],
    ['a port out of range', 'h:65536'],
    ['a name that is longer than any', `${'a'.repeat(255)}:80`],
    ['a URL of such a name', `http://${'a'.repeat(255)}/`],
    ['a URL that is longer than a server has to take', `http://h/${'a'.repeat(8000)}`],
    ['a port of many digits', `h:${'9'.repeat(400)}`],
    ['a port that is no number', 'h:http'],
    ['no port after the colon', 'h:'],
    ['a port below nothing', 'h:-1'],
    ['no host', ':80'],
    ['nothing', ''],
    ['blanks', 'a b'],
    ['a line end', 'a\nb'],
    ['an option', '-f'],
    ['an option with a port', '-f:80'],
    ['a placeholder of the runner', '%gateway%'],
    ['a placeholder with a port', '%dns%:53'],
    ['an interface of an address', 'fe80::1%eth0'],
    ['a path', 'h/path'],
    ['a kind that there is not', 'deploy/web'],
    ['half a bracket', '[::1'],
    ['the other half', '::1]'],
    ['no address in brackets', '[example.com]:80'],
  ])('refuses %s: %s', (_title, text) => {
    const refused = () => parseHost(text);
    expect(refused).toThrow(UserError);
    expect(refused).toThrow(`--to "${text}" is not a destination`);
  });

  it.each(['http://me@example.com/', 'https://me:secret@example.com/'])(
    'refuses a URL with credentials, and does not repeat them: %s',
    (text) => {
      expect(() => parseHost(text)).toThrow(/^--to takes no URL with a user name or password/);
    },
  );

  it.each(['http://-f/', 'https://example.com:0/'])('refuses what no host is called: %s', (text) => {
    expect(() => parseHost(text)).toThrow(`--to "${text}" is not a destination.`);
  });

  it.each(['http://', 'http://a b/', 'http://h:65536/', 'http://%25gateway%25/', 'https://[::1/'])(
    'refuses a URL that is none: %s',
    (text) => {
      expect(() => parseHost(text)).toThrow(`--to "${text}" is not a URL.`);
    },
  );

  it('makes wrong usage exit with 2', () => {
    try {
      parseHost('-f');
      expect.unreachable();
    } catch (error) {
      expect((error as UserError).exitCode).toBe(2);
    }
  });
});
