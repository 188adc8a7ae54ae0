import type { BundledPackage } from './packages.ts';

/** What an SBOM is about. */
export interface Contents {
  /** Without a `v`. */
  readonly version: string;
  readonly commit: string;
  /** The image that the binaries run by default. */
  readonly image: string;
  readonly repository: string;
  readonly packages: readonly BundledPackage[];
  /** process.versions of the Node in the binaries. */
  readonly nodeVersions: Readonly<Record<string, string | undefined>>;
}

/** What process.versions names that is not software of its own: interfaces and tables of data. */
const notSoftware = new Set(['node', 'modules', 'napi', 'unicode', 'cldr', 'tz']);

const prefix = 'kubectl-nettools';

/** @param version as a tag has it: `v1.2.3` */
export function sbomName(version: string): string {
  return `kubectl-nettools_${version}.cdx.json`;
}

/** What an SBOM says of the build: the commit, and the image that the binaries run by default. */
export function buildOf(text: string): { readonly commit: string; readonly image: string } {
  const { metadata } = JSON.parse(text) as ReturnType<typeof materials>;
  const [commit, image] = metadata.component.properties;
  return { commit: commit.value, image: image.value };
}

/**
 * The bill of materials of the binaries (CycloneDX 1.6, JSON). It holds no time and no serial number, which the format
 * leaves optional: the same sources give the same bytes.
 */
export function sbom(contents: Contents): string {
  return `${JSON.stringify(materials(contents), undefined, 2)}\n`;
}

function materials({ version, commit, image, repository, packages, nodeVersions }: Contents) {
  const product = `pkg:generic/kubectl-nettools@${version}`;
  const node = `pkg:generic/node@${nodeVersions['node']}`;
  const npm = packages.map(npmComponent);
  const inNode = Object.entries(nodeVersions)
    .filter(([name]) => !notSoftware.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, itsVersion = '']) => component('library', name, itsVersion));
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        ...component('application', 'kubectl-nettools', version),
        licenses: [{ license: { id: 'Apache-2.0' } }],
        externalReferences: [{ type: 'vcs', url: repository }],
        properties: [
          { name: `${prefix}:commit`, value: commit },
          { name: `${prefix}:image`, value: image },
        ] as const,
      },
    },
    components: [
      ...npm,
      { ...component('platform', 'node', nodeVersions['node'] ?? ''), components: inNode },
    ],
    dependencies: [
      { ref: product, dependsOn: [...npm.map((one) => one['bom-ref']), node] },
      { ref: node, dependsOn: inNode.map((one) => one['bom-ref']) },
    ],
  };
}

function component(type: string, name: string, version: string) {
  const purl = `pkg:generic/${name}@${version}`;
  return { type, 'bom-ref': purl, name, version, purl };
}

function npmComponent({ name, version, license, integrity }: BundledPackage) {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  const [, digest = ''] = integrity.split('-');
  return {
    type: 'library',
    'bom-ref': purl,
    name,
    version,
    licenses: [{ license: { id: license } }],
    hashes: [{ alg: 'SHA-512', content: Buffer.from(digest, 'base64').toString('hex') }],
    purl,
  };
}
