import { existsSync } from 'node:fs';
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

/** src/checks/registry.ts: every check's code that is pure. */
export async function checksRegistry(): Promise<string> {
  const folders = await checkFolders();
  return `${HEAD}${folders.map((folder) => `import ${folder} from './${folder}/check.ts';`).join('\n')}

/** All checks by id. A saved run names its checks by these ids. */
export const CHECKS = {
${folders.map((folder) => `  ${folder},`).join('\n')}
} as const;

/** The name of a check. */
export type CheckId = keyof typeof CHECKS;
`;
}

/** src/checks/preparations.ts: how each check's input is read. */
export async function checksPreparations(): Promise<string> {
  const folders = await checkFolders();
  const imports = [
    ...folders.map((folder) => ({ from: `./${folder}/prepare.ts`, what: folder })),
    { from: './registry.ts', what: 'type { CHECKS, CheckId }' },
  ].sort((a, b) => (a.from < b.from ? -1 : 1));
  return `${HEAD}import type { InputContext } from '../cluster/context.ts';
import type { InputOf } from '../model/check.ts';
${imports.map(({ from, what }) => `import ${what} from '${from}';`).join('\n')}

type Prepare<Input> = (context: InputContext) => Promise<Input | undefined>;

/** How each check's input is made from the command line and the API; \`undefined\`: there is nothing for it to look at. */
export const PREPARATIONS: { readonly [Id in CheckId]: Prepare<InputOf<(typeof CHECKS)[Id]>> } = {
${folders.map((folder) => `  ${folder},`).join('\n')}
};
`;
}

/** src/checks/places.ts: what the checks do at places beside the target. */
export async function checksPlaces(): Promise<string> {
  const folders = await checkFolders();
  const own = folders.filter((folder) => existsSync(path.join(root, 'src/checks', folder, 'places.ts')));
  const imports = [
    ...own.map((folder) => ({ from: `./${folder}/places.ts`, what: folder })),
    { from: './registry.ts', what: 'type { CHECKS, CheckId }' },
  ].sort((a, b) => (a.from < b.from ? -1 : 1));
  return `${HEAD}import type { InputOf } from '../model/check.ts';
import type { Places } from '../model/place.ts';
${imports.map(({ from, what }) => `import ${what} from '${from}';`).join('\n')}

/** What a check does at places beside the target; absent: nothing. */
export const PLACES: { readonly [Id in CheckId]?: Places<InputOf<(typeof CHECKS)[Id]>> } = {
${own.map((folder) => `  ${folder},`).join('\n')}
};
`;
}
