/** The Gateway API's resources, which no cluster has by itself: their definitions are in its Go module. */
import { join } from 'node:path';
import { goCommand } from './go.ts';
import { run } from './proc.ts';

const MODULE = 'sigs.k8s.io/gateway-api@v1.4.1';

/** A folder of definitions, to be applied by the server. Fetched once; the module's checksum is verified like any other's. */
export async function gatewayApiFolder(): Promise<string> {
  const answer = await run([await goCommand(), 'mod', 'download', '-json', MODULE], { cwd: '/' });
  return join((JSON.parse(answer) as { Dir: string }).Dir, 'config/crd/standard');
}
