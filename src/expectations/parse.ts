/** From the text of a file to its expectations, or to the one sentence that says what is wrong with it. Pure. */
import { YAMLException } from 'js-yaml';
import { parseDuration } from '../model/duration.ts';
import { UserError } from '../model/errors.ts';
import type {
  ConnectionExpectation,
  Endpoints,
  Expectation,
  Goal,
  NetworkTest,
  NetworkTestFile,
  TestPlace,
} from '../model/network-test.ts';
import { parseRate } from '../model/rate.ts';
import { withoutUndefined } from '../model/without-undefined.ts';
import { FILE } from './file-shape.ts';
import { type Located, LocatedError, locatedDocuments } from './located.ts';
import { readShape, type Value } from './shape.ts';

/** What only the command line can tell. */
export interface Words {
  /** @returns what is wrong with a TARGET, without a full stop; `undefined`: nothing */
  targetProblem(text: string): string | undefined;
  /** The same of a DEST. */
  destProblem(text: string): string | undefined;
}

interface TestValue {
  readonly name?: string;
  readonly from: string | EndpointsValue;
  readonly to?: GoalValue | readonly GoalValue[];
  readonly dns?: string;
  readonly expect: string | ExpectValue;
  readonly within?: string;
}

interface EndpointsValue {
  readonly target?: string;
  readonly selector?: string;
  readonly nodes?: 'all' | readonly string[];
  readonly all?: boolean;
  readonly namespace?: string;
}

type GoalValue = string | (EndpointsValue & { readonly port?: string });

interface ExpectValue {
  readonly connection?: ConnectionExpectation;
  readonly within?: string;
  readonly loss?: string;
  readonly mtu?: number;
  readonly answers?: number | readonly string[];
  readonly status?: number | readonly number[];
  readonly certificateDays?: number;
  readonly certificateNames?: string | readonly string[];
  readonly throughput?: string;
  readonly noFindingAbove?: 'info' | 'warning';
}

/**
 * All documents of one file.
 * @param file what messages call it
 * @throws {UserError} exit 2: one sentence with the file, its line, the test and the key
 */
export function parseNetworkTests(text: string, file: string, words: Words): NetworkTestFile[] {
  let line = 1;
  let where = '';
  try {
    const documents = locatedDocuments(text);
    if (documents.length === 0) throw new LocatedError('there is no document in it', 1);
    return documents.map((document, i) => {
      const number = documents.length === 1 ? undefined : i + 1;
      where = number === undefined ? '' : `document ${number}: `;
      line = document.line;
      const value = documentValue(document);
      const { metadata = {} } = value;
      const tests = testNodes(document).map((node, at): NetworkTest => {
        line = node.line;
        const test = value.tests[at] as unknown as TestValue;
        where = `${number === undefined ? '' : `document ${number}, `}${testName(at, test.name)}: `;
        const place: TestPlace = withoutUndefined({
          file,
          document: number,
          number: at + 1,
          line: node.line,
        });
        return testOf(test, place, words);
      });
      return withoutUndefined({ file, name: metadata.name, namespace: metadata.namespace, tests });
    });
  } catch (error) {
    if (error instanceof YAMLException) {
      throw new UserError(`${at(file, (error.mark?.line ?? 0) + 1)}: ${error.reason}.`, 2);
    }
    if (error instanceof LocatedError)
      throw new UserError(`${at(file, error.line)}: ${where}${error.message}.`, 2);
    if (error instanceof Contradiction)
      throw new UserError(`${at(file, line)}: ${where}${error.message}.`, 2);
    throw error;
  }
}

/** What keys say together that each of them may say alone. */
class Contradiction extends Error {
  override readonly name = 'Contradiction';
}

function at(file: string, line: number): string {
  return `${file === '-' ? 'standard input' : file}:${line}`;
}

function testName(index: number, name: string | undefined): string {
  return `test ${index + 1}${name === undefined ? '' : ` ("${name}")`}`;
}

interface DocumentValue {
  readonly metadata?: { readonly name?: string; readonly namespace?: string };
  readonly tests: readonly Value[];
}

/** A document of another kind is told so, before its keys are. */
function documentValue(document: Located): DocumentValue {
  if (document.kind === 'map') {
    const kind = document.entries.find(({ key }) => key === 'kind')?.value;
    if (kind?.kind === 'text' && kind.text !== 'NetworkTest')
      throw new LocatedError(`kind must be NetworkTest, not "${kind.text.slice(0, 60)}"`, kind.line);
  }
  return readShape(document, FILE, '') as unknown as DocumentValue;
}

function testNodes(document: Located): readonly Located[] {
  const entries = document.kind === 'map' ? document.entries : [];
  const tests = entries.find(({ key }) => key === 'tests')?.value;
  return tests?.kind === 'list' ? tests.items : [];
}

function testOf(value: TestValue, place: TestPlace, words: Words): NetworkTest {
  const { name, dns } = value;
  const from = fromOf(value.from, words);
  const list = value.to === undefined ? [] : Array.isArray(value.to) ? value.to : [value.to];
  const to = (list as readonly GoalValue[]).map((one) => goalOf(one, words));
  if (dns !== undefined && to.length > 0) throw new Contradiction('it may have "to" or "dns", not both');
  const expect = expectationOf(value, dns, to);
  return withoutUndefined({ place, name, from, to, dns, expect });
}

function fromOf(value: TestValue['from'], words: Words): Endpoints {
  if (typeof value === 'string') return endpointsOf({ target: value }, 'from', words);
  return endpointsOf(value, 'from', words);
}

function endpointsOf(value: EndpointsValue, key: string, words: Words): Endpoints {
  const { target, selector, nodes, all, namespace } = value;
  const chosen = [target, selector, nodes].filter((one) => one !== undefined);
  if (chosen.length !== 1) throw new Contradiction(`${key} needs one of target, selector and nodes`);
  const every = all ?? false;
  if (target !== undefined) {
    const problem = words.targetProblem(target);
    if (problem !== undefined) throw new Contradiction(`${key}: ${problem}`);
    return withoutUndefined({ kind: 'target' as const, target, every, namespace });
  }
  if (selector !== undefined)
    return withoutUndefined({ kind: 'selector' as const, selector, every, namespace });
  if (all !== undefined || namespace !== undefined)
    throw new Contradiction(`${key}: nodes have neither "all" nor "namespace"`);
  return withoutUndefined({ kind: 'nodes' as const, names: nodes === 'all' ? undefined : nodes });
}

function goalOf(value: GoalValue, words: Words): Goal {
  if (typeof value === 'string') {
    const problem = words.destProblem(value);
    if (problem !== undefined) throw new Contradiction(`to: ${problem}`);
    return { kind: 'dest', dest: value };
  }
  const { port, ...places } = value;
  const number = Number(port?.replace(/\/.*/, '') ?? 1);
  if (number < 1 || number > 65_535)
    throw new Contradiction(`to.port must be from 1 to 65535, not "${port}"`);
  return withoutUndefined({
    kind: 'places' as const,
    places: endpointsOf(places, 'to', words),
    port: port?.replace(/\/tcp$/, ''),
  });
}

/** What makes no sense without a connection. */
const NEEDS_CONNECTION = ['within', 'status', 'certificateDays', 'certificateNames'] as const;
/** What a name can have. */
const OF_NAMES: readonly string[] = ['within', 'answers', 'noFindingAbove'];

function expectationOf(test: TestValue, dns: string | undefined, to: readonly Goal[]): Expectation {
  const given: ExpectValue =
    typeof test.expect === 'string' ? { connection: test.expect as ConnectionExpectation } : test.expect;
  if (test.within !== undefined && given.within !== undefined)
    throw new Contradiction('"within" stands beside "expect" and in it: one of them is enough');
  const value = test.within === undefined ? given : { ...given, within: test.within };
  const keys = Object.keys(value);
  if (keys.length === 0) throw new Contradiction('expect is empty');
  if (dns !== undefined) {
    const wrong = keys.find((key) => !OF_NAMES.includes(key));
    if (wrong !== undefined)
      throw new Contradiction(`expect.${wrong} is about a connection, and "dns" is a name to look up`);
  } else if (value.answers !== undefined)
    throw new Contradiction('expect.answers needs "dns": a name to look up');
  else if (to.length === 0 && keys.some((key) => key !== 'noFindingAbove'))
    throw new Contradiction('without "to" or "dns" it can expect nothing but noFindingAbove');
  if (value.within !== undefined && parseDuration(value.within) === 0)
    throw new Contradiction('within is no time at all: nothing is as fast as that');
  const isNeeded = dns === undefined && NEEDS_CONNECTION.some((key) => value[key] !== undefined);
  const connection = value.connection ?? (isNeeded ? 'connected' : undefined);
  refuseUnprovable(connection, value, to);
  return withoutUndefined({
    connection,
    withinMs: value.within === undefined ? undefined : parseDuration(value.within),
    loss: value.loss === undefined ? undefined : Number(value.loss.replace('%', '')) / 100,
    mtu: value.mtu,
    answers: value.answers,
    status: asList(value.status),
    certificateDays: value.certificateDays,
    certificateNames: asList(value.certificateNames),
    throughputBits: value.throughput === undefined ? undefined : parseRate(value.throughput),
    noFindingAbove: value.noFindingAbove,
  });
}

function refuseUnprovable(
  connection: ConnectionExpectation | undefined,
  value: ExpectValue,
  to: readonly Goal[],
): void {
  if (connection === 'denied' || connection === 'refused') {
    const extra = [...NEEDS_CONNECTION, 'throughput' as const].find((key) => value[key] !== undefined);
    if (extra !== undefined)
      throw new Contradiction(`what is ${connection} has no "${extra}": it needs a connection`);
    if (value.noFindingAbove !== undefined)
      throw new Contradiction(`what is ${connection} is a finding: "noFindingAbove" cannot stand beside it`);
  }
  if (value.status !== undefined && !to.every((one) => one.kind === 'dest' && /^https?:/i.test(one.dest)))
    throw new Contradiction('expect.status needs a URL in "to"');
  const bare = connection === undefined ? undefined : to.find(isWithoutPort);
  if (bare !== undefined)
    throw new Contradiction(
      `${bare.kind === 'dest' ? `"${bare.dest}"` : 'to'} needs a port: a connection is expected of it`,
    );
}

/** A pod or a Service declares some; a URL has one. */
function isWithoutPort(goal: Goal): boolean {
  if (goal.kind === 'places') {
    const { places, port } = goal;
    return port === undefined && (places.kind === 'nodes' || /^(?:no|nodes?)\//.test(targetIn(places)));
  }
  const host = goal.dest.replace(/\/udp$/i, '');
  return (
    !/^(?:(?:https?|grpcs?):\/\/|(?:po|pods?|svc|services?)\/)/i.test(host) &&
    !/(?:^[^:]*|\]):\d+$/.test(host)
  );
}

function targetIn(places: Endpoints): string {
  return places.kind === 'target' ? places.target : '';
}

function asList<T>(value: T | readonly T[] | undefined): readonly T[] | undefined {
  if (value === undefined) return undefined;
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}
