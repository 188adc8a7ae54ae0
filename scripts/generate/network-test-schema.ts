import { networkTestSchema } from '../../src/expectations/json-schema.ts';

/** What a line of JSON may be long, as the formatter has it. */
const WIDTH = 110;

/** src/expectations/network-test.schema.json: the keys of a NetworkTest for editors, as the formatter would write it. */
export function networkTestSchemaFile(): string {
  return `${written(networkTestSchema(), '', 0)}\n`;
}

/** @param taken characters that stand before it on its line */
function written(value: unknown, indent: string, taken: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const isFlat = value.every((one) => typeof one !== 'object');
    const line = `[${value.map((one) => JSON.stringify(one)).join(', ')}]`;
    // A comma may follow.
    if (isFlat && taken + line.length < WIDTH) return line;
    const items = value.map((one) => `${inner}${written(one, inner, inner.length)}`);
    return `[\n${items.join(',\n')}\n${indent}]`;
  }
  const entries = Object.entries(value).map(([key, one]) => {
    const start = `${inner}${JSON.stringify(key)}: `;
    return `${start}${written(one, inner, start.length)}`;
  });
  return `{\n${entries.join(',\n')}\n${indent}}`;
}
