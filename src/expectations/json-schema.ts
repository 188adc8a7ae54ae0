/** The JSON Schema of a NetworkTest, for editors. Pure. */
import { FILE } from './file-shape.ts';
import type { Shape } from './shape.ts';

/** Draft 7, which the editors' language servers know best. */
export function networkTestSchema(): object {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'kubectl nettools: expectations of a network (test -f FILE)',
    ...schemaOf(FILE),
  };
}

function schemaOf(shape: Shape): Record<string, unknown> {
  switch (shape.kind) {
    case 'text': {
      const { choices, pattern } = shape;
      if (choices !== undefined) return choices.length === 1 ? { const: choices[0] } : { enum: choices };
      if (pattern === undefined) return { type: 'string', minLength: 1 };
      // A port is a number to YAML, and a text to us.
      const isNumberToo = new RegExp(`^(?:${pattern})$`, 'u').test('8080');
      return { type: isNumberToo ? ['string', 'integer'] : 'string', pattern: `^(?:${pattern})$` };
    }
    case 'number':
      return { type: 'integer', minimum: shape.least, maximum: shape.most };
    case 'truth':
      return { type: 'boolean' };
    case 'list':
      return { type: 'array', minItems: 1, items: schemaOf(shape.of) };
    case 'either':
      return { anyOf: shape.of.map(schemaOf) };
    case 'map': {
      const required = Object.entries(shape.keys).flatMap(([key, { required }]) => (required ? [key] : []));
      return {
        type: 'object',
        additionalProperties: false,
        ...(required.length === 0 ? {} : { required }),
        properties: Object.fromEntries(
          Object.entries(shape.keys).map(([key, { shape: one, describe }]) => [
            key,
            { description: describe, ...schemaOf(one) },
          ]),
        ),
      };
    }
  }
}
