import { describe, expect, it } from 'vitest';
import { imageFor } from '../../../src/app/image.ts';
import { defaultImage } from '../../../src/model/version.ts';

describe('imageFor', () => {
  it.each([
    ['flag', 'env', 'flag'],
    ['flag', undefined, 'flag'],
    [undefined, 'env', 'env'],
    [undefined, '', defaultImage],
    [undefined, undefined, defaultImage],
  ])('of flag %s and variable %s is %s', (flag, variable, image) => {
    expect(imageFor(flag, variable === undefined ? {} : { KUBECTL_NETTOOLS_IMAGE: variable })).toBe(image);
  });
});
