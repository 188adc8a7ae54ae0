import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../../../scripts/lib/process.ts';
import { cutVersion, releaseNotes } from '../../../../scripts/release/changelog.ts';

const changelog = `# Changelog

## [Unreleased]

### Added

- New.

## [0.1.0] - 2026-01-01

- Old.
`;

describe('releaseNotes', () => {
  it('gives what stands below a version, and nothing of the next', () => {
    expect(releaseNotes(changelog, 'v0.1.0')).toBe('- Old.\n');
  });

  it('refuses a version that is missing or empty', () => {
    expect(() => releaseNotes(changelog, 'v0.2.0')).toThrow('no section for v0.2.0');
    expect(() => releaseNotes('## [1.0.0]\n\n## [0.9.0]\n- x', 'v1.0.0')).toThrow('says nothing');
  });
});

describe('cutVersion', () => {
  it('dates what is unreleased', () => {
    const cut = cutVersion(changelog, 'v0.2.0', '2026-02-03');
    expect(cut).toContain('## [Unreleased]\n\n## [0.2.0] - 2026-02-03\n\n### Added\n\n- New.\n\n## [0.1.0]');
    expect(releaseNotes(cut, 'v0.2.0')).toBe('### Added\n\n- New.\n');
  });

  it('refuses a version that is there, and one with nothing to say', () => {
    expect(() => cutVersion(changelog, 'v0.1.0', '2026-02-03')).toThrow('already has');
    expect(() => cutVersion('## [Unreleased]\n\n## [0.1.0]\n', 'v0.2.0', '2026-02-03')).toThrow(
      'says nothing',
    );
  });

  it("takes the project's own changelog", () => {
    const own = readFileSync(path.join(root, 'CHANGELOG.md'), 'utf8');
    expect(releaseNotes(cutVersion(own, 'v999.0.0', '2026-02-03'), 'v999.0.0')).toContain('diagnose');
  });
});
