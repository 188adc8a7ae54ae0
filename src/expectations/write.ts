/** Writes a file of expectations, one line for each. Pure. */
import { dump } from 'js-yaml';
import { NETWORK_TEST_SCHEMA } from '../model/documentation.ts';

/** Plain values, as they stand in the file. */
export interface WrittenTest {
  readonly name?: string;
  readonly from: string | object;
  readonly to?: string | object;
  readonly dns?: string;
  readonly expect: string | object;
}

export interface TestDocument {
  readonly name: string;
  readonly namespace?: string;
  readonly tests: readonly WrittenTest[];
  /** Lines at the end, without their sign: what was left out, and why. */
  readonly remarks?: readonly string[];
}

/** Ends with a newline. */
export function writeNetworkTests({ name, namespace, tests, remarks = [] }: TestDocument): string {
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
  return [
    `# yaml-language-server: $schema=${NETWORK_TEST_SCHEMA}`,
    'apiVersion: nettools/v1',
    'kind: NetworkTest',
    `metadata: ${inline(metadata)}`,
    'tests:',
    ...tests.map((test) => `  - ${inline(test)}`),
    ...remarks.map((remark) => `# ${remark.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')}`),
    '',
  ].join('\n');
}

function inline(value: object): string {
  return dump(value, { flowLevel: 0, lineWidth: -1, noRefs: true }).trimEnd();
}
