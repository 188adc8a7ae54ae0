/** The pictures of docs/pictures: the upper parts of real pages, as a browser shows them. */
import path from 'node:path';
import { Browser } from '../../test/full/browser.ts';
import { root } from '../lib/process.ts';

/** A page, and its last part that is on the picture. */
export interface Shot {
  /** The picture's name, without `.png`. */
  readonly name: string;
  readonly page: string;
  /** The first element that a selector finds; the picture ends below it. */
  readonly until: string;
}

/** In CSS pixels: what fits beside the text of a web page. */
const WIDTH = 900;
const MARGIN = 12;

/** Writes them, and resolves to their paths. Installs a browser where there is none. */
export async function takePictures(shots: readonly Shot[]): Promise<string[]> {
  const browser = await Browser.start();
  const files: string[] = [];
  try {
    for (const { name, page, until } of shots) {
      const opened = await browser.open(page, { width: WIDTH });
      const bottom = await opened.evaluate(
        `document.querySelector(${JSON.stringify(until)}).getBoundingClientRect().bottom + scrollY`,
      );
      const file = path.join(root, 'docs/pictures', `${name}.png`);
      await opened.screenshot(file, { width: WIDTH, height: Math.ceil(Number(bottom)) + MARGIN });
      files.push(file);
    }
  } finally {
    await browser.close();
  }
  return files;
}
