// CHANGELOG.md is written as keepachangelog.com 1.1.0 says: one `## [X.Y.Z] - DATE` for each version, newest first, below
// `## [Unreleased]`.

const unreleased = '## [Unreleased]';

/**
 * The notes of one version: what stands between its heading and the next.
 * @param version as a tag has it: `v1.2.3`
 */
export function releaseNotes(changelog: string, version: string): string {
  const lines = changelog.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`## [${version.slice(1)}]`));
  if (start === -1) throw new Error(`CHANGELOG.md has no section for ${version}`);
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => line.startsWith('## '));
  const notes = (end === -1 ? rest : rest.slice(0, end)).join('\n').trim();
  if (notes === '') throw new Error(`CHANGELOG.md says nothing about ${version}`);
  return `${notes}\n`;
}

/** True when a version has its section. */
export function hasVersion(changelog: string, version: string): boolean {
  return changelog.includes(`## [${version.slice(1)}]`);
}

/**
 * Turns what is unreleased into a version's section and leaves an empty one above it.
 * @param date of the release, as `2026-01-31`
 */
export function cutVersion(changelog: string, version: string, date: string): string {
  const heading = `## [${version.slice(1)}] - ${date}`;
  if (hasVersion(changelog, version)) throw new Error(`CHANGELOG.md already has a section for ${version}`);
  const cut = changelog.replace(unreleased, `${unreleased}\n\n${heading}`);
  if (cut === changelog) throw new Error(`CHANGELOG.md has no line "${unreleased}"`);
  releaseNotes(cut, version);
  return cut;
}
