import { describe, expect, it } from 'vitest';
import { completionRequest } from '../../../src/cli/complete.ts';

function choices(...argv: string[]): string[] {
  const request = completionRequest(argv);
  if (request.kind !== 'choices') throw new Error(`${request.kind}, not choices`);
  return request.choices.map(({ value }) => value);
}

describe('completionRequest', () => {
  it('offers commands with what they do', () => {
    expect(completionRequest(['lat'])).toEqual({
      kind: 'choices',
      choices: [{ value: 'latency', description: expect.stringContaining('round-trip') }],
    });
    expect(choices('')).toEqual(expect.arrayContaining(['latency', 'run', 'shell', 'sessions', 'version']));
    expect(choices('sess')).toEqual(['sessions']);
    expect(choices('sessions', '')).toEqual(['ls', 'stop']);
    expect(choices('sessions', 'st')).toEqual(['stop']);
    expect(choices('nonsense', '')).toEqual([]);
  });

  it('offers files of expectations, and what comes after the name', () => {
    expect(completionRequest(['test', '-f', ''])).toEqual({ kind: 'files' });
    expect(choices('test', '-o', 't')).toEqual(['table', 'tap']);
    expect(choices('test', 'i')).toEqual(['init']);
    expect(choices('test', '--wit')).toEqual(['--witness']);
    expect(completionRequest(['test', 'init', 'de'])).toMatchObject({
      lookup: { kind: 'target', prefix: 'de' },
    });
  });

  it('offers the flags of the command', () => {
    expect(choices('latency', 'web', '--f')).toEqual(['--fail-on']);
    expect(choices('run', '--as')).toEqual(['--as', '--as-group', '--as-uid']);
    expect(choices('run', '--fail')).toEqual([]);
    expect(choices('-')).toContain('--namespace');
  });

  it('offers values that can be listed, behind a space or an equals sign', () => {
    expect(choices('latency', '-o', '')).toEqual([
      'table',
      'json',
      'yaml',
      'junit',
      'markdown',
      'html',
      'openmetrics',
    ]);
    expect(choices('preflight', '-o', '')).toEqual(['table', 'json', 'yaml']);
    expect(choices('latency', '--output', 'j')).toEqual(['json', 'junit']);
    expect(choices('latency', '--output=js')).toEqual(['json']);
    expect(choices('latency', '--profile=')).toContain('restricted');
    expect(choices('latency', '--count', '')).toEqual([]);
  });

  it('leaves files and commands to the shell', () => {
    expect(completionRequest(['latency', '--kubeconfig', './k'])).toEqual({ kind: 'files' });
    expect(completionRequest(['run', 'web', '--', 'l'])).toEqual({ kind: 'files' });
  });

  it('looks up names with the connection flags that the line has so far', () => {
    expect(completionRequest(['-n', 'prod', 'latency', '--context', 'c', 'we'])).toEqual({
      kind: 'names',
      before: '',
      lookup: { kind: 'target', prefix: 'we', connection: { namespace: 'prod', context: 'c' } },
    });
    expect(completionRequest(['latency', '-n', 'k'])).toMatchObject({
      lookup: { kind: 'namespace', prefix: 'k', connection: {} },
    });
    expect(completionRequest(['latency', '--context='])).toMatchObject({
      before: '',
      lookup: { kind: 'context', prefix: '' },
    });
    expect(completionRequest(['sessions', 'ls', ''])).toMatchObject({ lookup: { kind: 'sessionsTarget' } });
  });

  it('offers further targets where a command takes several', () => {
    for (const command of ['diagnose', 'run'])
      expect(completionRequest([command, 'web-0', 'we'])).toMatchObject({
        lookup: { kind: 'target', prefix: 'we' },
      });
    expect(choices('dns', 'web-0', '')).toEqual([]);
    expect(choices('shell', 'web-0', '')).toEqual([]);
  });

  it('completes the last of several destinations, and containers of the target', () => {
    expect(completionRequest(['latency', 'web', '--to', 'a,svc/d'])).toEqual({
      kind: 'names',
      before: 'a,',
      lookup: { kind: 'destination', prefix: 'svc/d', connection: {}, target: 'web' },
    });
    expect(completionRequest(['latency', 'web', '-c', ''])).toMatchObject({
      lookup: { kind: 'container', target: 'web' },
    });
  });

  it('offers findings to explain, files to judge, and what completion itself can do', () => {
    expect(completionRequest(['explain', 'nt-l'])).toMatchObject({
      lookup: { kind: 'finding', prefix: 'nt-l' },
    });
    expect(completionRequest(['judge', './r'])).toEqual({ kind: 'files' });
    expect(choices('completion', '')).toEqual(['install']);
    expect(choices('explain', 'NT-LAT-001', '')).toEqual([]);
  });

  it('offers places to a matrix, and more of them', () => {
    const lookup = { kind: 'matrixPlace', prefix: 'p' };
    for (const words of [['p'], ['nodes', 'p'], ['nodes', '--to', 'p'], ['nodes', '--to=p']])
      expect(completionRequest(['matrix', ...words])).toMatchObject({ lookup });
  });

  it.each(['capture', 'preflight', 'run'])('offers the flags of many targets to %s', (command) => {
    expect(choices(command, '--all')).toEqual(['--all', '--all-namespaces', '--all-nodes']);
  });

  it('offers no second target where there is one, and none where none belongs', () => {
    expect(choices('shell', 'web', '')).toEqual([]);
    expect(choices('version', '')).toEqual([]);
  });

  it('bears a line that makes no sense yet', () => {
    expect(completionRequest(['latency', '--request-timeout', 'x', '-v=q', ''])).toMatchObject({
      lookup: { connection: {} },
    });
    expect(choices()).toContain('latency');
  });
});
