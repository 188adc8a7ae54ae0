import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { root } from '../lib/process.ts';

/** The folders of checks: those that say what they are about. */
async function checkFolders(): Promise<string[]> {
  const entries = await readdir(path.join(root, 'src/checks'), { recursive: true });
  return entries
    .filter((entry) => path.basename(entry) === 'about.ts' && path.dirname(entry) !== '.')
    .map((entry) => path.dirname(entry))
    .filter((folder) => folder !== 'shared')
    .sort();
}

const HEAD = '// Made by "npm run generate" from the folders of src/checks: do not edit.\n';

/** src/checks/about.ts: what is known of every check without its code. */
export async function checksAbout(): Promise<string> {
  const folders = await checkFolders();
  return `${HEAD}import type { CheckAbout } from '../model/check-about.ts';
${folders.map((folder) => `import ${folder} from './${folder}/about.ts';`).join('\n')}

/** By id. */
export const ABOUTS: readonly CheckAbout[] = [
${folders.map((folder) => `  ${folder},`).join('\n')}
];
`;
}
