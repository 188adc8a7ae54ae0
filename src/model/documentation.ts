/** Where the documentation can be read by somebody who has the binary and nothing else. */

const PAGES = 'https://github.com/kubectl-nettools/kubectl-nettools/blob/main/docs';

export const RBAC_PAGE = `${PAGES}/rbac.md`;
export const AIR_GAPPED_PAGE = `${PAGES}/air-gapped.md`;
export const FINDINGS_PAGE = `${PAGES}/findings.md`;
/** The JSON Schema of a file for `test -f`, for editors. */
export const NETWORK_TEST_SCHEMA =
  'https://raw.githubusercontent.com/kubectl-nettools/kubectl-nettools/main/src/expectations/network-test.schema.json';
