/** Which rights a file of expectations takes, namespace by namespace: those of docs/rbac that its words need. Pure. */
import type { TargetSpec } from '../model/args.ts';
import type { Endpoints, Goal, NetworkTestFile } from '../model/network-test.ts';
import { NODE_ROLES, POD_ROLES, type RoleName, type Rule, rule, rulesOf } from './rights.ts';

export interface TestRights {
  /** By namespace. */
  readonly namespaced: ReadonlyMap<string, readonly Rule[]>;
  readonly cluster: readonly Rule[];
}

export interface TestPlaces {
  /** Of what says nothing else. */
  readonly namespace: string;
  /** Where pods of nodes are made. */
  readonly debugNamespace: string;
  /** Whether a node may show that a denied port has a listener. */
  readonly asksNodes: boolean;
  /** Whether pods are measured from their nodes. */
  readonly usesNodes: boolean;
  targetOf(text: string): TargetSpec;
}

/** What is looked up of a destination; nothing is done to it. */
const LOOKED_UP: readonly RoleName[] = ['nettools-pod-user-names', 'nettools-pod-user-more'];
const SEEN: readonly Rule[] = [rule('', 'pods', 'get')];

export function testRights(files: readonly NetworkTestFile[], places: TestPlaces): TestRights {
  const needs = new Needs(places);
  for (const file of files) {
    for (const { from, to, expect } of file.tests) {
      needs.source(from, file.namespace);
      for (const goal of to) needs.goal(goal, from, file.namespace);
      if (expect.connection === 'denied' && places.asksNodes) needs.nodes();
    }
  }
  return needs.rights();
}

class Needs {
  readonly #places: TestPlaces;
  readonly #roles = new Map<string, Set<RoleName>>();
  readonly #seen = new Set<string>();
  #hasNodes = false;

  constructor(places: TestPlaces) {
    this.#places = places;
  }

  source(from: Endpoints, namespace: string | undefined): void {
    if (this.#isNode(from)) this.nodes();
    else this.#in(this.#namespaceOf(from, namespace), POD_ROLES);
    if (this.#places.usesNodes) this.nodes();
  }

  goal(goal: Goal, from: Endpoints, namespace: string | undefined): void {
    if (goal.kind === 'places') {
      if (this.#isNode(goal.places)) this.#hasNodes = true;
      else this.#look(this.#namespaceOf(goal.places, namespace));
      return;
    }
    // A Service may be another namespace's; what is no object of the cluster is looked up by DNS.
    const [, name] = /^(?:po|pods?|svc|services?)\/([^/:]+)/i.exec(goal.dest) ?? [];
    if (name === undefined) return;
    const dot = name.indexOf('.');
    this.#look(dot < 0 ? this.#namespaceOf(from, namespace) : name.slice(dot + 1));
  }

  nodes(): void {
    this.#hasNodes = true;
    this.#in(this.#places.debugNamespace, NODE_ROLES);
  }

  rights(): TestRights {
    const names = [...new Set([...this.#roles.keys(), ...this.#seen])].sort();
    return {
      namespaced: new Map(
        names.map((name) => [
          name,
          rulesOf([...(this.#roles.get(name) ?? [])], this.#seen.has(name) ? SEEN : []),
        ]),
      ),
      cluster: this.#hasNodes ? rulesOf(['nettools-node-reader']) : [],
    };
  }

  #look(namespace: string): void {
    this.#seen.add(namespace);
    this.#in(namespace, LOOKED_UP);
  }

  #in(namespace: string, roles: readonly RoleName[]): void {
    const known = this.#roles.get(namespace) ?? new Set();
    for (const role of roles) known.add(role);
    this.#roles.set(namespace, known);
  }

  #isNode(places: Endpoints): boolean {
    if (places.kind === 'nodes') return true;
    return places.kind === 'target' && this.#places.targetOf(places.target).kind === 'node';
  }

  #namespaceOf(places: Endpoints, namespace: string | undefined): string {
    const own = places.kind === 'nodes' ? undefined : places.namespace;
    return own ?? namespace ?? this.#places.namespace;
  }
}
