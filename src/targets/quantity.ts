/** Kubernetes' quantities (apimachinery's pkg/api/resource): `96Mi`, `1.5G`, `128974848`, `1e9`, `123400m`. Pure. */

const SUFFIXES: Readonly<Record<string, number>> = {
  '': 1,
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** A quantity of bytes, rounded up as Kubernetes rounds it; `undefined` for what is none, and for an absent one. */
export function bytesOf(quantity: string | undefined): number | undefined {
  const bytes = numberOf(quantity);
  return bytes === undefined ? undefined : Math.ceil(bytes);
}

/** A quantity of CPUs in thousandths of one, rounded up; `undefined` as with `bytesOf`. */
export function milliCpusOf(quantity: string | undefined): number | undefined {
  const cpus = numberOf(quantity);
  // 0.007 * 1000 is a little more than 7.
  return cpus === undefined ? undefined : Math.ceil(Number((cpus * 1000).toFixed(6)));
}

function numberOf(quantity: string | undefined): number | undefined {
  const [, number, suffix = ''] =
    /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([numkMGTPE]|[KMGTPE]i)?$/.exec(quantity ?? '') ?? [];
  const factor = SUFFIXES[suffix];
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}
