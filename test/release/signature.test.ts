import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { attempt } from '../cluster/proc.ts';
import { unpack } from './archives.ts';
import { releaseTool } from './tools.ts';

describe.each(['amd64', 'arm64'] as const)('the macOS binary for %s', (arch) => {
  it('has an ad-hoc signature that a verifier accepts, and that a changed byte breaks', async () => {
    const verifier = await releaseTool('verify-macho');
    const program = join(await unpack({ os: 'darwin', arch }), 'kubectl-nettools');
    expect(await attempt([verifier, program])).toMatchObject({ code: 0, stderr: '' });
    const changed = readFileSync(program);
    changed.writeUInt8(changed.readUInt8(5_000_000) ^ 1, 5_000_000);
    writeFileSync(program, changed);
    expect(await attempt([verifier, program])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('page 1220'),
    });
  });
});
