import type { BundledPackage } from './packages.ts';

const rule = '='.repeat(78);

/** The text of THIRD-PARTY-NOTICES: what is in the binary besides the project's own code, with every licence in full. */
export function thirdPartyNotices(
  packages: readonly BundledPackage[],
  node: { readonly version: string; readonly license: string },
): string {
  const sections = packages.map(({ name, version, license, licenseText }) =>
    section(`${name} ${version} (${license})`, licenseText),
  );
  const introduction = [
    'kubectl-nettools contains the following software. Its own licence is in the file LICENSE.',
    ...packages.map(({ name, version, license }) => `  ${name} ${version} (${license})`),
    `  Node.js ${node.version}, with what its licence below lists`,
  ];
  return [
    `${introduction.join('\n')}\n`,
    ...sections,
    section(`Node.js ${node.version}`, node.license.trim()),
  ].join('\n');
}

function section(title: string, text: string): string {
  return `${rule}\n${title}\n${rule}\n\n${text.replaceAll('\r\n', '\n')}\n`;
}
