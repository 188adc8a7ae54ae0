import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root as workTree } from '../lib/process.ts';

/** The images that image/Dockerfile makes, smaller first: what is in `slim` is in `full` too. */
export const imageTargets = ['slim', 'full'] as const;
export type ImageTarget = (typeof imageTargets)[number];

/** A command of the images, or a file. */
export interface Tool {
  /** A command's name, or an absolute path. */
  readonly name: string;
  /** The smallest image that has it. */
  readonly image: ImageTarget;
  /** The Debian package that brings it. */
  readonly package: string;
  /** Arguments with which it ends at once. */
  readonly tryArgs: readonly string[];
  /** What it then exits with, without any capability. */
  readonly tryExit: { readonly root: number; readonly other: number };
  /** What one sees with it; absent for what needs no words. */
  readonly shows?: string;
  /** One useful command line. */
  readonly use?: string;
}

/** A heading of the list and the tools under it. */
export interface ToolGroup {
  readonly title: string;
  readonly tools: readonly Tool[];
}

/** image/, the images' build context. */
export const imageDir = path.join(workTree, 'image');

/** @returns the groups of image/tools.list */
export function readTools(): readonly ToolGroup[] {
  return parseTools(readFileSync(path.join(imageDir, 'tools.list'), 'utf8'));
}

/**
 * @param text in the format that the head of image/tools.list describes
 * @throws Error that names the line which does not fit
 */
export function parseTools(text: string): readonly ToolGroup[] {
  const groups: { title: string; tools: Tool[] }[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.startsWith('## ')) groups.push({ title: line.slice(3).trim(), tools: [] });
    else if (line.trim() !== '' && !line.startsWith('#')) {
      const group = groups.at(-1);
      const tool = parseTool(line);
      if (group === undefined || tool === undefined) {
        throw new Error(`tools.list:${index + 1}: not a tool under a heading: ${line}`);
      }
      group.tools.push(tool);
    }
  }
  return groups;
}

function parseTool(line: string): Tool | undefined {
  const [name, image, source, attempt = '', shows, ...rest] = line.split('|').map((cell) => cell.trim());
  const target = imageTargets.find((one) => one === image);
  if (!name || target === undefined || !source) return undefined;
  const [args = '', exit = '0'] = attempt.split('=>').map((part) => part.trim());
  const [root = '', other = root] = exit.split('/');
  // The last column may hold a pipe: it is what is left of the line.
  const use = rest.length > 0 ? line.split('|').slice(5).join('|').trim() : undefined;
  return {
    name,
    image: target,
    package: source,
    tryArgs: attempt === '' ? ['--version'] : args.split(/\s+/).filter((arg) => arg !== ''),
    tryExit: { root: Number(root), other: Number(other) },
    ...(shows ? { shows } : {}),
    ...(use ? { use } : {}),
  };
}

/** @returns the commands that an image has, without its files */
export function toolsOf(groups: readonly ToolGroup[], image: ImageTarget): readonly Tool[] {
  return groups
    .flatMap((group) => group.tools)
    .filter((tool) => !tool.name.startsWith('/') && (image === 'full' || tool.image === 'slim'));
}

/** @returns the Debian packages that an image is asked to have, sorted; their dependencies come with them */
export function packagesOf(groups: readonly ToolGroup[], image: ImageTarget): readonly string[] {
  const wanted = groups
    .flatMap((group) => group.tools)
    .filter((tool) => image === 'full' || tool.image === 'slim');
  return [...new Set(wanted.map((tool) => tool.package))].sort();
}
