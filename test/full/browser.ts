/**
 * A real Chromium without a window, spoken to in its DevTools protocol over two pipes: no driver is between it and the test,
 * and no port is open.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import { installPackages } from '../cluster/packages.ts';

const CHROMIUM = '/usr/bin/chromium';

type Message = Record<string, unknown>;

interface Answer {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Message;
  readonly result?: Message;
  readonly error?: { readonly message: string };
}

/** What a page looks like. */
export interface Look {
  readonly width: number;
  readonly scheme?: 'light' | 'dark';
  readonly media?: 'screen' | 'print';
  /** Whether scripts run. */
  readonly scripts?: boolean;
}

/** A page that was opened, and what it did. */
export interface Opened {
  /** Errors and warnings of the console, violations of its policy among them. */
  readonly said: readonly string[];
  /** What it asked the network, or the disk, for besides itself. */
  readonly requests: readonly string[];
  /** The value of an expression in the page. */
  evaluate(expression: string): Promise<unknown>;
  press(key: string): Promise<void>;
  /** @param size of what is shown from the page's corner on, in CSS pixels; absent: all of it */
  screenshot(file: string, size?: { readonly width: number; readonly height: number }): Promise<void>;
  /** What axe-core calls a violation: its rule, and where. */
  violations(): Promise<readonly string[]>;
}

export class Browser {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #listeners = new Set<(method: string, params: Message) => void>();
  #last = 0;

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
    let rest = '';
    (child.stdio[4] as Readable).setEncoding('utf8').on('data', (chunk: string) => {
      const parts = `${rest}${chunk}`.split('\0');
      rest = parts.pop() ?? '';
      for (const part of parts) this.#take(JSON.parse(part) as Answer);
    });
  }

  /** Installs what is missing. */
  static async start(): Promise<Browser> {
    // Without a font there is no letter in a screenshot.
    if (!existsSync(CHROMIUM)) await installPackages(['chromium', 'fonts-dejavu-core']);
    const folder = mkdtempSync(join(tmpdir(), 'nettools-chromium-'));
    const words = [
      '--headless=new',
      // Its own sandbox refuses root; the pages are this test's.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--hide-scrollbars',
      `--user-data-dir=${folder}`,
      '--remote-debugging-pipe',
      'about:blank',
    ];
    return new Browser(
      spawn(CHROMIUM, words, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] }),
      folder,
    );
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    void this.#send('Browser.close').catch(() => undefined);
    await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Opens a file in a tab of its own, as it looks where `look` is. */
  async open(
    file: string,
    { width, scheme = 'light', media = 'screen', scripts = true }: Look,
  ): Promise<Opened> {
    const { targetId } = await this.#send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.#send('Target.attachToTarget', { targetId, flatten: true });
    const call = (method: string, params: Message = {}): Promise<Message> =>
      this.#send(method, params, sessionId as string);
    const said: string[] = [];
    const requests: string[] = [];
    const url = pathToFileURL(file).href;
    const loaded = new Promise<void>((resolve) => {
      this.#listeners.add((method, params) => {
        const text = JSON.stringify(params);
        if (method === 'Runtime.exceptionThrown' || method === 'Runtime.consoleAPICalled') said.push(text);
        if (method === 'Log.entryAdded') said.push(text);
        if (
          method === 'Network.requestWillBeSent' &&
          !text.includes(`"documentURL":"${url}","request":{"url":"${url}"`)
        )
          requests.push((params['request'] as { readonly url: string }).url);
        if (method === 'Page.loadEventFired') resolve();
      });
    });
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await call(`${domain}.enable`);
    await call('Emulation.setDeviceMetricsOverride', {
      width,
      height: 900,
      deviceScaleFactor: 1,
      mobile: width < 600,
    });
    await call('Emulation.setEmulatedMedia', {
      media,
      features: [{ name: 'prefers-color-scheme', value: scheme }],
    });
    await call('Emulation.setScriptExecutionDisabled', { value: !scripts });
    await call('Page.navigate', { url });
    await loaded;
    const evaluate = async (expression: string): Promise<unknown> => {
      const { result, exceptionDetails } = await call('Runtime.evaluate', {
        expression,
        awaitPromise: true,
        returnByValue: true,
      });
      if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
      return (result as { readonly value?: unknown }).value;
    };
    return {
      said,
      requests,
      evaluate,
      press: async (key) => {
        for (const type of ['keyDown', 'keyUp'])
          await call('Input.dispatchKeyEvent', {
            type,
            key,
            code: key,
            windowsVirtualKeyCode: KEYS[key] ?? 0,
          });
      },
      screenshot: async (to, size) => {
        const { data } = await call('Page.captureScreenshot', {
          captureBeyondViewport: true,
          ...(size === undefined ? {} : { clip: { x: 0, y: 0, ...size, scale: 1 } }),
        });
        writeFileSync(to, Buffer.from(data as string, 'base64'));
      },
      violations: async () => {
        await evaluate(`${axe.source}; undefined`);
        return (await evaluate(
          `axe.run(document).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map((one) => id + ': ' + one.html + ' ' + one.failureSummary)))`,
        )) as string[];
      },
    };
  }

  async #send(method: string, params: Message = {}, sessionId?: string): Promise<Message> {
    const id = ++this.#last;
    const answer = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    const text = JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) });
    (this.#child.stdio[3] as Writable).write(`${text}\0`);
    const { result = {}, error } = await answer;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  #take(answer: Answer): void {
    if (answer.id !== undefined) {
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    } else if (answer.method !== undefined)
      for (const listener of this.#listeners) listener(answer.method, answer.params ?? {});
  }
}

const KEYS: Readonly<Record<string, number>> = { Tab: 9, ArrowRight: 39, ArrowDown: 40, Enter: 13 };
