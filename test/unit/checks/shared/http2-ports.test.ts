import { describe, expect, it } from 'vitest';
import { saysHttp2, saysPlainHttp2 } from '../../../../src/checks/shared/http2-ports.ts';

describe('a port of HTTP/2', () => {
  it.each(['grpc', 'grpcs', 'grpc-api', 'h2', 'h2c', 'http2', 'kubernetes.io/h2c', 'GRPC'])(
    'is %s',
    (says) => {
      expect(saysHttp2(says)).toBe(true);
    },
  );

  it.each([
    undefined,
    '',
    'https',
    'http',
    'kubernetes.io/ws',
    'grpcurl',
    'h264',
    // Of HTTP/1.1, beside a server of gRPC.
    'grpc-web',
    'grpc-gateway',
    'grpc-metrics',
    'api-grpc',
  ])('is not %j', (says) => {
    expect(saysHttp2(says)).toBe(false);
  });
});

describe('a port of HTTP/2 without TLS', () => {
  it.each(['grpc', 'grpc-api', 'h2c', 'http2', 'kubernetes.io/h2c'])('may be %s', (says) => {
    expect(saysPlainHttp2(says)).toBe(true);
  });

  // The last ones are those of a database.
  it.each(['grpcs', 'https', 'grpc-web', 'h2', 'h2-console'])('is not %s', (says) => {
    expect(saysPlainHttp2(says)).toBe(false);
  });
});
