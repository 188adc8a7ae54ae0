/** What a value may be, as data: the parser checks by it, and the JSON Schema for editors is made of it. Pure. */
import { type Located, LocatedError } from './located.ts';

/** `what` ends the sentence "KEY must be …". */
export type Shape =
  | {
      readonly kind: 'text';
      readonly what: string;
      readonly choices?: readonly string[];
      /** A regular expression that the whole of it matches. */
      readonly pattern?: string;
    }
  | {
      readonly kind: 'number';
      readonly what: string;
      readonly least: number;
      readonly most: number;
    }
  | { readonly kind: 'truth' }
  | { readonly kind: 'list'; readonly of: Shape }
  | { readonly kind: 'map'; readonly keys: Readonly<Record<string, KeyShape>> }
  /** Told apart by what the node is: at most one text or number, one list and one map. */
  | { readonly kind: 'either'; readonly of: readonly Shape[]; readonly what: string };

export interface KeyShape {
  readonly shape: Shape;
  readonly required?: true;
  /** For editors: one sentence. */
  readonly describe: string;
}

/** A value that has its shape, and where each of its keys stands. */
export type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };

/**
 * Reads a node as its shape has it.
 * @param path of the node: `tests[2].expect`
 * @throws {LocatedError} it is something else
 */
export function readShape(node: Located, shape: Shape, path: string): Value {
  switch (shape.kind) {
    case 'either':
      return readShape(node, alternative(node, shape, path), path);
    case 'map':
      return mapOf(node, shape, path);
    case 'list':
      if (node.kind !== 'list') throw wrong(node, path, 'a list');
      if (node.items.length === 0) throw new LocatedError(`${path} is an empty list`, node.line);
      return node.items.map((item, i) => readShape(item, shape.of, `${path}[${i + 1}]`));
    case 'truth':
      if (node.kind !== 'text' || !/^(?:true|false)$/.test(node.text))
        throw wrong(node, path, 'true or false');
      return node.text === 'true';
    case 'number':
      return numberOf(node, shape, path);
    case 'text':
      return textOf(node, shape, path);
  }
}

function alternative(node: Located, { of, what }: Extract<Shape, { kind: 'either' }>, path: string): Shape {
  const isScalar = ({ kind }: Shape): boolean => kind !== 'list' && kind !== 'map';
  const fitting = of.filter((one) => (node.kind === 'text' ? isScalar(one) : one.kind === node.kind));
  const isNumber = node.kind === 'text' && node.isPlain && /^\d+$/.test(node.text);
  const chosen = fitting.find(({ kind }) => (kind === 'number') === isNumber) ?? fitting[0];
  if (chosen === undefined) throw wrong(node, path, what);
  return chosen;
}

function mapOf(node: Located, { keys }: Extract<Shape, { kind: 'map' }>, path: string): Value {
  const names = Object.keys(keys);
  if (node.kind !== 'map') throw wrong(node, path, `a mapping with ${listed(names)}`);
  const entries = node.entries.map(({ key, line, value }) => {
    const known = Object.hasOwn(keys, key) ? keys[key] : undefined;
    if (known === undefined)
      throw new LocatedError(`${place(path)} has no key "${key}"; it may have ${listed(names)}`, line);
    return [key, readShape(value, known.shape, below(path, key))] as const;
  });
  const missing = names.find((name) => keys[name]?.required && !entries.some(([key]) => key === name));
  if (missing !== undefined) throw new LocatedError(`${place(path)} needs the key "${missing}"`, node.line);
  return Object.fromEntries(entries);
}

function numberOf(
  node: Located,
  { what, least, most }: Extract<Shape, { kind: 'number' }>,
  path: string,
): number {
  if (node.kind !== 'text' || !node.isPlain || !/^\d{1,15}$/.test(node.text)) throw wrong(node, path, what);
  const number = Number(node.text);
  if (number < least || number > most) throw wrong(node, path, what);
  return number;
}

function textOf(
  node: Located,
  { what, choices, pattern }: Extract<Shape, { kind: 'text' }>,
  path: string,
): string {
  if (node.kind !== 'text' || node.text === '') throw wrong(node, path, what);
  const fits =
    (choices === undefined || choices.includes(node.text)) &&
    (pattern === undefined || new RegExp(`^(?:${pattern})$`, 'u').test(node.text));
  if (!fits) throw wrong(node, path, what);
  return node.text;
}

function wrong(node: Located, path: string, what: string): LocatedError {
  const seen =
    node.kind === 'text'
      ? node.text === ''
        ? 'nothing'
        : `"${node.text.slice(0, 60)}"`
      : { list: 'a list', map: 'a mapping' }[node.kind];
  return new LocatedError(`${place(path)} must be ${what}, not ${seen}`, node.line);
}

function place(path: string): string {
  return path === '' ? 'the document' : path;
}

/** A key's path. */
export function below(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
