/** The words in which all formats tell of expectations. Pure; they are not escaped here. */
import type { NetworkTestReport, TestOutcome, TestResult } from '../model/network-test.ts';

export const OUTCOMES: Readonly<Record<TestOutcome, string>> = {
  met: 'met',
  failed: 'failed',
  notProven: 'not proven',
  unknown: 'not measured',
};

/** `8 met, 1 failed, 1 not proven`; a second try hides nothing. */
export function countsText({ counts, tries }: Pick<NetworkTestReport, 'counts' | 'tries'>): string {
  const told = (Object.keys(OUTCOMES) as TestOutcome[])
    .flatMap((outcome) => (counts[outcome] === 0 ? [] : [`${counts[outcome]} ${OUTCOMES[outcome]}`]))
    .join(', ');
  return tries === 1 ? told : `${told}, after ${tries} tries`;
}

/** `shop.yaml:7`, with the document where there are several. */
export function placeText({ file, document, line }: TestResult): string {
  const name = file === '-' ? 'standard input' : file;
  return `${name}:${line}${document === undefined ? '' : ` (document ${document})`}`;
}

/** `pod/web-0 in shop → svc/db:5432` */
export function wayText({ from, to, dns }: TestResult): string {
  const end = to ?? dns;
  return end === undefined ? from : `${from} → ${end}`;
}

/** The name, and who it was measured from where the name does not say so. */
export function titleText(result: TestResult): string {
  const way = wayText(result);
  return result.name === way ? way : `${result.name} (${way})`;
}

/** A denial with those who reached what is denied. */
export function summaryText({ summary, provenBy = [], outcome }: TestResult): string {
  if (outcome !== 'met' || provenBy.length === 0) return summary;
  const more = provenBy.length > 2 ? ` and ${provenBy.length - 2} more` : '';
  return `${summary} ${provenBy.slice(0, 2).join(', ')}${more} ${provenBy.length === 1 ? 'reaches' : 'reach'} it.`;
}
