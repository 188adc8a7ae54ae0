import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { build, exportLayout, labelsOf, sbomPath, withContainer } from '../../scripts/image/build.ts';
import { measureLayout } from '../../scripts/image/layout.ts';
import { architectures, lockFile, parseLock } from '../../scripts/image/lock.ts';
import { imageTargets, readTools, toolsOf } from '../../scripts/image/tools.ts';
import { failedAttempts, parseAttempts, tryScript } from '../../scripts/image/try-tools.ts';
import { nativeArchitecture } from '../cluster/buildah.ts';
import { ensurePackages, requireRoot } from '../cluster/packages.ts';
import { run } from '../cluster/proc.ts';

// `npm run image:test` tries the images of this machine's architecture; IMAGE_ARCHITECTURES="amd64 arm64" both, one
// of them emulated.
const chosen = (process.env['IMAGE_ARCHITECTURES'] ?? nativeArchitecture).split(/[ ,]+/);
const cases = architectures
  .filter((architecture) => chosen.includes(architecture))
  .flatMap((architecture) => imageTargets.map((image) => ({ image, architecture })));
const facts = { version: '1.2.3', revision: 'abc', strict: false };
/** Bytes to download, at most. */
const limits = { slim: 25_000_000, full: 230_000_000 } as const;

interface Sbom {
  readonly bomFormat: string;
  readonly components: readonly {
    readonly name: string;
    readonly version: string;
    readonly purl: string;
    readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  }[];
}

beforeAll(async () => {
  requireRoot();
  await ensurePackages();
});

describe.each(cases)('$image for $architecture', ({ image, architecture }) => {
  const tools = toolsOf(readTools(), image);
  const emulated = architecture !== nativeArchitecture;

  beforeAll(() => build(image, architecture, facts));

  it(`is at most ${limits[image] / 1e6} MB to download`, async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'nettools-layout-'));
    try {
      await exportLayout(image, architecture, path.join(folder, image));
      const { bytes } = measureLayout(path.join(folder, image));
      expect(bytes).toBeGreaterThan(10_000_000);
      expect(bytes).toBeLessThanOrEqual(limits[image]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it.each([0, 65532])('runs every tool as user %d without any capability', async (uid) => {
    const output = await withContainer(image, architecture, (container) =>
      container.run(uid, ['sh', '-s'], tryScript(tools, emulated ? 300 : 20)),
    );
    const none = '0000000000000000';
    expect(parseAttempts(output).rights).toEqual({ uid, capabilities: [none, none, none] });
    const failed = failedAttempts(tools, output);
    // qemu-user has no netfilter sockets: nft, iptables and conntrack start, and can do nothing there.
    expect(failed.filter((one) => !(emulated && one.endsWith('Protocol not supported')))).toEqual([]);
  });

  it('has no file with capabilities, setuid or setgid', async () => {
    await withContainer(image, architecture, async ({ files }) => {
      expect(await run(['getcap', '-r', files])).toBe('');
      expect(await run(['find', files, '-xdev', '-type', 'f', '-perm', '/6000'])).toBe('');
    });
  });

  it('says what it is, whatever was built before', async () => {
    for (const version of ['1.2.4', facts.version]) {
      await build(image, architecture, { ...facts, version });
      expect(await labelsOf(image, architecture)).toMatchObject({
        'org.opencontainers.image.title': `kubectl-nettools ${image}`,
        'org.opencontainers.image.version': version,
        'org.opencontainers.image.revision': 'abc',
        'org.opencontainers.image.base.name': 'docker.io/library/debian:trixie-slim',
      });
    }
  });

  it('has a bill of materials with each package, its version and the hash that the lock has', async () => {
    const { sbom, records } = await withContainer(image, architecture, async ({ files, run: runIn }) => ({
      sbom: JSON.parse(readFileSync(path.join(files, sbomPath), 'utf8')) as Sbom,
      records:
        image === 'slim'
          ? await runIn(65532, ['sh', '-c', 'cat /var/lib/dpkg/status.d/*'])
          : await runIn(65532, ['cat', '/var/lib/dpkg/status']),
    }));
    expect(sbom.bomFormat).toBe('CycloneDX');
    const installed = Array.from(
      records.matchAll(/^Package: (\S+)\n(?:.+\n)*?Version: (\S+)$/gm),
      ([, name, version]) => `${name}=${version}`,
    );
    const [prober, drops, ...packages] = sbom.components;
    expect(prober).toMatchObject({ type: 'application', name: 'nettools-prober' });
    expect(drops).toMatchObject({ type: 'application', name: 'nettools-drops' });
    expect(packages.map((one) => `${one.name}=${one.version}`).sort()).toEqual(installed.sort());
    const locked = new Map(
      parseLock(readFileSync(lockFile(image, architecture), 'utf8')).map((one) => [
        `${one.name}=${one.version}`,
        one.sha256,
      ]),
    );
    for (const { name, version, purl, hashes } of packages) {
      expect(purl).toMatch(/^pkg:deb\/debian\/[a-z0-9.%AB+-]+@\S+\?arch=(amd64|arm64|all)&distro=debian-13$/);
      expect(hashes?.[0]?.content).toBe(locked.get(`${name}=${version}`));
    }
  });

  it("has the project's own programs, with all libraries that they load", async () => {
    const output = await withContainer(image, architecture, ({ run: runIn }) =>
      // Without its words it says how it is used; without a library it does not start.
      runIn(65532, ['sh', '-c', 'nettools-prober </dev/null; nettools-drops 2>&1; echo "exit $?"']),
    );
    expect(output).toMatch(/nettools-drops: --for takes a number of seconds, at most 3600\nexit 2\n$/);
  });

  it('has the copyright of each package', async () => {
    await withContainer(image, architecture, async ({ files, run: runIn }) => {
      const sbom = JSON.parse(readFileSync(path.join(files, sbomPath), 'utf8')) as Sbom;
      // The prober's licence is the project's.
      const components = sbom.components.slice(1);
      const missing = 'while read -r p; do [ -s "/usr/share/doc/$p/copyright" ] || echo "$p"; done';
      const names = components.map(({ name }) => `${name}\n`).join('');
      expect(await runIn(65532, ['sh', '-c', missing], names)).toBe('');
    });
  });
});
