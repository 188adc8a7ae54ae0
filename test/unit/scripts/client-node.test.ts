import { describe, expect, it } from 'vitest';
import { importedNames } from '../../../scripts/build/client-node.ts';

describe('importedNames', () => {
  it('reads a list, under the names that the package gives', () => {
    expect(importedNames("import { Agent as A, Pool, } from 'undici';", 'undici')).toEqual(['Agent', 'Pool']);
  });

  it('reads what is used of a namespace', () => {
    const text =
      "import * as oidc from 'openid-client';\nawait oidc.discovery(oidc.customFetch); oidc.discovery();";
    expect(importedNames(text, 'openid-client')).toEqual(['discovery', 'customFetch']);
  });

  it('takes a path literally', () => {
    expect(importedNames("import { a } from './gen/index.js';", './gen/index.js')).toEqual(['a']);
    expect(() => importedNames("import { a } from './genxindex.js';", './gen.index.js')).toThrow(
      'cannot tell',
    );
  });
});
