/** Reads JSON that a tool printed, where nothing is known of its shape. Pure. */

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** What the text says; `undefined` when it is not JSON, nor what a tool prints for it. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    try {
      return JSON.parse(withLegalStrings(text));
    } catch {
      return undefined;
    }
  }
}

/** The objects of a JSON list; `undefined` when the text is not a list. */
export function jsonObjects(text: string): JsonObject[] | undefined {
  const parsed = parseJson(text);
  return Array.isArray(parsed) ? parsed.filter(isObject) : undefined;
}

/** What may follow a backslash (RFC 8259, section 7). */
const ESCAPES = '"\\/bfnrtu';

/**
 * iproute2 prints control characters in strings as they are, and an apostrophe with a backslash (lib/json_writer.c,
 * jsonw_puts): one interface with an escape character in its name would make the whole list unreadable.
 */
function withLegalStrings(text: string): string {
  const parts: string[] = [];
  let from = 0;
  let isString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? '';
    if (character === '"') isString = !isString;
    if (!isString) continue;
    if (character === '\\') {
      if (!ESCAPES.includes(text[at + 1] ?? '"')) {
        parts.push(text.slice(from, at));
        from = at + 1;
      }
      at++;
    } else if (character < ' ') {
      parts.push(text.slice(from, at), `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
      from = at + 1;
    }
  }
  return [...parts, text.slice(from)].join('');
}

/** The objects in a list that is a member of another object. */
export function objectsIn(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The texts in a list that is a member of another object. */
export function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((v) => typeof v === 'string') : [];
}

/** A member that is a text, or `undefined`. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A member that is a number, or `undefined`. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** A member that is an object, or an empty one. */
export function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
