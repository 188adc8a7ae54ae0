/** Parses what src/run/verify-chain.ts says of a chain. Pure. */

/** A certificate of the bundle that a chain was verified with. */
export interface BundleCertificate {
  /**
   * What it is to the chain: `expired` or `early` it signed it, and is not valid now; `other-key` it has the name of who signed
   * it, and did not; `no-authority` it signed it, and may not; `other-use` it signed it, and is not for servers; `other` it
   * has nothing to do with it.
   */
  readonly relation: 'expired' | 'early' | 'other-key' | 'no-authority' | 'other-use' | 'other';
  /** RFC 3339, UTC. */
  readonly notAfter: string;
  readonly name: string;
}

export interface VerifiedChain {
  /** `no-certificate`: there is none in the bundle; `not-for-servers`: that of the server names other uses alone. */
  readonly verdict: Verdict;
  /** Some of the bundle's, those that have to do with the chain first; of an untrusted one alone. */
  readonly bundle: readonly BundleCertificate[];
}

const VERDICTS = ['trusted', 'untrusted', 'no-certificate', 'not-for-servers'] as const;

type Verdict = (typeof VERDICTS)[number];

/** A text is the reason why there is no verdict. */
export function parseVerifiedChain(stdout: string): VerifiedChain | string {
  const [said, ...lines] = stdout.split('\n');
  const verdict = VERDICTS.find((one) => one === said);
  if (verdict === undefined) return 'the chain cannot be verified here';
  return {
    verdict,
    bundle: lines.flatMap((line) => {
      const parts = /^(expired|early|other-key|no-authority|other-use|other) (\S+) (.*)$/.exec(line);
      return parts === null
        ? []
        : [
            {
              relation: parts[1] as BundleCertificate['relation'],
              notAfter: parts[2] ?? '',
              name: parts[3] ?? '',
            },
          ];
    }),
  };
}
