import { expect, it } from 'vitest';
import { networkReason } from '../../../src/model/network-reason.ts';

it.each([
  ['SELF_SIGNED_CERT_IN_CHAIN', /^its certificate is signed by an authority that (.*) does not trust$/],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /^its certificate is signed by an authority that (.*) does not trust$/],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', /^its certificate is self-signed and not trusted by (.*)$/],
  ['ERR_OSSL_PEM_NO_START_LINE', /^a certificate or key of (.*) is not in PEM format$/],
])('%s names what decides whom to trust', (code, says) => {
  const error = Object.assign(new Error('x'), { code });
  expect(says.exec(networkReason(error))?.[1]).toBe('the kubeconfig');
  expect(says.exec(networkReason(error, "Docker's ca.pem"))?.[1]).toBe("Docker's ca.pem");
});
