import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';

/** A disk that fills up: a file is begun, and nothing fits into it. */
let isFull = false;
/** One of another machine, which says so when a file is closed. */
let isFullLate = false;
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  return {
    ...real,
    writeFile: async (file: string, text: string, options: object) => {
      await real.writeFile(file, isFull ? '' : text, options);
      if (isFull) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    },
    open: async (...args: Parameters<typeof real.open>) => {
      const file = await real.open(...args);
      const append = file.appendFile.bind(file);
      const close = file.close.bind(file);
      file.close = async () => {
        await close();
        if (isFullLate) throw Object.assign(new Error('full'), { code: 'EDQUOT' });
      };
      file.appendFile = async (text) => {
        await append(isFull ? String(text).slice(0, 3) : text);
        if (isFull) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
      };
      return file;
    },
  };
});
const { writeBundle } = await import('../../../src/console/bundle-file.ts');
const { BundleListFile } = await import('../../../src/console/bundle-list-file.ts');
const { WatchFolder } = await import('../../../src/watch/folder.ts');

let folder: string;
beforeEach(() => {
  isFull = true;
  isFullLate = false;
  const made = mkdtempSync(join(tmpdir(), 'nettools-bundle-file-'));
  folder = made;
  onTestFinished(() => rmSync(made, { recursive: true }));
});

const HEAD = { tool: { version: 'v1' }, startedAt: '2026-01-01T00:00:00Z' } as never;

describe('on a disk that is full', () => {
  it('a bundle is not left half, and what was there is not removed', async () => {
    const file = join(folder, 'run.json');
    await expect(writeBundle(file, {} as never)).rejects.toThrow(
      /--save .*run.json cannot be written: no space/,
    );
    expect(existsSync(file)).toBe(false);
    writeFileSync(file, 'before');
    await expect(writeBundle(file, {} as never)).rejects.toThrow(/no space/);
    expect(existsSync(file)).toBe(true);
  });

  it('a list of bundles says once that it is unsaved, throws nothing, and is not left half', async () => {
    const file = join(folder, 'all.json');
    for (const fillsAt of [0, 1, 2, 3]) {
      isFull = fillsAt === 0;
      const list = await BundleListFile.begin(file, HEAD);
      isFull = fillsAt <= 1;
      await list.add(0, {} as never);
      isFull = fillsAt <= 2;
      await list.finish({ failed: [], durationMs: 1 });
      await list.close();
      expect(list.unsaved?.message).toEqual(
        fillsAt === 3 ? undefined : `--save ${file} cannot be written: no space is left on the device.`,
      );
      expect(existsSync(file)).toBe(fillsAt === 3);
    }
    // A run that ends early.
    isFull = false;
    const list = await BundleListFile.begin(join(folder, 'early.json'), HEAD);
    await list.close();
    expect(existsSync(join(folder, 'early.json'))).toBe(false);
    // What was there is not removed: its links may be somebody's.
    isFull = true;
    const again = await BundleListFile.begin(file, HEAD);
    await again.close();
    expect(readFileSync(file, 'utf8')).toBe('');
  });

  it('a list of bundles says so too where the disk does when the file is closed', async () => {
    isFull = false;
    isFullLate = true;
    const file = join(folder, 'all.json');
    for (const before of [undefined, 'before']) {
      if (before !== undefined) writeFileSync(file, before);
      const list = await BundleListFile.begin(file, HEAD);
      await list.finish({ failed: [], durationMs: 1 });
      await list.close();
      expect(list.unsaved?.message).toMatch(/--save .*all.json cannot be written/);
      expect(existsSync(file) && readFileSync(file, 'utf8')).toBe(before !== undefined && '');
    }
  });

  it('a list of bundles is not left half where a link led', async () => {
    const [file, link] = [join(folder, 'there.json'), join(folder, 'link.json')];
    symlinkSync(file, link);
    const list = await BundleListFile.begin(link, HEAD);
    await list.close();
    expect(readFileSync(file, 'utf8')).toBe('');
  });

  it('the folder of a watch is not left empty, and nothing is called saved', async () => {
    const watch = new WatchFolder(join(folder, 'watch'));
    await expect(watch.write('watch.json', 'x')).rejects.toThrow(/nothing can be saved in .*: no space/);
    expect(watch.isMade).toBe(false);
    expect(existsSync(watch.path)).toBe(false);
    isFull = false;
    expect(await watch.write('watch.json', 'x')).toBe('watch.json');
    expect([watch.isMade, readFileSync(join(watch.path, 'watch.json'), 'utf8')]).toEqual([true, 'x']);
  });
});
