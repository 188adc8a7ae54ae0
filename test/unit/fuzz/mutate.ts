/** What properties are tried on: recorded texts, and ways to break them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { recordingsDir } from '../../recordings/recordings.ts';

/** The same tries in every run: what fails here fails everywhere. */
export const SEED = 20_260_101;

/** Text that tools, names and people never mean: what breaks parsers. */
const ODD_TEXT = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ maxLength: 12 }),
  fc.constantFrom(
    '\n',
    '\r\n',
    ' ',
    '\t',
    '\0',
    '\u001b[2J',
    '\u202e',
    '\ud800',
    ':',
    '"',
    '{',
    ']',
    '-',
    '-1',
    '0',
    '1e999',
    'NaN',
    '99999999999999999999',
    '__proto__',
    'constructor',
    'undefined',
  ),
);

/** JSON that stands where other JSON is meant. */
const ODD_JSON: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -1, 2 ** 53, 0.1, '', [], {}, [null], { a: null }),
  fc.jsonValue({ maxDepth: 1 }),
  ODD_TEXT,
);

/** `text`, broken in up to four places. */
export function brokenText(text: string): fc.Arbitrary<string> {
  const place = fc.nat({ max: text.length });
  const step = fc.oneof(
    fc.tuple(place, fc.nat({ max: 40 }), ODD_TEXT).map(
      ([at, length, odd]) =>
        (old: string) =>
          `${old.slice(0, at)}${odd}${old.slice(at + length)}`,
    ),
    place.map((at) => (old: string) => old.slice(0, at)),
    fc.tuple(place, fc.nat({ max: 200 })).map(
      ([at, length]) =>
        (old: string) =>
          `${old.slice(0, at)}${old.slice(at, at + length)}${old.slice(at)}`,
    ),
    fc.tuple(fc.nat({ max: 200 }), fc.nat({ max: 200 })).map(([from, to]) => (old: string) => {
      const lines = old.split('\n');
      const [line = ''] = lines.splice(from % lines.length, 1);
      lines.splice(to % (lines.length + 1), 0, line);
      return lines.join('\n');
    }),
  );
  return fc
    .array(step, { minLength: 1, maxLength: 4 })
    .map((steps) => steps.reduce((old, change) => change(old), text));
}

/** `value`, plain JSON, with up to three of its parts taken out or put to something else. */
export function brokenJson(value: unknown): fc.Arbitrary<unknown> {
  const paths = pathsOf(value);
  const step = fc.record({
    path: fc.nat({ max: paths.length - 1 }).map((i) => paths[i] ?? []),
    to: fc.option(ODD_JSON, { nil: undefined }),
  });
  return fc.array(step, { minLength: 1, maxLength: 3 }).map((steps) => {
    const copy: unknown = structuredClone(value);
    // A copy of what is put in: it may be the place of the next step.
    return steps.reduce((root, { path, to }) => put(root, path, structuredClone(to)), copy);
  });
}

type Path = readonly (string | number)[];

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const keys: Path = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return [
    path,
    ...keys.flatMap((key) => pathsOf((value as Record<string | number, unknown>)[key], [...path, key])),
  ];
}

/** @param to undefined: without it */
function put(root: unknown, path: Path, to: unknown): unknown {
  const last = path.at(-1);
  if (last === undefined) return to ?? null;
  let at: unknown = root;
  for (const key of path.slice(0, -1))
    at = (at as Record<string | number, unknown> | null | undefined)?.[key];
  if (typeof at !== 'object' || at === null) return root;
  if (to === undefined) Reflect.deleteProperty(at, last);
  else Reflect.set(at, last, to);
  return root;
}

/** Whatever the tools in the recordings printed, each text once. */
export function recordedTexts(): string[] {
  const files = [recordingsDir, join(recordingsDir, 'bundles')].flatMap((folder) =>
    readdirSync(folder).flatMap((file) => (file.endsWith('.json') ? [join(folder, file)] : [])),
  );
  const texts = files.flatMap((file) => outputsIn(JSON.parse(readFileSync(file, 'utf8'))));
  return [...new Set(texts)];
}

function outputsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) =>
    (key === 'stdout' || key === 'stderr') && typeof one === 'string' ? [one] : outputsIn(one),
  );
}
