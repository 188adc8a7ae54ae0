import { describe, expect, it } from 'vitest';
import type { ProbePlan } from '../../../src/model/evidence.ts';
import { encodePlan, RunnerDecoder, type RunnerEvent } from '../../../src/probes/plan.ts';

const plan: ProbePlan = {
  phases: [
    [
      { id: 'a', argv: ['ping', '%gateway%'], timeoutSeconds: 3 },
      { id: 'b', argv: ['sh', '-c', 'long\nscript', 'x'], timeoutSeconds: 2.5, display: ['b', '%dns%'] },
    ],
    [{ id: 'c', argv: ['true'], timeoutSeconds: 1 }],
  ],
};

describe('encodePlan', () => {
  it('writes placeholders, commands and phases', () => {
    expect(encodePlan(plan)).toBe(
      [
        'budget 4 16',
        'var gateway',
        'cmd a 3 2',
        '1',
        'ping',
        '1',
        '%gateway%',
        'cmd b 3 4',
        '1',
        'sh',
        '1',
        '-c',
        '2',
        'long',
        'script',
        '1',
        'x',
        'wait',
        'cmd c 1 1',
        '1',
        'true',
        'wait',
        'end',
        '',
      ].join('\n'),
    );
  });

  it('asks for each placeholder once', () => {
    const argv = ['%dns%', '%dns%', '%apiserver-port%', 'x%dns%'];
    const text = encodePlan({ phases: [[{ id: 'a', argv, timeoutSeconds: 1 }]] });
    expect(text.split('\n').filter((line) => line.startsWith('var '))).toEqual([
      'var dns',
      'var apiserver-port',
    ]);
  });

  it('sends a script once, without comments, who listens first, and who leads before the rest', () => {
    const argv = ['sh', '-c', '%script:hello%', 'hello'];
    const phase = [
      { id: 'a', argv, timeoutSeconds: 1 },
      { id: 'c', argv, timeoutSeconds: 1, leads: true },
      { id: 'b', argv, timeoutSeconds: 1, listens: true },
    ];
    const text = encodePlan(
      { phases: [phase] },
      { hello: '# why\necho hello\n' },
      { processes: 13, memoryBytes: 12 * 2 ** 20 },
    );
    expect(text.split('\n').filter((line) => /[a-z]/.test(line) && !/^(sh|-c|%|hello)/.test(line))).toEqual([
      'budget 1 4',
      'script 0 1',
      'echo hello',
      'listen b 1 4',
      'lead c 1 4',
      'cmd a 1 4',
      'wait',
      'end',
    ]);
    expect(text.match(/^%script:.*$/gm)).toEqual(['%script:0%', '%script:0%', '%script:0%']);
  });

  it('can be empty', () => {
    expect(encodePlan({ phases: [] })).toBe('budget 4 16\nend\n');
  });
});

const frame = (
  id: string,
  out: string,
  err = '',
  fields = `exited 0 100 142 ${Buffer.byteLength(out)} ${Buffer.byteLength(err)} 0`,
) => `nettools-result ${id} ${fields}\n${out}${err}\n`;
const stream = [
  'nettools-var gateway 192.0.2.1\n',
  'nettools-var dns \n',
  frame('b', 'nettools-done\n', 'ünïcödé'),
  frame('a', ''),
  'nettools-phase\n',
  'nettools-error no more\n',
  'nettools-done\n',
].join('');

describe('RunnerDecoder', () => {
  it('decodes variables, results, phases, errors and the end', () => {
    expect(new RunnerDecoder(plan).push(Buffer.from(stream))).toEqual([
      { kind: 'variable', name: 'gateway', value: '192.0.2.1' },
      { kind: 'variable', name: 'dns', value: '' },
      {
        kind: 'result',
        result: {
          id: 'b',
          command: ['b', '%dns%'],
          status: 'exited',
          code: 0,
          durationMs: 420,
          stdout: 'nettools-done\n',
          stderr: 'ünïcödé',
          truncated: false,
        },
      },
      {
        kind: 'result',
        result: {
          id: 'a',
          command: ['ping', '192.0.2.1'],
          status: 'exited',
          code: 0,
          durationMs: 420,
          stdout: '',
          stderr: '',
          truncated: false,
        },
      },
      { kind: 'phase' },
      { kind: 'error', message: 'no more' },
      { kind: 'done' },
    ]);
  });

  it('decodes the same byte by byte', () => {
    const decoder = new RunnerDecoder(plan);
    const events: RunnerEvent[] = [];
    for (const byte of Buffer.from(stream)) events.push(...decoder.push(Uint8Array.of(byte)));
    expect(events).toEqual(new RunnerDecoder(plan).push(Buffer.from(stream)));
  });

  it('decodes the same cut in two anywhere', () => {
    const bytes = Buffer.from(stream);
    const whole = new RunnerDecoder(plan).push(bytes);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const decoder = new RunnerDecoder(plan);
      expect([...decoder.push(bytes.subarray(0, cut)), ...decoder.push(bytes.subarray(cut))]).toEqual(whole);
    }
  });

  it('does not change what it has been given', () => {
    const chunk = Buffer.from('nettools-var gat');
    const decoder = new RunnerDecoder(plan);
    decoder.push(chunk);
    chunk.fill('x');
    expect(decoder.push(Buffer.from('eway 1\n'))).toEqual([
      { kind: 'variable', name: 'gateway', value: '1' },
    ]);
  });

  it.each(['timeout', 'missing', 'unknown-placeholder'] as const)('knows the status %s', (status) => {
    const [event] = new RunnerDecoder(plan).push(Buffer.from(frame('c', '', '', `${status} 127 1 1 0 0 1`)));
    expect(event).toMatchObject({ kind: 'result', result: { status, code: 127, truncated: true } });
  });

  it.each([
    ['something else', 'sh: syntax error\n'],
    ['an empty line', '\n'],
    ['a banner before the frames', `Welcome!\n${stream}`],
    ['a result that nobody asked for', frame('z', 'x')],
    ['a status that there is not', frame('a', '', '', 'done 0 1 2 0 0 0')],
    ['a length that is no number', frame('a', '', '', 'exited 0 1 2 x 0 0')],
    ['a length below nothing', frame('a', '', '', 'exited 0 1 2 -1 0 0')],
    ['a length that the runner never sends', frame('a', '', '', 'exited 0 1 2 1048577 0 0')],
    ['half a length', frame('a', '', '', 'exited 0 1 2 0.5 0 0')],
    ['a header that is too short', 'nettools-result a exited 0\n'],
    ['a line without end', 'x'.repeat(2000)],
    ['a body that is longer than it says', frame('a', 'too long', '', 'exited 0 1 2 3 0 0')],
  ])('refuses %s', (_title, text) => {
    expect(() => new RunnerDecoder(plan).push(Buffer.from(text))).toThrow(
      /unexpected output of the probe runner/,
    );
  });

  it('quotes a little of what it refuses', () => {
    const text = `${'\u001b[31m'}sh: 1: not found ${'x'.repeat(500)}\n`;
    expect(() => new RunnerDecoder(plan).push(Buffer.from(text))).toThrow('\\u001b[31msh: 1: not found xxx');
  });
});
