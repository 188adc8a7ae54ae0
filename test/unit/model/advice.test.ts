import { describe, expect, it } from 'vitest';
import {
  type Advice,
  advice,
  adviceText,
  kubectl,
  NODE,
  nettools,
  POD,
  TARGET,
  verbatim,
  withNode,
} from '../../../src/model/advice.ts';

const choice = { context: 'a b', as: 'ops', namespace: 'team' };

describe('adviceText', () => {
  it.each<[Advice, string, string]>([
    ['No command.', 'No command.', 'No command.'],
    [
      advice`See (${kubectl`get pods -A -o wide`}).`,
      'See (kubectl get pods -A -o wide).',
      "See (kubectl --context 'a b' --as ops get pods -A -o wide).",
    ],
    [
      advice`${nettools`netns ls ${'n1'}`}`,
      'kubectl nettools netns ls n1',
      "kubectl nettools netns ls --context 'a b' --as ops n1",
    ],
    [
      advice`x\n${nettools`run ${TARGET} -- ss`}`,
      'x\nkubectl nettools run TARGET -- ss',
      'x\nkubectl nettools run web -n shop --FLAGS -- ss',
    ],
    [
      advice`x\n${nettools`run ${NODE} -- ss`}`,
      'x\nkubectl nettools run node/NODE -- ss',
      "x\nkubectl nettools run --context 'a b' --as ops node/n1 -- ss",
    ],
    [
      advice`(${kubectl`delete pod ${POD}`})`,
      '(kubectl delete pod POD)',
      '(kubectl delete pod web -n shop --FLAGS)',
    ],
    [
      advice`${verbatim`kubectl nettools arp`} and ${verbatim`docker start ${'db'}`}`,
      'kubectl nettools arp and docker start db',
      'kubectl nettools arp and docker start db',
    ],
    // What a far side named stays one word.
    [
      advice`${kubectl`get ${'kubectl get $(id)'} -l ${['a', 'b c']}`} ${2}`,
      "kubectl get 'kubectl get $(id)' -l a 'b c' 2",
      "kubectl --context 'a b' --as ops get 'kubectl get $(id)' -l a 'b c' 2",
    ],
    // Advice in advice stays commands.
    [
      advice`${advice`Ask ${kubectl`get nodes`}`}, then text.`,
      'Ask kubectl get nodes, then text.',
      "Ask kubectl --context 'a b' --as ops get nodes, then text.",
    ],
  ])('%j', (told, bare, placed) => {
    expect(adviceText(told)).toBe(bare);
    const here = 'web -n shop --FLAGS';
    expect(adviceText(told, { choice, target: here, pod: here, node: 'node/n1' })).toBe(placed);
  });

  it('leaves blanks to fill in, and names the cluster all the same', () => {
    const told = advice`${kubectl`delete pod ${POD}`}; ${nettools`run ${TARGET} -- ss`}`;
    expect(adviceText(told, { choice: { context: 'x' } })).toBe(
      'kubectl --context x delete pod POD; kubectl nettools run --context x TARGET -- ss',
    );
  });
});

describe('withNode', () => {
  it('fills in the node alone', () => {
    const told = withNode(
      advice`NODE: ${nettools`run ${NODE} -- ss`} or ${nettools`arp ${TARGET}`}`,
      'node/n2',
    );
    expect(adviceText(told)).toBe('NODE: kubectl nettools run node/n2 -- ss or kubectl nettools arp TARGET');
  });
});
