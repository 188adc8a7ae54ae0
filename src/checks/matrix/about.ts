/** `matrix`: one source's part of the command of that name, which puts the sources together. */
import type { MatrixOptions } from '../../model/matrix.ts';
import { defineAbout } from '../shared/about.ts';

export default defineAbout<Record<string, never>, MatrixOptions>({ id: 'matrix', thresholds: {} });
