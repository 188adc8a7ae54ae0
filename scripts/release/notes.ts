import { releaseNotes } from './changelog.ts';
import { project } from './project.ts';

/** The text of a release's page. */
export function releasePage(changelog: string, version: string): string {
  return `${releaseNotes(changelog, version)}
How to install and to verify this: ${project.repository}/blob/${version}/docs/install.md
`;
}
