import { loadAll } from 'js-yaml';

/**
 * A certificate, a key or a token behind its name. What begins with a letter and is as long as that is a text to YAML, and
 * none of its characters means anything, in quotes or without.
 */
const LONG_VALUE = /(?<=: ["']?)[A-Za-z][\w+/=.-]{63,}/g;
const STAND_IN = 'nettools-stand-in-';
/** The last dash keeps it from being taken for another one with something behind it. */
const WHOLE_STAND_IN = /^nettools-stand-in-(\d+)-$/;

/**
 * The first document of a text in YAML. js-yaml looks at each character several times, which V8 finds worth optimizing: of
 * the 6 KB of a certificate, a key and an authority that took a seventh of a warm command's CPU. So short names stand in for them
 * while it reads, where that leaves no doubt.
 * @returns undefined when there is none
 * @throws {YAMLException}
 */
export function firstDocument(text: string): unknown {
  const values: string[] = [];
  const short = text.replace(LONG_VALUE, (value) => `${STAND_IN}${values.push(value) - 1}-`);
  if (values.length === 0 || text.includes(STAND_IN)) return loadAll(text)[0];
  try {
    const root: unknown[] = [loadAll(short)[0]];
    if (restored(root, values) === values.length) return root[0];
  } catch {
    // Whatever is wrong is told of the text itself.
  }
  return loadAll(text)[0];
}

/** Puts the values back in place. @returns how many; fewer when one stood in a comment, say, or within a longer text */
function restored(node: object, values: readonly string[]): number {
  let count = 0;
  for (const [key, inner] of Object.entries(node)) {
    if (typeof inner === 'object' && inner !== null) count += restored(inner, values);
    else if (typeof inner === 'string' && inner.startsWith(STAND_IN)) {
      const value = values[Number(WHOLE_STAND_IN.exec(inner)?.[1])];
      if (value === undefined) continue;
      (node as Record<string, unknown>)[key] = value;
      count++;
    }
  }
  return count;
}
