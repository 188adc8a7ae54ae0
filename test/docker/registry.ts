// A registry in a process of its own, so that it can be started in an engine's network namespace.
// usage: node registry.ts HOST:PORT; says "ready", and lets its slow image come at SIGUSR1
import { TestRegistry } from '../servers/registry.ts';

const registry = await TestRegistry.start(process.argv[2] ?? '');
process.on('SIGUSR1', () => registry.release());
process.stdout.write('ready\n');
