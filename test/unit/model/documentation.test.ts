import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { AIR_GAPPED_PAGE, RBAC_PAGE } from '../../../src/model/documentation.ts';

it('names pages that are there, in the repository of the releases', () => {
  const { repository } = JSON.parse(readFileSync('plugin-manifest/project.json', 'utf8')) as {
    repository: string;
  };
  const pages = `${repository}/blob/main/`;
  for (const page of [RBAC_PAGE, AIR_GAPPED_PAGE]) {
    expect(page.startsWith(pages), page).toBe(true);
    expect(existsSync(page.slice(pages.length)), page).toBe(true);
  }
});
