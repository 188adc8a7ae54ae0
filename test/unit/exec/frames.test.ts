import { describe, expect, it } from 'vitest';
import {
  Channel,
  decodeFrame,
  decodeStatus,
  encodeResize,
  encodeStdinClose,
} from '../../../src/exec/frames.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

describe('decodeFrame', () => {
  it.each([
    ['stdout', 1],
    ['stderr', 2],
    ['status', 3],
  ] as const)(
    'reads channel %s from its first byte, %i, and leaves the payload as it is',
    (channel, byte) => {
      expect(decodeFrame(bytes(byte, 0, 255, 10, byte))).toEqual({ channel, data: bytes(0, 255, 10, byte) });
    },
  );

  it('keeps an empty payload apart from an empty message', () => {
    expect(decodeFrame(bytes(1))).toEqual({ channel: 'stdout', data: bytes() });
    expect(decodeFrame(bytes())).toBeUndefined();
  });

  it('knows every other byte as unknown, also the channels that only a client writes to', () => {
    const known = new Set<number>([Channel.stdout, Channel.stderr, Channel.status]);
    for (let byte = 0; byte < 256; byte++) {
      if (known.has(byte)) continue;
      expect(decodeFrame(bytes(byte, 1, 2))).toEqual({ channel: 'unknown', byte });
    }
  });

  it('does not copy the payload', () => {
    const message = bytes(1, 7, 8);
    const frame = decodeFrame(message);
    expect(frame?.channel === 'stdout' && frame.data.buffer).toBe(message.buffer);
  });
});

describe('what the client sends', () => {
  it('closes stdin with the two bytes of KEP-4006', () => {
    expect(encodeStdinClose()).toEqual(bytes(255, 0));
  });

  it('puts channel 4 before the size as client-go spells it', () => {
    const frame = encodeResize({ columns: 132, rows: 43 });
    expect(frame[0]).toBe(4);
    expect(new TextDecoder().decode(frame.subarray(1))).toBe('{"Width":132,"Height":43}');
  });
});

describe('decodeStatus', () => {
  it('reads success as exit code 0', () => {
    expect(decodeStatus(json({ metadata: {}, status: 'Success' }))).toEqual({ kind: 'exit', code: 0 });
  });

  it.each([1, 7, 126, 127, 137, 143, 255])('reads exit code %i', (code) => {
    const status = {
      metadata: {},
      status: 'Failure',
      message: `command terminated with non-zero exit code: exit status ${code}`,
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
    };
    expect(decodeStatus(json(status))).toEqual({ kind: 'exit', code });
  });

  it('finds the exit code among other causes', () => {
    const causes = [
      { reason: 'Other', message: '3' },
      { message: '4' },
      { reason: 'ExitCode', message: '5' },
    ];
    expect(decodeStatus(json({ status: 'Failure', reason: 'NonZeroExitCode', details: { causes } }))).toEqual(
      {
        kind: 'exit',
        code: 5,
      },
    );
  });

  it("passes on the kubelet's own words for a command that could not run", () => {
    const message =
      'Internal error occurred: error executing command in container: container is in CONTAINER_EXITED';
    const status = { status: 'Failure', reason: 'InternalError', message, code: 500 };
    expect(decodeStatus(json(status))).toEqual({ kind: 'failure', reason: 'InternalError', message });
  });

  it('does not invent a reason', () => {
    expect(decodeStatus(json({ status: 'Failure' }))).toEqual({
      kind: 'failure',
      reason: 'Unknown',
      message: 'the command ended without a reason',
    });
  });

  // A missing or empty code must not become exit code 0.
  it.each([
    undefined,
    {},
    { causes: [] },
    { causes: [{ reason: 'ExitCode' }] },
    { causes: [{ reason: 'ExitCode', message: '' }] },
    { causes: [{ reason: 'ExitCode', message: ' ' }] },
    { causes: [{ reason: 'ExitCode', message: 'seven' }] },
    { causes: [{ reason: 'ExitCode', message: '1.5' }] },
  ])('calls a non-zero exit without a readable code a failure: %j', (details) => {
    const status = { status: 'Failure', reason: 'NonZeroExitCode', message: 'words', details };
    expect(decodeStatus(json(status))).toEqual({
      kind: 'failure',
      reason: 'NonZeroExitCode',
      message: 'words',
    });
  });

  it.each([
    ['nothing', ''],
    ['no JSON', 'exit status 7'],
    ['a cut object', '{"metadata":{},"status":"Succ'],
    ['null', 'null'],
    ['a number', '7'],
    ['a string', '"Success"'],
  ])('quotes what it cannot read: %s', (_what, text) => {
    expect(decodeStatus(new TextEncoder().encode(text))).toEqual({
      kind: 'failure',
      reason: 'BadStatus',
      message: `unreadable exit status: ${text}`,
    });
  });

  it('survives fields of the wrong type', () => {
    const odd = { status: 'Failure', reason: 'NonZeroExitCode', message: 7, details: { causes: 'none' } };
    expect(decodeStatus(json(odd)).kind).toBe('failure');
    expect(decodeStatus(json({ details: { causes: [null] }, reason: 'NonZeroExitCode' })).kind).toBe(
      'failure',
    );
    expect(decodeStatus(json([])).kind).toBe('failure');
  });

  it('quotes no more than 200 characters, and survives bytes that are no UTF-8', () => {
    const outcome = decodeStatus(new Uint8Array(100_000).fill(0xff));
    expect(outcome.kind === 'failure' && outcome.message.length).toBe(
      'unreadable exit status: '.length + 200,
    );
  });
});
