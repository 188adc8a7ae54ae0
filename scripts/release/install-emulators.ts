import { ensureArm64Runner } from './emulators.ts';

// For machines where release:build does not run as root: sudo node scripts/release/install-emulators.ts
await ensureArm64Runner();
