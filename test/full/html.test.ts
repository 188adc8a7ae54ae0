/**
 * The pages of -o html in a real Chromium: of real runs on the cluster, and of what a hostile pod would have them say.
 * NETTOOLS_SCREENSHOTS=FOLDER keeps what they look like.
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nettools } from '../e2e/support/cli.ts';
import { app, helper, pod, testNamespace } from '../e2e/support/cluster.ts';
import { podNetns, withFault } from '../faults/pod-netns.ts';
import { Browser, type Look } from './browser.ts';

const ns = testNamespace('pages');
const folder = mkdtempSync(join(tmpdir(), 'nettools-pages-'));
const screenshots = process.env['NETTOOLS_SCREENSHOTS'];
let browser: Browser;

const LOOKS: Readonly<Record<string, Look>> = {
  light: { width: 1100 },
  dark: { width: 1100, scheme: 'dark' },
  phone: { width: 360 },
  'phone, dark': { width: 360, scheme: 'dark' },
  print: { width: 794, media: 'print' },
};

const PAGES = [
  ...['deep', 'list', 'matrix', 'watch', 'diff'],
  ...['hostile', 'hostile-matrix', 'hostile-watch', 'long', 'long-matrix'],
] as const;
const file = (name: string, ext: string): string => join(folder, `${name}.${ext}`);

/** Runs a command, saves what it saw, and makes a page of what was saved. */
async function pageOf(name: string, words: readonly string[]): Promise<void> {
  const saved = file(name, 'json');
  const run = await nettools([...words, '-n', ns.name, '--save', saved, '-o', 'html']);
  expect([0, 1], run.stderr).toContain(run.code);
  const again = await nettools(['judge', saved, '-o', 'html']);
  expect(again).toMatchObject({ code: run.code, stdout: run.stdout });
  writeFileSync(file(name, 'html'), run.stdout);
}

/** How long `db` is away while it is watched. */
const OUTAGE_MS = 5000;

/** A watch of twenty seconds, in which something happens after five. */
async function watchPage(happens: () => Promise<unknown>): Promise<void> {
  const words = ['watch', 'web-0', '--to', 'pod/db-0:8080,svc/db:5432', '--for', '20s', '-o', 'html'];
  const run = nettools([...words, '--save', join(folder, 'watch'), '-n', ns.name]);
  await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS));
  await happens();
  const { code, stdout, stderr } = await run;
  expect(code, stderr).toBe(1);
  writeFileSync(file('watch', 'html'), stdout);
}

const EVIL =
  '</script></style></title><script>document.title="owned"</script><img src=x onerror="document.title=\'owned\'">"\' onfocus=alert(1) \u202e\u001b[31m';

/** A name may be as long, and has no place to break it. */
const LONG = 'x'.repeat(250);

/** A bundle as a hostile place would have it: whatever stands in what a command has printed, and in every name. */
function poisoned(text: string, by: string): string {
  const walk = (one: unknown, key = ''): unknown => {
    if (typeof one === 'string')
      return /^(?:label|name|node|namespace|excerpt|stderr|target|destination|text|error)$/.test(key)
        ? `${one}${by}`
        : one;
    if (Array.isArray(one)) return one.map((each) => walk(each, key));
    if (typeof one !== 'object' || one === null) return one;
    return Object.fromEntries(Object.entries(one).map(([name, value]) => [name, walk(value, name)]));
  };
  return JSON.stringify(walk(JSON.parse(text)));
}

beforeAll(async () => {
  browser = await Browser.start();
  await ns.start(
    ...['web-0', 'web-1', 'db-0'].map((name) =>
      pod(name, {
        labels: { app: name.slice(0, -2) },
        containers: [app, helper],
        spec: { nodeName: name === 'web-0' ? 'node1' : 'node2' },
      }),
    ),
  );
  await ns.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'db' },
    spec: { selector: { app: 'db' }, ports: [{ port: 5432, targetPort: 8080 }] },
  });
  const db = await podNetns(ns.name, 'db-0');
  const drop = [
    { make: 'nft add table inet ntpages', undo: 'nft delete table inet ntpages' },
    { make: 'nft add chain inet ntpages in { type filter hook input priority 0 ; }', undo: '' },
    { make: 'nft add rule inet ntpages in tcp dport 8080 counter drop', undo: '' },
  ];
  await withFault(db, drop, () => pageOf('deep', ['diagnose', 'web-0', '--to', 'pod/db-0:8080', '--deep']));
  await pageOf('list', ['latency', '-l', 'app=web', '--all', '--to', 'svc/db']);
  await pageOf('matrix', ['matrix', 'pods']);
  await watchPage(() => withFault(db, drop, () => new Promise((resolve) => setTimeout(resolve, OUTAGE_MS))));
  await poisonedPage('hostile', file('deep', 'json'), EVIL);
  await poisonedPage('hostile-matrix', file('matrix', 'json'), EVIL);
  await poisonedPage('hostile-watch', join(folder, 'watch/watch.json'), EVIL);
  await poisonedPage('long', file('deep', 'json'), LONG);
  await poisonedPage('long-matrix', file('matrix', 'json'), LONG);
  // The names of the files are on the page.
  const evil = join(folder, '<script>document.title="owned"<&.json');
  copyFileSync(file('hostile', 'json'), evil);
  writeFileSync(
    file('diff', 'html'),
    (await nettools(['diff', file('deep', 'json'), evil, '-o', 'html'])).stdout,
  );
});

async function poisonedPage(name: string, saved: string, by: string): Promise<void> {
  writeFileSync(file(name, 'json'), poisoned(readFileSync(saved, 'utf8'), by));
  const { stdout, stderr } = await nettools(['judge', file(name, 'json'), '-o', 'html']);
  expect(stdout, stderr).toContain(by === EVIL ? 'onerror' : by);
  writeFileSync(file(name, 'html'), stdout);
}

afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(PAGES)('the page of %s', (name) => {
  it.each(Object.keys(LOOKS))(
    'is readable, asks for nothing and says nothing in the console: %s',
    async (look) => {
      const page = await browser.open(file(name, 'html'), LOOKS[look] as Look);
      if (screenshots !== undefined)
        await page.screenshot(join(screenshots, `${name}-${look.replace(', ', '-')}.png`));
      expect(await page.violations()).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      expect(await page.evaluate('document.title')).not.toBe('owned');
      expect(await page.evaluate('document.images.length + document.scripts.length')).toBe(1);
      expect(page.said).toEqual([]);
      expect(page.requests).toEqual([]);
    },
  );

  it('has all its text without a script', async () => {
    const text = 'document.querySelector("main").innerText.replaceAll("Copy", "").length';
    const own = await (await browser.open(file(name, 'html'), { width: 1100, scripts: false })).evaluate(
      text,
    );
    const scripted = await (await browser.open(file(name, 'html'), { width: 1100 })).evaluate(text);
    // The script adds what tells how to use the map.
    expect(own as number).toBeGreaterThan((scripted as number) - 250);
  });
});

it('a violation is seen where there is one, and so are a request and what the policy stops', async () => {
  const bad = file('bad', 'html');
  const text = readFileSync(file('list', 'html'), 'utf8');
  writeFileSync(
    bad,
    text.replace(
      '</main>',
      '<img src="http://127.0.0.1:9/x.png"><p id="findings" onclick="x()">x</p><script>1</script></main>',
    ),
  );
  const page = await browser.open(bad, { width: 1100 });
  expect((await page.violations()).join()).toContain('image-alt');
  expect(page.said.join()).toContain('Content Security Policy');
  expect(page.said.length).toBeGreaterThan(1);
});

it('the figure of the way has the places of --deep, and what each saw', async () => {
  const page = await browser.open(file('deep', 'html'), { width: 1100 });
  const label = await page.evaluate(
    `document.querySelector('figure svg[aria-label^="The way"]').getAttribute('aria-label')`,
  );
  expect(label).toMatch(
    /^The way to pod\/db-0:8080: not connected\. pod\/web-0: probe seen out.*; node\/node1: probe seen in, out.*; node\/node2: probe seen in, out.*; pod\/db-0: probe seen in/,
  );
});

it('the timeline of a watch says each destination and its outage, which a link leads to', async () => {
  const page = await browser.open(file('watch', 'html'), { width: 1100 });
  const label = await page.evaluate(
    `document.querySelector('figure svg[aria-label^="What was seen over time"]').getAttribute('aria-label')`,
  );
  expect(label).toMatch(/pod\/db-0:8080: .*outage \d+ from \d\d:\d\d:\d\d for \d/);
  expect(await page.evaluate('document.querySelectorAll("rect.outage").length')).toBeGreaterThan(0);
  await page.evaluate('document.querySelector("#outages ~ .scroll a").click()');
  expect(await page.evaluate('location.hash')).toBe('#outage-1');
});

it('a matrix is told by pointer and by keys, and sorted', async () => {
  const page = await browser.open(file('matrix', 'html'), { width: 1100 });
  const told = 'document.querySelector(".told").textContent';
  await page.evaluate('document.querySelector("table.map td[tabindex]").focus()');
  await page.press('ArrowRight');
  expect(await page.evaluate(told)).toMatch(/ → /);
  await page.press('ArrowDown');
  expect(
    await page.evaluate(
      'document.activeElement.cellIndex + "," + document.activeElement.parentElement.sectionRowIndex',
    ),
  ).toBe('2,1');
  const worth =
    '[...document.querySelectorAll("table.map tbody tr")].map((row) => Number(row.cells[1].dataset.worth ?? -1))';
  await page.evaluate('document.querySelectorAll("table.map thead button")[1].click()');
  const sorted = (await page.evaluate(worth)) as number[];
  expect(sorted).toEqual([...sorted].sort((a, b) => b - a));
  expect(sorted.length).toBe(3);
  await page.evaluate('document.querySelectorAll("table.map thead button")[0].click()');
  expect((await page.evaluate(worth)) as number[]).not.toEqual(sorted);
});
