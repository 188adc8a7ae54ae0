import { describe, expect, it } from 'vitest';
import { FINDINGS } from '../../../../src/checks/findings.ts';
import { onTarget } from '../../../../src/checks/shared/remedy.ts';
import { adviceText } from '../../../../src/model/advice.ts';

describe('onTarget', () => {
  it('is one command, whatever its words are', () => {
    expect(adviceText([onTarget('ip', 'link', 'set', ';reboot;', 'up')])).toBe(
      "kubectl nettools run TARGET -- ip link set ';reboot;' up",
    );
  });
});

describe('remedies of the findings', () => {
  it.each(FINDINGS.map(({ id, remedy }) => [id, adviceText(remedy)]))(
    'of %s run on the target what they say',
    (_id, remedy) => {
      // After a bare semicolon the rest would run where it is pasted.
      expect(remedy).not.toMatch(/run TARGET -- (?!sh -c )[^'(),.]*;/);
    },
  );
});
