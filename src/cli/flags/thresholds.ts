/** The flags of a check's thresholds: they are settings too. */
import { ABOUTS } from '../../checks/about.ts';
import type { CheckAbout, ThresholdSpec } from '../../model/check-about.ts';
import type { NumberRange, SettingFlag } from '../../model/flag.ts';
import type { Values } from '../values.ts';

const PERCENT: NumberRange = { least: 0, most: 100, whole: false };

type Specified = Pick<CheckAbout, 'id' | 'thresholds'>;

export function thresholdFlags({ thresholds }: Specified): SettingFlag[] {
  return Object.values(thresholds).map(flagOf);
}

function flagOf(spec: ThresholdSpec): SettingFlag & { readonly default: string } {
  const { name, describe, type } = spec;
  const value = type === 'share' ? 'PERCENT' : type === 'duration' ? 'DURATION' : 'N';
  const key = name.replace(/-(.)/g, (_dash, letter: string) => letter.toUpperCase());
  const setting = {
    key: `thresholds.${key}`,
    type: type === 'share' ? { ...PERCENT, least: spec.least ?? PERCENT.least } : type,
  };
  return { name, kind: 'text', value, default: spec.default, describe, setting };
}

/** All limits, whichever of the flags the command has: the others may be set elsewhere. By the check's id. */
export function thresholdValues(values: Values): Record<string, Record<string, number>> {
  const limited = ABOUTS.filter(({ thresholds }) => Object.keys(thresholds).length > 0);
  return Object.fromEntries(limited.map((about) => [about.id, valuesOf(about, values)]));
}

function valuesOf({ thresholds }: Specified, values: Values): Record<string, number> {
  return Object.fromEntries(
    Object.entries(thresholds).map(([name, spec]) => [name, thresholdOf(spec, values)]),
  );
}

function thresholdOf(spec: ThresholdSpec, values: Values): number {
  const flag = flagOf(spec);
  const { type } = flag.setting;
  if (type === 'duration') return values.duration(flag);
  const number = values.number(flag, type as NumberRange);
  return spec.type === 'share' ? number / 100 : number;
}
